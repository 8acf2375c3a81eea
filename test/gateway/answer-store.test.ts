import { randomBytes, randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest'
import { createMemoryStore } from '../../src/gateway/cache-memory.ts'
import { createRedisStore } from '../../src/gateway/cache-redis.ts'
import type { CacheStore } from '../../src/gateway/cache-store.ts'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'
import { everything, labelOf } from '../../src/protocol/cache-label.ts'
import { answerScripts } from '../../src/redis/answers.ts'
import { openRedis, type RedisConnection } from '../../src/redis/client.ts'

interface Sizes {
  entryBytesMax?: number
  totalBytesMax?: number
}

const { real } = inject('services')
const connections: RedisConnection[] = []
afterAll(() => connections.forEach((connection) => connection.close()))

async function connected(): Promise<RedisConnection> {
  const address = parseRedisUrl(real?.redisUrl ?? '')
  const connection = openRedis(address, pino({ level: 'silent' }))
  connections.push(connection)
  await expect.poll(() => connection.status()).toBe('ok')
  return connection
}

const sealKey = randomBytes(32)
const usual = { entryBytesMax: 10_000, totalBytesMax: 1_000_000 }

async function redisStore(sizes: Sizes = {}, leaseMs = 5_000): Promise<CacheStore> {
  const scripts = answerScripts(await connected())
  return createRedisStore({ ...usual, ...sizes, scripts, sealKey, leaseMs })
}

const stores = [
  { name: 'in process', open: async (sizes?: Sizes) => createMemoryStore({ ...usual, ...sizes }) },
  ...(real ? [{ name: 'in Redis', open: (sizes?: Sizes) => redisStore(sizes) }] : []),
]

/** An organisation of this test's own. */
const freshOrganization = (): string => `org_${randomUUID()}`

describe.each(stores)('a store $name', ({ open }) => {
  const keep = async (
    store: CacheStore,
    { organization, digest = 'd', text = 'an answer', ttlMs = 60_000, labels = [], asOf }: Kept,
  ): Promise<boolean> => {
    const place = { organization, digest }
    const begun = asOf ?? (await store.find(place)).asOf
    return store.put(place, { text, ttlMs, labels, asOf: begun })
  }

  test('gives back what it keeps, to its owner alone', async () => {
    const store = await open()
    const organization = freshOrganization()
    expect((await store.find({ organization, digest: 'd' })).text).toBeUndefined()
    expect(await keep(store, { organization, text: 'ответ "1"' })).toBe(true)
    expect((await store.find({ organization, digest: 'd' })).text).toBe('ответ "1"')
    expect((await store.find({ organization, digest: 'e' })).text).toBeUndefined()
    const other = { organization: freshOrganization(), digest: 'd' }
    expect((await store.find(other)).text).toBeUndefined()
  })

  test('forgets an answer when its time is over', async () => {
    const store = await open()
    const organization = freshOrganization()
    await keep(store, { organization, ttlMs: 40 })
    await keep(store, { organization, digest: 'e' })
    await expect
      .poll(async () => (await store.find({ organization, digest: 'd' })).text)
      .toBeUndefined()
    expect((await store.find({ organization, digest: 'e' })).text).toBe('an answer')
  })

  test('keeps no answer that is too large', async () => {
    const store = await open({ entryBytesMax: 2_000 })
    const organization = freshOrganization()
    expect(await keep(store, { organization, text: 'я'.repeat(1_001) })).toBe(false)
    expect(await keep(store, { organization, text: 'я'.repeat(1_000) })).toBe(true)
  })

  test('stays within its size: older answers make room', async () => {
    const store = await open({ totalBytesMax: 20_000 })
    const organization = freshOrganization()
    const digests = Array.from({ length: 12 }, (_, index) => `d${index}`)
    for (const [index, digest] of digests.entries()) {
      const text = 'x'.repeat(2_000)
      expect(await keep(store, { organization, digest, text, ttlMs: 60_000 + index })).toBe(true)
    }
    const found = await Promise.all(digests.map((digest) => store.find({ organization, digest })))
    const there = found.map(({ text }) => text !== undefined)
    expect(there.at(-1)).toBe(true)
    expect(there[0]).toBe(false)
    const count = there.filter(Boolean).length
    expect(count).toBeGreaterThan(3)
    expect(count).toBeLessThan(9)
  })

  test('an answer that is kept again counts once', async () => {
    const store = await open({ totalBytesMax: 10_000 })
    const organization = freshOrganization()
    await keep(store, { organization, digest: 'other' })
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await keep(store, { organization, text: `${turn}`.repeat(1_000) })).toBe(true)
    }
    expect((await store.find({ organization, digest: 'other' })).text).toBe('an answer')
  })

  test.each([
    ['a model', labelOf.model('openai/gpt-4o')],
    ['a key', labelOf.apiKey('key_1')],
    ['a tag', labelOf.tag('team', 'a"b')],
    ['a namespace', labelOf.namespace('n')],
  ])('invalidates by %s', async (_what, label) => {
    const store = await open()
    const [organization, other] = [freshOrganization(), freshOrganization()]
    await keep(store, { organization, digest: 'with', labels: [label, 'further'] })
    await keep(store, { organization, digest: 'without', labels: ['further'] })
    await keep(store, { organization: other, digest: 'with', labels: [label] })
    expect(await store.invalidate(organization, label)).toBe(1)
    expect((await store.find({ organization, digest: 'with' })).text).toBeUndefined()
    expect((await store.find({ organization, digest: 'without' })).text).toBe('an answer')
    expect((await store.find({ organization: other, digest: 'with' })).text).toBe('an answer')
    expect(await store.invalidate(organization, label)).toBe(0)
  })

  test('invalidates everything of an organisation, however much it is', async () => {
    const store = await open({ totalBytesMax: 10_000_000 })
    const [organization, other] = [freshOrganization(), freshOrganization()]
    await keep(store, { organization: other })
    const many = Array.from({ length: 1_500 }, (_, index) => `d${index}`)
    for (let at = 0; at < many.length; at += 100) {
      const some = many.slice(at, at + 100)
      await Promise.all(some.map((digest) => keep(store, { organization, digest, asOf: 1e15 })))
    }
    expect(await store.invalidate(organization, everything)).toBe(1_500)
    expect((await store.find({ organization, digest: 'd7' })).text).toBeUndefined()
    expect((await store.find({ organization: other, digest: 'd' })).text).toBe('an answer')
  })

  test('keeps nothing that was begun before its label was invalidated', async () => {
    const store = await open()
    const organization = freshOrganization()
    const { asOf } = await store.find({ organization, digest: 'd' })
    await store.invalidate(organization, labelOf.model('a/b'))
    expect(await keep(store, { organization, asOf, labels: [labelOf.model('a/b')] })).toBe(false)
    expect(await keep(store, { organization, asOf, labels: [labelOf.model('a/c')] })).toBe(true)
    await store.invalidate(organization, everything)
    expect(await keep(store, { organization, asOf, labels: [labelOf.model('a/c')] })).toBe(false)
  })

  test('one alone may make an answer, until it is kept or let go', async () => {
    const store = await open()
    const place = { organization: freshOrganization(), digest: 'd' }
    const asked = await Promise.all(['a', 'b', 'c'].map((claim) => store.find(place, claim)))
    expect(asked.filter(({ claimed }) => claimed)).toHaveLength(1)
    expect(asked[0]?.claimed).toBe(true)
    await store.release(place, 'b')
    expect((await store.find(place, 'b')).claimed).toBe(false)
    await store.renew(place, 'a')
    await store.release(place, 'a')
    const { claimed, asOf } = await store.find(place, 'b')
    expect(claimed).toBe(true)
    const labels = [labelOf.model('a/b')]
    await store.put(place, { text: 'done', ttlMs: 1_000, labels, asOf, claim: 'b' })
    expect(await store.find(place, 'c')).toMatchObject({ text: 'done', claimed: false })
    await store.invalidate(place.organization, everything)
    expect((await store.find(place, 'c')).claimed).toBe(true)
  })

  test('an answer that does not fit lets the claim go', async () => {
    const store = await open({ entryBytesMax: 2_000 })
    const place = { organization: freshOrganization(), digest: 'd' }
    const { asOf } = await store.find(place, 'a')
    const text = 'x'.repeat(3_000)
    expect(await store.put(place, { text, ttlMs: 1_000, labels: [], asOf, claim: 'a' })).toBe(false)
    expect((await store.find(place, 'b')).claimed).toBe(true)
  })
})

interface Kept {
  organization: string
  digest?: string
  text?: string
  ttlMs?: number
  labels?: string[]
  asOf?: number
}

test('in process: a size that an operator can watch', async () => {
  const store = createMemoryStore(usual)
  expect(store.size?.()).toEqual({ entries: 0, bytes: 0 })
  const place = { organization: 'org', digest: 'd' }
  await store.put(place, { text: 'x'.repeat(500), ttlMs: 1_000, labels: ['a'], asOf: 1 })
  expect(store.size?.()).toMatchObject({ entries: 1 })
  expect(store.size?.().bytes).toBeGreaterThan(500)
  await store.invalidate('org', 'a')
  expect(store.size?.()).toEqual({ entries: 0, bytes: 0 })
})

describe.runIf(real)('in Redis', () => {
  const names = (organization: string): string => `xrouter:answers:{${organization}}:*`
  afterEach(() => connections.splice(0).forEach((connection) => connection.close()))

  test('nothing can be read there, under no name, and everything ends by itself', async () => {
    const store = await redisStore()
    const organization = freshOrganization()
    const place = { organization, digest: 'd' }
    const { asOf } = await store.find(place, 'claim')
    const secret = 'the recipe of the soup'
    await store.put(place, { text: secret, ttlMs: 60_000, labels: ['a'], asOf, claim: 'claim' })
    await store.find({ organization, digest: 'e' }, 'claim')
    await store.invalidate(organization, 'b')
    const { client } = await connected()
    const keys = await client.keys(names(organization))
    expect(keys.length).toBeGreaterThan(4)
    for (const key of keys) {
      expect(await client.pttl(key)).toBeGreaterThan(0)
      expect(await client.dump(key)).not.toContain('recipe')
    }
  })

  test('an answer opens at its own place and under its own secret alone', async () => {
    const store = await redisStore()
    const organization = freshOrganization()
    const place = { organization, digest: 'd' }
    const { asOf } = await store.find(place)
    await store.put(place, { text: 'an answer', ttlMs: 60_000, labels: [], asOf })
    const connection = await connected()
    const { client } = connection
    const name = `xrouter:answers:{${organization}}:entry:`
    await client.set(`${name}e`, (await client.get(`${name}d`)) ?? '')
    expect((await store.find({ organization, digest: 'e' })).text).toBeUndefined()
    const scripts = answerScripts(connection)
    const stranger = createRedisStore({ ...usual, scripts, sealKey: randomBytes(32) })
    expect((await stranger.find(place)).text).toBeUndefined()
    expect((await store.find(place)).text).toBe('an answer')
  })

  test('the claim of an instance that died ends by itself', async () => {
    const store = await redisStore({}, 60)
    const place = { organization: freshOrganization(), digest: 'd' }
    expect((await store.find(place, 'dead')).claimed).toBe(true)
    await expect.poll(async () => (await store.find(place, 'alive')).claimed).toBe(true)
  })
})
