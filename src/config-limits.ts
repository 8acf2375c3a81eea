import { z } from 'zod'
import type { LimitScope, Rates } from './protocol/limit.ts'

/** What limits are kept, and how. */
export interface LimitsConfig {
  defaultOutputTokens: number
  unpriced: 'open' | 'closed'
  masterRates: Rates
  tiers: Record<string, Partial<Rates>>
  leaseMs: number
  whenDown: Record<LimitScope | 'budget', 'open' | 'closed'>
}

const rateCount = z.number().int().min(1).max(2_000_000_000)

/** At most so many of each; what is left out is not limited here. */
const rates = z.strictObject({
  requests_per_minute: rateCount.optional(),
  requests_per_day: rateCount.optional(),
  tokens_per_minute: rateCount.optional(),
  tokens_per_day: rateCount.optional(),
  concurrency: rateCount.optional(),
})

const openOrClosed = (usual: 'open' | 'closed') => z.enum(['open', 'closed']).default(usual)

export const limits = z.strictObject({
  /** Reserved for an answer where neither the request nor its model has a bound. */
  default_output_tokens: z.number().int().min(1).max(10_000_000).default(4_096),
  /** Whether a model whose cost cannot be said may be called under a budget. */
  unpriced: openOrClosed('closed'),
  /** How long a reservation outlives the last sign of its instance. */
  lease_ms: z.number().int().min(500).max(600_000).default(30_000),
  /** Of the master key. */
  master: rates.prefault({}),
  /** Before what the table says of a tier. */
  tiers: z.record(z.string().min(1), rates).default({}),
  /** While Redis is away: `open` counts in each process alone, `closed` refuses. */
  when_down: z
    .strictObject({
      key: openOrClosed('open'),
      user: openOrClosed('open'),
      organization: openOrClosed('open'),
      tag: openOrClosed('open'),
      provider: openOrClosed('open'),
      model: openOrClosed('open'),
      budget: openOrClosed('closed'),
    })
    .prefault({}),
})

/** The same in our names. */
export function limitNames(given: z.infer<typeof limits>): LimitsConfig {
  return {
    defaultOutputTokens: given.default_output_tokens,
    unpriced: given.unpriced,
    masterRates: { ...unlimited, ...rateNames(given.master) },
    tiers: Object.fromEntries(
      Object.entries(given.tiers).map(([name, tier]) => [name, rateNames(tier)]),
    ),
    leaseMs: given.lease_ms,
    whenDown: given.when_down,
  }
}

const unlimited: Rates = {
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrency: null,
}

/** What is given; what is not stays as it is elsewhere. */
function rateNames(given: z.infer<typeof rates>): Partial<Rates> {
  const named = {
    requestsPerMinute: given.requests_per_minute,
    requestsPerDay: given.requests_per_day,
    tokensPerMinute: given.tokens_per_minute,
    tokensPerDay: given.tokens_per_day,
    concurrency: given.concurrency,
  }
  return Object.fromEntries(Object.entries(named).filter(([, limit]) => limit !== undefined))
}
