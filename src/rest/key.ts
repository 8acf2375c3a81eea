import type { GatewayDeps } from '../gateway/deps.ts'
import { ownLimits } from '../gateway/limits/own-limits.ts'
import { formatNanos } from '../lib/decimal.ts'
import type { BudgetLevel, LimitLevel } from '../protocol/limit.ts'
import { scopes, type Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { readOwnKey } from '../services/own-key.ts'

/** `GET /v1/key`: what is known of the key that asks, but for its secret. */
export async function showKey(
  { services, gateway }: { services: ServiceDeps; gateway: GatewayDeps },
  actor: Actor,
) {
  const [key, levels] = await Promise.all([readOwnKey(services, actor), ownLimits(gateway, actor)])
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
    limits: levels.limits.map(limitBody),
    budgets: levels.budgets.map(budgetBody),
  }
}

function limitBody({ scope, subject, kind, periodMs, limit, remaining, resetMs }: LimitLevel) {
  const period_seconds = periodMs === undefined ? null : periodMs / 1000
  return { scope, subject, kind, period_seconds, limit, remaining, reset_seconds: resetMs / 1000 }
}

function budgetBody(level: BudgetLevel) {
  const { id, name, scope, subject, currency, limitNanos, remainingNanos, resetsAt } = level
  const [limit, remaining] = [formatNanos(limitNanos), formatNanos(remainingNanos)]
  return { id, name, scope, subject, currency, limit, remaining, resets_at: resetsAt ?? null }
}
