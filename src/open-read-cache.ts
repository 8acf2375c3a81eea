import type { Logger } from 'pino'
import { openAnswerStore } from './gateway/open-answer-store.ts'
import { forgetReads, type ReadCache } from './graphql/read-cache.ts'
import { reasonOf } from './lib/reason.ts'
import type { Bus } from './redis/bus.ts'
import type { RedisKeys } from './redis/client.ts'
import { changedKeysChannel, revokedKeysChannel } from './services/api-keys.ts'

const entryBytesMax = 1024 * 1024
const totalBytesMax = 32 * 1024 * 1024

/** The cache of GraphQL reads; what was answered to a key is forgotten when the services tell of its change. */
export function openReadCache({
  redis,
  secret,
  bus,
  logger,
}: {
  redis: RedisKeys | undefined
  secret: string
  bus: Bus
  logger: Logger
}): ReadCache {
  const store = openAnswerStore({ redis, secret, entryBytesMax, totalBytesMax })
  const reads: ReadCache = { store, logger }
  for (const channel of [changedKeysChannel, revokedKeysChannel]) {
    bus.subscribe(channel, (actorId) => {
      forgetReads(reads, { actorId }).catch((error: unknown) =>
        logger.warn({ reason: reasonOf(error) }, 'answers to a key that was changed live on'),
      )
    })
  }
  return reads
}
