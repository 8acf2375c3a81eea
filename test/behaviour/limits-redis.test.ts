import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadScript } from '../../src/redis/scripts.ts'
import { createDatabase, testSecret, type TestDatabase } from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let server: RedisServer
let admin: Redis
let monitor: Redis
let simulator: OpenaiSimulator
const databases: TestDatabase[] = []
const gateways: TestGateway[] = []
/** Names and first arguments of what Redis was told, but for what its scripts did, and the heartbeats. */
let commands: string[][] = []

async function installation(prefix: string): Promise<TestGateway> {
  const database = await createDatabase()
  databases.push(database)
  const gateway = await startGateway(
    `[storage]
     redis_prefix = "${prefix}"
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`,
    { DATABASE_URL: database.url, REDIS_URL: server.url, XROUTER_SECRET: testSecret },
  )
  gateways.push(gateway)
  return gateway
}

let one: TestGateway
let other: TestGateway

beforeAll(async () => {
  server = await startRedis()
  simulator = await startOpenaiSimulator()
  admin = new Redis(server.port)
  monitor = await admin.monitor()
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    if (source !== 'lua') commands.push(args)
  })
  one = await installation('one:')
  other = await installation('other:')
})

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  monitor.disconnect()
  admin.disconnect()
  await Promise.all([simulator.close(), server.stop()])
  await Promise.all(databases.map((database) => database.drop()))
})

beforeEach(() => {
  commands = []
})

const model = 'openai/gpt-4o-mini'
const messages = [{ role: 'user' as const, content: 'hi' }]
const complete = (gateway: TestGateway, key: string) =>
  gateway.openai(key).chat.completions.create({ model, messages, max_tokens: 5 })

const shaOf = (file: string): string => loadScript('meters.lua', file).sha
const ofRequests = ['limits-reserve.lua', 'limits-settle.lua'].map(shaOf)
const ofCounters = ['limits-mark-1.lua', 'limits-load-1.lua', 'limits-renew.lua'].map(shaOf)

/** What requests asked, not what is done every few seconds whether or not there are any. */
const scripts = (): string[][] => commands.filter(([, sha]) => ofRequests.includes(sha ?? ''))
const others = (): string[][] =>
  commands.filter(
    ([name = '', first = '']) =>
      ![...ofRequests, ...ofCounters].includes(first) &&
      !/^(ping|publish)$/i.test(name) &&
      !first.includes('provider-health'),
  )

/** A key with limits of every kind, on which everything is loaded and every script known. */
async function limitedKey(): Promise<string> {
  const { id, secret } = await one.createKey()
  const all = { requestsPerMinute: 1000, requestsPerDay: 9000, tokensPerMinute: 90_000 }
  await limitRate(one, { scope: 'key', subject: id, ...all, tokensPerDay: 900_000, concurrency: 9 })
  await limitMoney(one, '100', { scope: 'key', subject: id })
  await limitMoney(one, '100', { scope: 'key', subject: id, period: 'month', timeZone: 'UTC' })
  await complete(one, secret)
  await expect.poll(async () => scripts().at(-1)?.join(' ')).toContain(':settled:')
  await one.running.services.ledger.flush()
  commands = []
  return secret
}

describe('a request with limits of every kind', () => {
  test('is one command before the provider is called, and one after the answer', async () => {
    const secret = await limitedKey()
    const upstream = simulator.controlled()
    const running = complete(one, secret)
    await upstream.received
    await expect.poll(() => scripts().length).toBe(1)
    await upstream.answer()
    await running
    await expect.poll(() => scripts().length).toBe(2)
    for (let turn = 0; turn < 20; turn += 1) await complete(one, secret)
    await expect.poll(() => scripts().length).toBe(42)
    expect(others()).toEqual([])
  })

  test('does not wait for its settlement', async () => {
    const secret = await limitedKey()
    const upstream = simulator.controlled()
    const running = complete(one, secret)
    await upstream.received
    await admin.call('CLIENT', 'PAUSE', '60000', 'WRITE')
    try {
      await upstream.answer()
      await running
      await expect.poll(() => scripts().length).toBe(1)
    } finally {
      await admin.call('CLIENT', 'UNPAUSE')
    }
    await expect.poll(() => scripts().length).toBe(2)
  })

  test('that is refused is one command', async () => {
    const { id, secret } = await one.createKey()
    await limitRate(one, { scope: 'key', subject: id, tokensPerDay: 1 })
    await expect(complete(one, secret)).rejects.toMatchObject({ status: 429 })
    await expect.poll(() => scripts().length).toBe(1)
  })
})

test('limits of requests alone have nothing to settle', async () => {
  const { id, secret } = await one.createKey()
  await limitRate(one, { scope: 'key', subject: id, requestsPerDay: 10 })
  for (let turn = 0; turn < 5; turn += 1) await complete(one, secret)
  await expect.poll(() => scripts().length).toBe(5)
})

test('a request without limits is none', async () => {
  const { secret } = await one.createKey()
  for (let turn = 0; turn < 5; turn += 1) await complete(one, secret)
  expect([...scripts(), ...others()]).toEqual([])
})

test('two installations on one Redis, each with a prefix of its own, count apart', async () => {
  for (const gateway of [one, other]) {
    await limitRate(gateway, { scope: 'organization', subject: '*', requestsPerDay: 3 })
  }
  for (const gateway of [one, other]) {
    const { secret } = await gateway.createKey()
    for (let turn = 0; turn < 3; turn += 1) await complete(gateway, secret)
    await expect(complete(gateway, secret)).rejects.toMatchObject({ status: 429 })
  }
  const keys = await admin.keys('*')
  expect(keys.length).toBeGreaterThan(0)
  expect(keys.filter((key) => !/^(one|other):/.test(key))).toEqual([])
})
