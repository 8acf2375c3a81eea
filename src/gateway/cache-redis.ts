import { seal, unseal } from '../lib/seal.ts'
import type { AnswerScripts } from '../redis/answers.ts'
import type { CachePlace } from './cache-key.ts'
import { everything } from '../protocol/cache-label.ts'
import type { CacheStore } from './cache-store.ts'

export interface RedisStoreSettings {
  scripts: AnswerScripts
  /** Answers are encrypted under it: who reads Redis does not read them. */
  sealKey: Buffer
  entryBytesMax: number
  /** Of one organisation. */
  totalBytesMax: number
  /** How long a claim outlives the last sign of its instance. */
  leaseMs?: number
}

const leaseMsUsual = 5_000

/** Answers of all instances; an organisation's first to end make room. */
export function createRedisStore(settings: RedisStoreSettings): CacheStore {
  const { scripts, sealKey, entryBytesMax, totalBytesMax, leaseMs = leaseMsUsual } = settings
  return {
    renewEveryMs: Math.ceil(leaseMs / 3),
    find: async (place, claim = '') => {
      const { text, ...found } = await scripts.find(place, claim, leaseMs)
      // What does not open is of another secret: as if it were not there, until it is replaced.
      return text === undefined ? found : { ...found, text: unseal(sealKey, text, nameOf(place)) }
    },
    renew: (place, claim) => scripts.hold(place, claim, leaseMs),
    release: (place, claim) => scripts.hold(place, claim, 0),
    put: async (place, { text, ttlMs, labels, asOf, claim = '' }) => {
      if (Buffer.byteLength(text) > entryBytesMax || ttlMs <= 0) {
        if (claim !== '') await scripts.hold(place, claim, 0)
        return false
      }
      const sealed = seal(sealKey, text, nameOf(place))
      const all = [everything, ...labels]
      return scripts.put(place, { text: sealed, ttlMs, asOf, claim, labels: all, totalBytesMax })
    },
    invalidate: (organization, label) => scripts.invalidate(organization, label, everything),
  }
}

function nameOf({ organization, digest }: CachePlace): string {
  return `${organization} ${digest}`
}
