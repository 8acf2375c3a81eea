import { cacheKeys } from '../lib/secret.ts'
import { answerScripts } from '../redis/answers.ts'
import type { RedisKeys } from '../redis/client.ts'
import { createMemoryStore } from './cache-memory.ts'
import { createRedisStore } from './cache-redis.ts'
import type { CacheStore } from './cache-store.ts'

export interface AnswerStoreOptions {
  /** Where answers are kept for all instances; absent where each process keeps its own. */
  redis: RedisKeys | undefined
  /** The installation's secret. */
  secret: string
  entryBytesMax: number
  totalBytesMax: number
}

/** A store of answers, in Redis where there is one. */
export function openAnswerStore({ redis, secret, ...sizes }: AnswerStoreOptions): CacheStore {
  if (!redis) return createMemoryStore(sizes)
  const { sealKey } = cacheKeys(secret)
  return createRedisStore({ ...sizes, sealKey, scripts: answerScripts(redis) })
}
