import type { Logger } from 'pino'
import { cacheKeys } from '../lib/secret.ts'
import { createAnswerCache, type AnswerCache } from './answer-cache.ts'
import { createMemoryStore } from './cache-memory.ts'
import type { CacheSettings } from './cache-settings.ts'
import type { Metrics } from './metrics.ts'

export interface AnswerCacheOptions {
  /** Absent where no answers are kept. */
  settings: (CacheSettings & { store: 'auto' | 'memory' }) | undefined
  /** The installation's secret. */
  secret: string
  metrics: Metrics
  logger: Logger
}

/** The cache of answers that the configuration asks for. */
export function openAnswerCache(options: AnswerCacheOptions): AnswerCache | undefined {
  const { settings, secret, metrics, logger } = options
  if (!settings) return undefined
  const { digestKey } = cacheKeys(secret)
  const store = createMemoryStore(settings)
  const onStoreFailure = (): void => metrics.cacheFailed()
  const cache = createAnswerCache({ settings, digestKey, store, logger, onStoreFailure })
  metrics.watchCache(() => store.size?.())
  return cache
}
