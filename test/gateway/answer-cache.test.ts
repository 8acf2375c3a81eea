import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { createAnswerCache, type AnswerCache, type Making } from '../../src/gateway/answer-cache.ts'
import { encodeEntry, type CachedAnswer } from '../../src/gateway/cache-entry.ts'
import { createMemoryStore } from '../../src/gateway/cache-memory.ts'
import type { CachePlan } from '../../src/gateway/cache-plan.ts'
import { createRedisStore } from '../../src/gateway/cache-redis.ts'
import type { CacheStore } from '../../src/gateway/cache-store.ts'
import { cacheNames, cacheSchema, type CacheTable } from '../../src/config-cache.ts'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'
import { everything } from '../../src/protocol/cache-label.ts'
import { answerScripts } from '../../src/redis/answers.ts'
import { openRedis, type RedisConnection } from '../../src/redis/client.ts'

const { real } = inject('services')
const connections: RedisConnection[] = []
afterEach(() => connections.splice(0).forEach((connection) => connection.close()))

const settings = enabled()
const sealKey = randomBytes(32)
const plan: CachePlan = {
  read: true,
  write: true,
  maxAgeMs: Infinity,
  onlyIfCached: false,
  ttlMs: 60_000,
  namespace: 'default',
}
function enabled(): CacheTable {
  const names = cacheNames(cacheSchema.parse({ enabled: true }))
  if (!names) throw new Error('the cache is enabled')
  return names
}

const freshPlace = () => ({ organization: `org_${randomUUID()}`, digest: 'd' })
const { signal: never } = new AbortController()

interface Clock {
  now: number
}

function cacheOver(
  store: CacheStore,
  { clock = { now: 0 }, failures = [] }: { clock?: Clock; failures?: string[] } = {},
): AnswerCache {
  return createAnswerCache({
    settings: { ...settings, waitMs: 60_000 },
    digestKey: sealKey,
    store,
    logger: pino({ level: 'silent' }),
    onStoreFailure: () => void failures.push('failed'),
    now: () => clock.now,
    wait: async () => {
      clock.now += 1
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
}

async function redisStore(leaseMs?: number): Promise<CacheStore> {
  const connection = openRedis(parseRedisUrl(real?.redisUrl ?? ''), pino({ level: 'silent' }))
  connections.push(connection)
  await expect.poll(() => connection.status()).toBe('ok')
  const scripts = answerScripts(connection)
  return createRedisStore({ ...settings, scripts, sealKey, ...(leaseMs && { leaseMs }) })
}

function answer(text: string, storedAtMs = 0): string {
  const events = [{ type: 'text-delta' as const, choice: 0, text }]
  return encodeEntry({ storedAtMs, provider: 'a', model: 'a/b', events })
}

const keep = (started: Making, text = 'kept'): void =>
  started.keep({ text: answer(text), ttlMs: 60_000, labels: [] })

function making(found: CachedAnswer | Making): Making {
  if ('keep' in found) return found
  throw new Error('there is an answer')
}

function textOf(found: CachedAnswer | Making): string | undefined {
  if ('keep' in found) return undefined
  const [event] = found.events
  return event?.type === 'text-delta' ? event.text : undefined
}

/** Two instances of a gateway: over one store in process, and over one Redis with a connection each. */
const pairs = [
  {
    name: 'in process',
    open: async () => {
      const store = createMemoryStore(settings)
      return [cacheOver(store), cacheOver(store)] as const
    },
  },
  ...(real
    ? [
        {
          name: 'over Redis',
          open: async () => {
            const stores = await Promise.all([redisStore(), redisStore()])
            return [cacheOver(stores[0]), cacheOver(stores[1])] as const
          },
        },
      ]
    : []),
]

describe.each(pairs)('two instances $name', ({ open }) => {
  test('one makes the answer, the other waits for it', async () => {
    const [one, other] = await open()
    const place = freshPlace()
    const first = making(await one.find(place, plan, never))
    const waiting = Promise.all([
      other.find(place, plan, never),
      other.find(place, plan, never),
      one.find(place, plan, never),
    ])
    keep(first)
    expect((await waiting).map(textOf)).toEqual(['kept', 'kept', 'kept'])
  })

  test.each(['left', 'unfit'] as const)('the first comes to nothing: %s', async (why) => {
    const [one, other] = await open()
    const place = freshPlace()
    const first = making(await one.find(place, plan, never))
    const waiting = other.find(place, plan, never)
    first.drop(why)
    keep(making(await waiting), 'second')
    expect(textOf(await one.find(place, plan, never))).toBe('second')
  })

  test('who waits too long goes its own way', async () => {
    const [one, other] = await open()
    const place = freshPlace()
    const first = making(await one.find(place, plan, never))
    const late = createAnswerCacheWithoutPatience(other)
    const second = making(await late.find(place, plan, never))
    keep(second, 'second')
    first.drop('unfit')
    expect(textOf(await one.find(place, plan, never))).toBe('second')
  })

  test('an answer under way when everything is invalidated is neither kept nor given', async () => {
    const [one, other] = await open()
    const place = freshPlace()
    const first = making(await one.find(place, plan, never))
    await other.invalidate(place.organization, everything)
    one.forget(place.organization)
    keep(first, 'outdated')
    // What is begun in the same tick of the server's clock counts as begun before.
    await delay(5)
    keep(making(await one.find(place, plan, never)), 'new')
    expect(textOf(await other.find(place, plan, never))).toBe('new')
  })
})

/** The same cache for a request whose patience is over. */
function createAnswerCacheWithoutPatience(cache: AnswerCache): AnswerCache {
  cache.settings = { ...cache.settings, waitMs: 0 }
  return cache
}

describe('one process', () => {
  test('asks the store once for all who want the same at once', async () => {
    const store = createMemoryStore(settings)
    let asked = 0
    const counted: CacheStore = {
      find: (...call) => ((asked += 1), store.find(...call)),
      renew: (...call) => store.renew(...call),
      release: (...call) => store.release(...call),
      put: (...call) => store.put(...call),
      invalidate: (...call) => store.invalidate(...call),
    }
    const cache = cacheOver(counted)
    const place = freshPlace()
    keep(making(await cache.find(place, plan, never)))
    asked = 0
    const all = Array.from({ length: 50 }, () => cache.find(place, plan, never))
    expect(new Set((await Promise.all(all)).map(textOf))).toEqual(new Set(['kept']))
    expect(asked).toBe(1)
  })

  test('who leaves while it waits is let go at once', async () => {
    const cache = cacheOver(createMemoryStore(settings))
    const place = freshPlace()
    await cache.find(place, plan, never)
    const leaving = new AbortController()
    const waiting = cache.find(place, plan, leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
  })

  test('an answer that is older than a request takes is made again', async () => {
    const clock = { now: 0 }
    const cache = cacheOver(createMemoryStore(settings), { clock })
    const place = freshPlace()
    keep(making(await cache.find(place, plan, never)))
    clock.now = 5_000
    expect(textOf(await cache.find(place, { ...plan, maxAgeMs: 5_000 }, never))).toBe('kept')
    const young = await cache.find(place, { ...plan, maxAgeMs: 4_999 }, never)
    making(young).keep({ text: answer('newer', 5_000), ttlMs: 60_000, labels: [] })
    expect(textOf(await cache.find(place, { ...plan, maxAgeMs: 1 }, never))).toBe('newer')
  })

  test('without a store every request goes on, and asks it again after a while', async () => {
    const failures: string[] = []
    const clock = { now: 0 }
    const away = (): Promise<never> => Promise.reject(new Error('away'))
    const store = { find: away, renew: away, release: away, put: away, invalidate: away }
    const cache = cacheOver(store, { clock, failures })
    const found = await Promise.all(
      Array.from({ length: 10 }, () => cache.find(freshPlace(), plan, never)),
    )
    for (const each of found) keep(making(each))
    expect(failures).toHaveLength(10)
    keep(making(await cache.find(freshPlace(), plan, never)))
    expect(failures).toHaveLength(10)
    clock.now = 1_000
    keep(making(await cache.find(freshPlace(), plan, never)))
    expect(failures).toHaveLength(11)
    await expect(cache.invalidate('org', everything)).rejects.toThrow('away')
  })

  test('with only-if-cached nobody waits', async () => {
    const cache = cacheOver(createMemoryStore(settings))
    const place = freshPlace()
    await cache.find(place, plan, never)
    expect('keep' in (await cache.find(place, { ...plan, onlyIfCached: true }, never))).toBe(true)
  })
})
