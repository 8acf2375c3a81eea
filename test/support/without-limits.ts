import { pino } from 'pino'
import { BudgetCounters } from '../../src/gateway/limits/counters.ts'
import { LimitEngine } from '../../src/gateway/limits/engine.ts'
import type { Limits } from '../../src/gateway/limits/limits.ts'
import { LocalLimiter } from '../../src/gateway/limits/local-limiter.ts'
import type { Rates } from '../../src/protocol/limit.ts'

const unlimited: Rates = {
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrency: null,
}

/** Limits of a gateway without a database, which are none. */
export function withoutLimits(): Limits {
  const logger = pino({ level: 'silent' })
  const counters = new BudgetCounters({
    readSpent: async (_meter, cutoff) => ({ cutoff, slots: [] }),
    logger,
  })
  return {
    books: {
      of: (organization) => ({
        organization,
        tiers: new Map(),
        rates: new Map(),
        budgets: new Map(),
      }),
    },
    engine: new LimitEngine({
      local: new LocalLimiter(),
      counters,
      whenDown: {
        key: 'open',
        user: 'open',
        organization: 'open',
        tag: 'open',
        provider: 'open',
        model: 'open',
        budget: 'closed',
      },
      onSpent: () => {},
      leaseMs: 30_000,
      logger,
    }),
    settings: { defaultOutputTokens: 4096, unpriced: 'closed', masterRates: unlimited },
    toCurrency: () => undefined,
    onRefused: () => {},
  }
}
