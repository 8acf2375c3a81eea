import { visibleProviders } from '../gateway/visible-models.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { HealthFigures } from '../gateway/health-window.ts'
import type { ProviderHealth } from '../gateway/provider-health.ts'
import type { Actor } from '../protocol/actor.ts'

/** `GET /v1/providers/status`: how the providers do of which the caller may use a model. */
export function showProviderStatus({ catalogue, health }: GatewayDeps, actor: Actor) {
  const data = visibleProviders(catalogue, actor).map((id) => statusOf(health.snapshot(id)))
  return { object: 'list', data }
}

function statusOf(health: ProviderHealth) {
  return {
    object: 'provider.status',
    provider: health.provider,
    state: health.state,
    reason: health.reason ?? null,
    since: health.since,
    checked_at: health.checkedAt ?? null,
    breaker: health.breaker,
    errors: health.errors,
    windows: health.windows.map(figuresOf),
    blocked: health.blocked.map(({ deployment, reason, until }) => ({
      deployment,
      reason,
      until: until ?? null,
    })),
  }
}

function figuresOf(figures: HealthFigures) {
  return {
    seconds: figures.seconds,
    attempts: figures.attempts,
    success_rate: figures.successRate ?? null,
    latency_p50_ms: figures.latencyP50Ms ?? null,
    latency_p95_ms: figures.latencyP95Ms ?? null,
    time_to_first_token_p50_ms: figures.timeToFirstTokenP50Ms ?? null,
    time_to_first_token_p95_ms: figures.timeToFirstTokenP95Ms ?? null,
  }
}
