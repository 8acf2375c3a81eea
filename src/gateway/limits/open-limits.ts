import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import type { RedisAddress } from '../../lib/redis-url.ts'
import { within } from '../../lib/within.ts'
import type { Rates } from '../../protocol/limit.ts'
import type { Bus } from '../../redis/bus.ts'
import { openRedis } from '../../redis/client.ts'
import { limitScripts } from '../../redis/limits.ts'
import type { EmitEvent } from '../../protocol/gateway-event.ts'
import { loadBook } from './book.ts'
import { createLimitBooks } from './books.ts'
import { BudgetCounters } from './counters.ts'
import { LimitEngine, type WhenDown } from './engine.ts'
import type { LimitSettings, Limits } from './limits.ts'
import { LocalLimiter } from './local-limiter.ts'
import { createRedisLimiter } from './redis-limiter.ts'
import { readSpent, type ToCurrency } from './spent.ts'
import { watchBudgets } from './thresholds.ts'

/** A process that is busy itself hears an answer late; to believe Redis away would refuse its requests. */
const commandMsMax = 4_000
const readyMsMax = 2_000

export interface LimitsOptions {
  db: Database
  bus: Pick<Bus, 'subscribe'>
  /** Without it the limits are this process's. */
  redis: RedisAddress | undefined
  /** Resolves when what this process settled is in the database. */
  ledger: { flush(): Promise<void> }
  settings: LimitSettings & {
    /** The configuration's words on tiers; they stand before the table's. */
    tiers: Readonly<Record<string, Partial<Rates>>>
    whenDown: WhenDown
    /** How long a reservation outlives the last sign of its instance. */
    leaseMs: number
  }
  toCurrency: ToCurrency
  emit: EmitEvent
  logger: Logger
}

export interface OpenLimits extends Limits {
  /** Resolves when Redis can be asked, or after a while: then limits are kept as while it is away. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** The limits of this instance, with what they need from Redis; `close` settles what is left. */
export function openLimits(options: LimitsOptions): OpenLimits {
  const { db, bus, ledger, settings, toCurrency, emit, logger } = options
  const { leaseMs } = settings
  const redis = options.redis && openRedis(options.redis, logger, commandMsMax)
  const counters = new BudgetCounters({
    readSpent: async (meter, cutoff) => {
      await ledger.flush()
      const { rule, name: subject } = meter
      const organization = rule.row.organizationId
      const query = { organization, rule, subject, now: Math.max(meter.slot, cutoff), cutoff }
      return readSpent(db, query, toCurrency)
    },
    logger,
  })
  const watch = watchBudgets(emit)
  const engine = new LimitEngine({
    local: new LocalLimiter({ leaseMs }),
    shared: redis && createRedisLimiter(limitScripts(redis), leaseMs),
    counters,
    whenDown: settings.whenDown,
    onSpent: watch.spent,
    leaseMs,
    logger,
  })
  return {
    books: createLimitBooks({
      load: (organization) => loadBook(db, organization, settings.tiers),
      bus,
      logger,
    }),
    engine,
    settings,
    toCurrency,
    onRefused: watch.refused,
    ready: async () => {
      if (!redis || redis.status() === 'ok') return
      await within(once(redis.client, 'ready'), readyMsMax).catch(() => {})
    },
    close: async () => {
      counters.close()
      await engine.close()
      redis?.close()
    },
  }
}
