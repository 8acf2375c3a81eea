import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { budgets } from '../../src/db/schema/budget.ts'
import { changedLimitsChannel } from '../../src/protocol/limit.ts'
import { defaultOrganization } from '../../src/services/api-keys.ts'
import { createDatabase, testSecret, type TestDatabase } from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { startProcess } from '../support/process.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let server: RedisServer
let database: TestDatabase
let simulator: OpenaiSimulator
let one: TestGateway
let two: TestGateway
let toml: string
let environment: Record<string, string>

beforeAll(async () => {
  server = await startRedis()
  database = await createDatabase()
  simulator = await startOpenaiSimulator()
  environment = { DATABASE_URL: database.url, REDIS_URL: server.url, XROUTER_SECRET: testSecret }
  toml = `[limits]
     lease_ms = 1500
     [providers.demo]
     token_delay_ms = 0
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`
  one = await startGateway(toml, environment)
  two = await startGateway(toml, environment)
})

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()])
  await Promise.all([simulator.close(), server.stop()])
  await database.drop()
})

const hi = { messages: [{ role: 'user', content: 'hi' }] }

async function ask(url: string, key: string, model = 'demo/echo'): Promise<number> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      max_tokens: 1,
      user: key,
      xrouter: { tags: { team: key } },
      ...hi,
    }),
  })
  await answer.arrayBuffer()
  return answer.status
}

const spentOf = async (gateway: TestGateway, key: string) => {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await fetch(`${gateway.url}/v1/key`, { headers })
  return (await answer.json()).budgets[0]?.remaining
}

test.each(['user', 'tag', 'model', 'provider', 'organization'] as const)(
  'a budget on a %s knows what the ledger holds of it from before',
  async (scope) => {
    const { secret } = await one.createKey()
    for (let turn = 0; turn < 2; turn += 1) expect(await ask(one.url, secret)).toBe(200)
    await one.running.services.ledger.flush()
    const subject = scope === 'tag' ? 'team=*' : '*'
    const id = await limitMoney(one, '3', {
      scope,
      subject,
      period: 'day',
      timeZone: 'Asia/Kolkata',
    })
    const ends = [await ask(two.url, secret), await ask(two.url, secret)]
    // The others hold for everybody who asked before, too.
    if (scope === 'user' || scope === 'tag') expect(ends).toEqual([200, 402])
    else expect(ends[1]).toBe(402)
    await one.running.db.delete(budgets).where(eq(budgets.id, id))
    await one.running.services.bus.publish(changedLimitsChannel, defaultOrganization)
  },
)

describe('two instances on one Redis', () => {
  test('500 at once on a budget for 100: exactly 100 on both together', async () => {
    const { id, secret } = await one.createKey()
    await limitMoney(one, '100', { scope: 'key', subject: id })
    const asks = Array.from({ length: 500 }, (_each, at) =>
      ask([one, two][at % 2]?.url ?? '', secret),
    )
    const statuses = await Promise.all(asks)
    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.filter((status) => status === 402)).toHaveLength(400)
    await expect.poll(() => spentOf(two, secret)).toBe('0')
  })

  test('300 at once on a rate of 50 a day: exactly 50', async () => {
    const { id, secret } = await one.createKey()
    await limitRate(one, { scope: 'key', subject: id, requestsPerDay: 50 })
    const asks = Array.from({ length: 300 }, (_each, at) =>
      ask([one, two][at % 2]?.url ?? '', secret),
    )
    const statuses = await Promise.all(asks)
    expect(statuses.filter((status) => status === 200)).toHaveLength(50)
  })

  test('a Redis that was emptied is filled from the ledger, without counting twice', async () => {
    const { id, secret } = await one.createKey()
    await limitMoney(one, '10', { scope: 'key', subject: id })
    for (let turn = 0; turn < 4; turn += 1) expect(await ask(one.url, secret)).toBe(200)
    await one.running.services.ledger.flush()
    await server.halt()
    await server.resume()
    await expect.poll(() => ask(two.url, secret), { timeout: 10_000, interval: 100 }).toBe(200)
    await expect.poll(() => spentOf(one, secret), { timeout: 10_000 }).toBe('5')
    expect(await spentOf(two, secret)).toBe('5')
  })

  test('nothing of an instance that was killed in mid-flight stays reserved', async () => {
    const { id, secret } = await one.createKey()
    await limitRate(one, { scope: 'key', subject: id, concurrency: 1 })
    await limitMoney(one, '1', { scope: 'key', subject: id })
    const folder = mkdtempSync(join(tmpdir(), 'xrouter-killed-'))
    writeFileSync(join(folder, 'xrouter.toml'), toml)
    const victim = startProcess({ ...environment, XROUTER_DATA_DIR: join(folder, 'data') }, folder)
    try {
      const url = await victim.printed(/(http:\/\/127\.0\.0\.1:\d+)/)
      const hanging = simulator.controlled()
      const lost = ask(url, secret, 'openai/gpt-4o-mini').catch(() => 'lost')
      await hanging.received
      expect(await ask(two.url, secret)).toBe(402) // the budget is held, too
      victim.child.kill('SIGKILL')
      expect(await lost).toBe('lost')
      await expect.poll(() => ask(two.url, secret), { timeout: 10_000, interval: 100 }).toBe(200)
    } finally {
      victim.child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('a long answer keeps its place for longer than a lease', async () => {
    const { id, secret } = await one.createKey()
    await limitRate(one, { scope: 'key', subject: id, concurrency: 1 })
    const hanging = simulator.controlled()
    const running = ask(one.url, secret, 'openai/gpt-4o-mini')
    await hanging.received
    const until = Date.now() + 2_500
    while (Date.now() < until) expect(await ask(two.url, secret)).toBe(429)
    await hanging.answer()
    expect(await running).toBe(200)
    await expect.poll(() => ask(two.url, secret)).toBe(200)
  })
})

test('Redis stops under load: rates are open, budgets closed; what was settled meanwhile is counted after', async () => {
  const rated = await one.createKey()
  const budgeted = await one.createKey()
  await limitRate(one, { scope: 'key', subject: rated.id, tokensPerDay: 1_000_000 })
  await limitMoney(one, '1000', { scope: 'key', subject: budgeted.id })
  expect(await ask(one.url, rated.secret)).toBe(200)
  expect(await ask(one.url, budgeted.secret)).toBe(200)
  const hanging = simulator.controlled()
  const begun = ask(one.url, budgeted.secret, 'openai/gpt-4o-mini')
  await hanging.received
  await server.halt()
  await hanging.answer()
  expect(await begun).toBe(200) // what was admitted ends well
  for (let turn = 0; turn < 5; turn += 1) {
    expect(await ask(one.url, rated.secret)).toBe(200)
    expect(await ask(one.url, budgeted.secret)).toBe(503)
  }
  await server.resume()
  await expect
    .poll(() => ask(one.url, budgeted.secret), { timeout: 10_000, interval: 100 })
    .toBe(200)
  const tokensLeft = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${rated.secret}` }
    const { limits } = await (await fetch(`${two.url}/v1/key`, { headers })).json()
    return limits[0].remaining
  }
  // Each took tokens in this process alone; all instances know of them now.
  await expect.poll(tokensLeft, { timeout: 10_000 }).toBeLessThan(1_000_000 - 5)
})
