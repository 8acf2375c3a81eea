import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createDatabase, realServices, type TestDatabase } from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { httpError, rateLimited } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let database: TestDatabase
let simulator: OpenaiSimulator
let one: TestGateway
let two: TestGateway
let alone: TestGateway
/** Other suites share this Redis: the names are of this one alone. */
const config = () => `
${['shared-resting', 'shared-broken', 'shared-failing']
  .map(
    (name) => `[providers.${name}]
      type = "openai-compatible"
      api_key = "sk-simulated"
      base_url = "${simulator.url}"`,
  )
  .join('\n')}
[resilience]
max_retries = 0
breaker_failures = 3
breaker_open_ms = 60_000
`
const messages = [{ role: 'user' as const, content: 'hello there' }]

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  database = await createDatabase()
  const shared = { DATABASE_URL: database.url, REDIS_URL: realServices().redisUrl }
  one = await startGateway(config(), shared)
  two = await startGateway(config(), shared)
  alone = await startGateway(config(), { DATABASE_URL: database.url })
  for (const gateway of [one, two]) {
    await vi.waitFor(async () => {
      const { checks } = await (await fetch(`${gateway.url}/ready`)).json()
      if (checks.redis !== 'ok') throw new Error('Redis is not connected yet')
    })
  }
})

afterAll(async () => {
  await Promise.all([one.stop(), two.stop(), alone.stop()])
  await Promise.all([database.drop(), simulator.close()])
})

interface Status {
  provider: string
  state: string
  reason: string | null
  breaker: string
  blocked: { deployment: string; reason: string; until: string | null }[]
}

/** As the REST door tells it. */
async function statusOf(gateway: TestGateway, provider: string): Promise<Status | undefined> {
  const response = await fetch(`${gateway.url}/v1/providers/status`, {
    headers: { authorization: `Bearer ${one.adminKey}` },
  })
  const { data }: { data: Status[] } = await response.json()
  return data.find((each) => each.provider === provider)
}

const ask = (gateway: TestGateway, model: string) =>
  gateway.openai(one.adminKey).chat.completions.create({ model, messages })

/** The other instance has a second for it. */
const soon = { timeout: 1_000, interval: 10 }

describe('what one instance sees of a provider', () => {
  test('a cooldown holds on the other within a second, and not where there is no Redis', async () => {
    simulator.next(rateLimited(30))
    await expect(ask(one, 'shared-resting/gpt-4o')).rejects.toMatchObject({ status: 503 })
    const blocked = [{ deployment: 'shared-resting/gpt-4o', reason: 'RATE_LIMITED' }]
    await expect.poll(() => statusOf(one, 'shared-resting'), soon).toMatchObject({ blocked })
    await expect
      .poll(async () => (await statusOf(two, 'shared-resting'))?.blocked.length, soon)
      .toBe(1)
    const asked = simulator.requests.length
    await expect(ask(two, 'shared-resting/gpt-4o')).rejects.toMatchObject({
      status: 503,
      code: 'provider_rate_limited',
    })
    expect(simulator.requests.length).toBe(asked)
    expect((await ask(alone, 'shared-resting/gpt-4o')).choices[0]?.message.content).toContain(
      'hello',
    )
  })

  test('an open breaker is open on the other', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      simulator.next(httpError(500))
      await expect(ask(two, 'shared-broken/gpt-4o')).rejects.toMatchObject({ status: 502 })
    }
    await expect
      .poll(async () => (await statusOf(one, 'shared-broken'))?.breaker, soon)
      .toBe('OPEN')
    await expect(ask(one, 'shared-broken/gpt-4o')).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('it failed too often lately'),
    })
    expect((await statusOf(alone, 'shared-broken'))?.breaker).toBe('CLOSED')
  })

  test('the health is the same on both, whoever saw the attempts', async () => {
    for (const gateway of [one, two]) {
      simulator.next(httpError(500))
      await expect(ask(gateway, 'shared-failing/gpt-4o')).rejects.toMatchObject({ status: 502 })
    }
    await ask(one, 'shared-failing/gpt-4o')
    const reason = '2 of the last 3 attempts failed: PROVIDER_ERROR'
    for (const gateway of [one, two]) {
      await expect
        .poll(async () => (await statusOf(gateway, 'shared-failing'))?.reason, soon)
        .toBe(reason)
    }
    expect(await statusOf(alone, 'shared-failing')).toMatchObject({ state: 'UNKNOWN' })
  })

  test('an instance that starts later knows it, too', async () => {
    const late = await startGateway(config(), {
      DATABASE_URL: database.url,
      REDIS_URL: realServices().redisUrl,
    })
    try {
      await expect
        .poll(async () => (await statusOf(late, 'shared-resting'))?.blocked.length, soon)
        .toBe(1)
      expect(await statusOf(late, 'shared-broken')).toMatchObject({
        breaker: 'OPEN',
        state: 'DOWN',
      })
      expect(await statusOf(late, 'shared-failing')).toMatchObject({ state: 'DEGRADED' })
    } finally {
      await late.stop()
    }
  })
})
