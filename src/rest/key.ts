import { scopes, type Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { readOwnKey } from '../services/own-key.ts'

/** `GET /v1/key`: what is known of the key that asks, but for its secret. */
export async function showKey(services: ServiceDeps, actor: Actor) {
  const key = await readOwnKey(services, actor)
  return {
    object: 'key',
    kind: actor.kind,
    id: actor.id,
    organization: actor.organization,
    name: key?.name ?? null,
    prefix: key?.prefix ?? null,
    tier: actor.tier,
    scopes: scopes.filter((scope) => actor.scopes.has(scope)),
    models: actor.models,
    allowed_ips: key?.allowedIps ?? null,
    tags: key?.tags ?? null,
    metadata: key?.metadata ?? null,
    created_at: key?.createdAt ?? null,
    last_used_at: key?.lastUsedAt ?? null,
    expires_at: key?.expiresAt ?? null,
    previous_secret_expires_at: key?.previousExpiresAt ?? null,
    /** Those that apply to it. */
    limits: [],
    budgets: [],
  }
}
