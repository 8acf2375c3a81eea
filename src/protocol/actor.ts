export const scopes = ['INFERENCE', 'READ', 'MANAGE', 'ADMIN'] as const

/** What an actor may do: call models, read usage and requests, manage keys and rules, everything. */
export type Scope = (typeof scopes)[number]

/** Who makes a request. Every surface resolves a credential to one of these before anything else happens. */
export type Actor = ApiKeyActor | SystemActor

/** A request signed with one of our API keys. */
export interface ApiKeyActor {
  kind: 'api-key'
  /** The key's id, never the key. */
  id: string
  organization: string
  tier: string
  scopes: ReadonlySet<Scope>
  /** The models that the key may use, as `provider/model` or `provider/*`; null = all. */
  models: readonly string[] | null
}

/** The operator's master key from the environment. */
export interface SystemActor {
  kind: 'system'
  id: 'master-key'
  organization: string
  tier: 'system'
  scopes: ReadonlySet<Scope>
  models: null
}

/** ADMIN holds every scope, MANAGE holds READ. */
export function hasScope(actor: Actor, scope: Scope): boolean {
  return (
    actor.scopes.has(scope) ||
    actor.scopes.has('ADMIN') ||
    (scope === 'READ' && actor.scopes.has('MANAGE'))
  )
}
