import type { Logger } from 'pino'
import { cacheKeys } from '../lib/secret.ts'
import { createAnswerCache, type AnswerCache } from './answer-cache.ts'
import type { Bus } from '../redis/bus.ts'
import type { RedisKeys } from '../redis/client.ts'
import type { CacheSettings } from './cache-settings.ts'
import type { Metrics } from './metrics.ts'
import { openAnswerStore } from './open-answer-store.ts'

export interface AnswerCacheOptions {
  /** Absent where no answers are kept. */
  settings: (CacheSettings & { store: 'auto' | 'memory' }) | undefined
  /** The installation's secret. */
  secret: string
  /** Where answers are kept for all instances; absent where each process keeps its own. */
  redis: RedisKeys | undefined
  /** Tells other instances of what was invalidated. */
  bus: Bus
  metrics: Metrics
  logger: Logger
}

/** Messages `<organisation> <label>` between instances. */
const channel = 'answers.invalidated'

/** The cache of answers that the configuration asks for; what one instance invalidates, all do. */
export function openAnswerCache(options: AnswerCacheOptions): AnswerCache | undefined {
  const { settings, secret, redis, bus, metrics, logger } = options
  if (!settings) return undefined
  const { digestKey } = cacheKeys(secret)
  const shared = settings.store === 'auto' ? redis : undefined
  const { entryBytesMax, totalBytesMax } = settings
  const store = openAnswerStore({ redis: shared, secret, entryBytesMax, totalBytesMax })
  const onStoreFailure = (): void => metrics.cacheFailed()
  const onInvalidated = (organization: string, label: string): Promise<void> =>
    bus.publish(channel, `${organization} ${label}`)
  const deps = { settings, digestKey, store, logger, onStoreFailure, onInvalidated }
  const cache = createAnswerCache(deps)
  if (!shared) metrics.watchCache(() => store.size?.())
  bus.subscribe(channel, (message) => {
    const space = message.indexOf(' ')
    const organization = message.slice(0, space)
    cache.forget(organization)
    if (!shared) void store.invalidate(organization, message.slice(space + 1))
  })
  return cache
}
