import type { Tags } from './tags.ts'

export const scopes = ['INFERENCE', 'READ', 'MANAGE', 'ADMIN'] as const

/** What an actor may do: call models, read usage and requests, manage keys and rules, everything. */
export type Scope = (typeof scopes)[number]

/** What a key's plan may be, the least first. */
export const tiers = ['free', 'pro', 'enterprise'] as const

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
  /** Tags of each of its requests that does not say otherwise. */
  tags?: Tags | undefined
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

/** Whether the actor's own tier is this one or a higher one; the operator is above all, and everyone has the least. */
export function hasTier(actor: Actor, tier: string): boolean {
  if (actor.kind === 'system' || actor.tier === tier) return true
  const order: readonly string[] = tiers
  return order.slice(0, Math.max(0, order.indexOf(actor.tier)) + 1).includes(tier)
}
