import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { revokeApiKey } from '../../src/services/api-keys.ts'
import { managerOf } from '../support/actors.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'

let server: RedisServer
let database: TestDatabase
let one: TestGateway
let two: TestGateway

beforeAll(async () => {
  server = await startRedis()
})

afterAll(() => server.stop())

beforeEach(async () => {
  database = await createDatabase()
  const environment = { DATABASE_URL: database.url, REDIS_URL: server.url }
  one = await startGateway('[providers.demo]\ntoken_delay_ms = 1', environment)
  two = await startGateway('[providers.demo]\ntoken_delay_ms = 1', environment)
})

afterEach(async () => {
  await Promise.all([one.stop(), two.stop()])
  await database.drop()
})

async function readiness(gateway: TestGateway): Promise<{ status: number; redis: unknown }> {
  const answer = await fetch(`${gateway.url}/ready`)
  return { status: answer.status, redis: (await answer.json()).checks.redis }
}

const modelsStatus = async (gateway: TestGateway, key: string) =>
  (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status

describe('Redis stops under load and starts again', () => {
  test('no completion fails, readiness tells, revocations travel again without a restart', async () => {
    const { secret } = await one.createKey()
    const load = startLoad(one, secret)
    await load.more(30)
    for (let outage = 0; outage < 3; outage += 1) {
      await server.halt()
      await load.more(60)
      await expect.poll(() => readiness(one)).toEqual({ status: 200, redis: 'unreachable' })
      await delay(200)
      await server.resume()
      await load.more(30)
      await expect
        .poll(() => readiness(one), { timeout: 10_000 })
        .toEqual({ status: 200, redis: 'ok' })
    }
    await load.stop()
    expect(load.failures).toEqual([])

    await expect.poll(() => readiness(two), { timeout: 10_000 }).toMatchObject({ redis: 'ok' })
    const { id, secret: doomed } = await one.createKey()
    expect(await modelsStatus(two, doomed)).toBe(200)
    await revokeApiKey(one.running.services, managerOf('org_default'), id)
    await expect.poll(() => modelsStatus(two, doomed), { timeout: 2_000 }).toBe(401)
    console.log(`3 outages of Redis: ${load.received.length} answers, 0 failures`)
  }, 60_000)

  test('a key that is revoked while Redis is away is refused at once by the instance that did it', async () => {
    const { id, secret } = await one.createKey()
    expect(await modelsStatus(one, secret)).toBe(200)
    await server.halt()
    try {
      await revokeApiKey(one.running.services, managerOf('org_default'), id)
      expect(await modelsStatus(one, secret)).toBe(401)
    } finally {
      await server.resume()
    }
  })

  test('a gateway starts without it and joins when it is there', async () => {
    await server.halt()
    const late = await startGateway('', { DATABASE_URL: database.url, REDIS_URL: server.url })
    try {
      expect(await readiness(late)).toEqual({ status: 200, redis: 'unreachable' })
      await server.resume()
      await expect
        .poll(() => readiness(late), { timeout: 10_000 })
        .toEqual({ status: 200, redis: 'ok' })
    } finally {
      await late.stop()
    }
  })
})
