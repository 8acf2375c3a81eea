import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { attempts } from '../../src/db/schema/attempt.ts'
import { requests } from '../../src/db/schema/request.ts'
import { parseNanos } from '../../src/lib/decimal.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'
import { testSecret } from '../support/databases.ts'
import { startPostgres, type PostgresServer } from '../support/services-postgres.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'

let postgres: PostgresServer
let redis: RedisServer
let gateway: TestGateway

beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
})

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()])
})

async function start(limits: string, withRedis: boolean): Promise<void> {
  gateway = await startGateway(
    `${limits}
     [providers.demo]
     token_delay_ms = 1
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`,
    {
      DATABASE_URL: postgres.urlOf('postgres'),
      XROUTER_SECRET: testSecret,
      XROUTER_MASTER_KEY: 'the-master-key-of-this-test',
      ...(withRedis && { REDIS_URL: redis.url }),
    },
  )
}

afterEach(() => gateway.stop())

interface Answer {
  status: number
  retryAfter: string | null
}

async function ask(key: string, user = 'ann'): Promise<Answer> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo/echo',
      max_tokens: 3,
      user,
      messages: [{ role: 'user', content: 'one two three' }],
    }),
  })
  await answer.arrayBuffer()
  return { status: answer.status, retryAfter: answer.headers.get('retry-after') }
}

/** Clients that ask without a pause, each with a key, until they are stopped. */
function load(keys: readonly string[]) {
  const answers: Answer[] = []
  const state = { running: true }
  const client = async (key: string): Promise<void> => {
    while (state.running) answers.push(await ask(key))
  }
  const clients = Promise.all(keys.flatMap((key) => [client(key), client(key), client(key)]))
  return {
    answers,
    more: async (count: number): Promise<void> => {
      const enough = answers.length + count
      await expect.poll(() => answers.length, { timeout: 30_000 }).toBeGreaterThan(enough)
    },
    stop: async (): Promise<void> => {
      state.running = false
      await clients
    },
  }
}

const statusesOf = (answers: readonly Answer[]): number[] =>
  [...new Set(answers.map(({ status }) => status))].toSorted((one, other) => one - other)

const remaining = async (key: string): Promise<string> => {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await fetch(`${gateway.url}/v1/key`, { headers })
  return (await answer.json()).budgets[0].remaining
}

/** What the ledger has of a key: dollars, and rows that are there more than once. */
async function ledgerOf(keyId: string): Promise<{ nanos: bigint; requests: number }> {
  await gateway.running.services.ledger.flush()
  const [row] = await gateway.running.db.execute<{ nanos: string; requests: number }>(sql`
    select coalesce(sum(a.cost_nanos), 0)::text as nanos, count(*)::int as requests
    from ${requests} r join ${attempts} a on a.request_id = r.id
    where r.api_key_id = ${keyId} and r.status = 'succeeded'`)
  return { nanos: BigInt(row?.nanos ?? 0), requests: row?.requests ?? 0 }
}

async function openReservations(): Promise<number> {
  const headers = { authorization: 'Bearer the-master-key-of-this-test' }
  const answer = await fetch(`${gateway.url}/metrics`, { headers })
  return sumOf(parseMetrics(await answer.text()), 'xrouter_limit_reservations_open')
}

/** A key with limits of tokens and of requests at once, and a budget. */
async function limited(limit: string): Promise<{ id: string; secret: string }> {
  const key = await gateway.createKey()
  await limitRate(gateway, {
    scope: 'key',
    subject: key.id,
    concurrency: 50,
    tokensPerDay: 2_000_000,
  })
  await limitMoney(gateway, limit, { scope: 'key', subject: key.id })
  return key
}

/** The counter and the ledger say the same, to the nano-unit, and nothing is held any more. */
async function balanced(key: { id: string; secret: string }, limit: string): Promise<void> {
  await expect.poll(openReservations, { timeout: 10_000 }).toBe(0)
  const { nanos } = await ledgerOf(key.id)
  await expect
    .poll(async () => parseNanos(await remaining(key.secret)), { timeout: 10_000 })
    .toBe(parseNanos(limit) - nanos)
}

describe('Postgres stops and starts under load', () => {
  beforeEach(() => start('', false))

  test('known limits and budgets go on to hold exactly, and nothing is lost', async () => {
    const [rich, poor] = [await limited('1000000'), await limited('30')]
    await ask(rich.secret)
    await ask(poor.secret)
    const running = load([rich.secret])
    await running.more(20)
    for (let outage = 0; outage < 2; outage += 1) {
      await postgres.halt()
      await running.more(40)
      if (outage === 0) {
        // Three of thirty dollars are spent: nine more fit, whoever is away.
        const storm = await Promise.all(Array.from({ length: 30 }, () => ask(poor.secret)))
        expect(storm.filter(({ status }) => status === 200)).toHaveLength(9)
        expect(statusesOf(storm)).toEqual([200, 402])
      }
      await postgres.resume()
      await running.more(20)
    }
    await running.stop()
    expect(statusesOf(running.answers)).toEqual([200])
    await expect
      .poll(() => ledgerOf(rich.id).catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ requests: running.answers.length + 1 })
    expect(await ledgerOf(poor.id)).toEqual({ nanos: parseNanos('30'), requests: 10 })
    await balanced(rich, '1000000')
    await balanced(poor, '30')
  }, 90_000)

  test('a budget of which nothing is known yet refuses with 503 until it can be read', async () => {
    const { secret } = await gateway.createKey()
    for (const subject of ['known', 'stranger']) {
      await limitMoney(gateway, '100', { scope: 'user', subject })
    }
    expect((await ask(secret, 'known')).status).toBe(200)
    await postgres.halt()
    try {
      expect((await ask(secret, 'known')).status).toBe(200)
      const refused = await ask(secret, 'stranger')
      expect(refused).toEqual({ status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/) })
    } finally {
      await postgres.resume()
    }
    await expect
      .poll(async () => (await ask(secret, 'stranger')).status, { timeout: 10_000 })
      .toBe(200)
  }, 60_000)
})

const every = ['key', 'user', 'organization', 'tag', 'provider', 'model', 'budget']
const whenDown = (word: string): string =>
  `[limits.when_down]\n${every.map((kind) => `${kind} = "${word}"`).join('\n')}`

describe('Redis stops and starts under load', () => {
  test('open: no request is refused, and what was spent meanwhile is counted after', async () => {
    await start(whenDown('open'), true)
    const keys = [await limited('1000000'), await limited('1000000')]
    const running = load(keys.map(({ secret }) => secret))
    await running.more(20)
    for (let outage = 0; outage < 2; outage += 1) {
      await redis.halt()
      await running.more(60)
      await redis.resume()
      await running.more(40)
    }
    await running.stop()
    expect(statusesOf(running.answers)).toEqual([200])
    for (const key of keys) await balanced(key, '1000000')
    let rows = 0
    for (const { id } of keys) rows += (await ledgerOf(id)).requests
    expect(rows).toBe(running.answers.length)
  }, 90_000)

  test('closed: what it cannot count is refused with 503 and when to come back; what was admitted ends well', async () => {
    await start(whenDown('closed'), true)
    const key = await limited('1000000')
    const free = await gateway.createKey()
    const running = load([key.secret])
    await running.more(20)
    expect(statusesOf(running.answers)).toEqual([200])
    await redis.halt()
    await expect.poll(async () => (await ask(key.secret)).status).toBe(503)
    const before = running.answers.length
    await running.more(20)
    expect(running.answers.slice(before)).toContainEqual({
      status: 503,
      retryAfter: expect.stringMatching(/^[1-9]\d*$/),
    })
    // Who has no limits does not mind.
    expect((await ask(free.secret)).status).toBe(200)
    await redis.resume()
    await expect.poll(async () => (await ask(key.secret)).status, { timeout: 10_000 }).toBe(200)
    const after = running.answers.length
    await running.more(20)
    await running.stop()
    expect(statusesOf(running.answers.slice(after + 3))).toEqual([200])
    expect(statusesOf(running.answers)).toEqual([200, 503])
    await balanced(key, '1000000')
  }, 90_000)
})
