import { z } from 'zod'

const milliseconds = (usual: number) => z.number().int().min(1).max(86_400_000).default(usual)
const count = (usual: number) => z.number().int().min(1).max(1_000_000).default(usual)
const share = (usual: number) => z.number().min(0.01).max(1).default(usual)

/** What a retry may follow on. */
const retryWords = [
  'connect',
  'rate_limited',
  'unavailable',
  'error',
  'timeout',
  'truncated',
] as const

/** The table `[resilience]`. */
export const resilienceSchema = z.strictObject({
  /** Further calls of a deployment whose failure may pass, once no other deployment is left. */
  max_retries: z.number().int().min(0).max(10).default(1),
  retry_on: z.array(z.enum(retryWords)).default(['connect', 'rate_limited', 'unavailable']),
  retry_base_ms: milliseconds(200),
  retry_wait_max_ms: milliseconds(2_000),
  retry_total_max_ms: milliseconds(10_000),
  /** Requests that may wait for a provider with `max_concurrent`, and for how long. */
  queue_size: count(100),
  queue_wait_max_ms: milliseconds(10_000),
  /** By tier: the priority of its keys, and the highest that their requests may ask for. */
  priorities: z.record(z.string().min(1), z.number().int().min(-10).max(10)).default({}),
  /** Whether answers are refused while this process is behind with its work, and from which delay of its event loop. */
  shed: z.boolean().default(true),
  shed_delay_ms: milliseconds(1_000),
  /** Whether a deployment that fails far more often than others comes last, and from which share of errors. */
  ejection: z.boolean().default(true),
  ejection_share: share(0.8),
  /** Whether a deployment rests after it refused a credential, a rate or a debt. */
  cooldown: z.boolean().default(true),
  cooldown_rate_limit_ms: milliseconds(5_000),
  cooldown_auth_ms: milliseconds(60_000),
  cooldown_quota_ms: milliseconds(60_000),
  /** No wait that an upstream asks for is longer. */
  cooldown_max_ms: milliseconds(600_000),
  /** Whether a deployment that fails again and again is left alone. */
  breaker: z.boolean().default(true),
  breaker_failures: count(10),
  breaker_share: share(0.5),
  breaker_attempts_min: count(20),
  breaker_window_ms: milliseconds(30_000),
  breaker_open_ms: milliseconds(5_000),
  breaker_open_max_ms: milliseconds(60_000),
  breaker_probes: count(1),
})

/** The same in our own names. */
export function resilienceNames(table: z.infer<typeof resilienceSchema>) {
  return {
    retry:
      table.max_retries > 0
        ? {
            triesMax: table.max_retries,
            on: new Set(table.retry_on),
            baseMs: table.retry_base_ms,
            waitMaxMs: table.retry_wait_max_ms,
            totalMaxMs: table.retry_total_max_ms,
          }
        : undefined,
    priorities: new Map(Object.entries(table.priorities)),
    shed: table.shed ? { delayMs: table.shed_delay_ms } : undefined,
    queue: { size: table.queue_size, waitMaxMs: table.queue_wait_max_ms },
    ejectionShare: table.ejection ? table.ejection_share : undefined,
    cooldown: table.cooldown
      ? {
          rateLimitMs: table.cooldown_rate_limit_ms,
          authMs: table.cooldown_auth_ms,
          quotaMs: table.cooldown_quota_ms,
          maxMs: table.cooldown_max_ms,
        }
      : undefined,
    breaker: table.breaker
      ? {
          failures: table.breaker_failures,
          share: table.breaker_share,
          attemptsMin: table.breaker_attempts_min,
          windowMs: table.breaker_window_ms,
          openMs: table.breaker_open_ms,
          openMaxMs: table.breaker_open_max_ms,
          probes: table.breaker_probes,
        }
      : undefined,
  }
}

export type ResilienceSettings = ReturnType<typeof resilienceNames>
