import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { doors } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  const server = (name: string) => `[providers.${name}]
    type = "openai-compatible"
    api_key = "sk-simulated"
    base_url = "${simulator.url}"`
  gateway = await startGateway(
    ['failing', 'blamed', 'left', 'fine', 'unused'].map(server).join('\n'),
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

interface Health {
  provider: string
  state: string
  reason: string | null
  successRate: number | null
  latencyP50Ms: number | null
  latencyP95Ms: number | null
  timeToFirstTokenP50Ms: number | null
  since: string
  checkedAt: string | null
}

const fields =
  'provider state reason successRate latencyP50Ms latencyP95Ms timeToFirstTokenP50Ms since checkedAt'

async function healthOf(provider: string): Promise<Health | undefined> {
  const { data } = await gateway.graphql<{ providerHealth: Health[] }>(
    `{ providerHealth { ${fields} } }`,
  )
  return data.providerHealth.find((health) => health.provider === provider)
}

const messages = [{ role: 'user' as const, content: 'hello there' }]

const complete = (model: string, extra: object = {}) =>
  gateway.openai().chat.completions.create({ model, messages, ...extra })

describe('the health of a provider', () => {
  test('is unknown until it is called', async () => {
    expect(await healthOf('unused')).toEqual({
      provider: 'unused',
      state: 'UNKNOWN',
      reason: 'no attempts in the last 5 minutes',
      successRate: null,
      latencyP50Ms: null,
      latencyP95Ms: null,
      timeToFirstTokenP50Ms: null,
      since: expect.stringMatching(/^\d{4}-/),
      checkedAt: null,
    })
  })

  test('is measured by its answers', async () => {
    const before = Date.now()
    await complete('fine/gpt-4o')
    const health = await healthOf('fine')
    expect(health).toMatchObject({ state: 'OPERATIONAL', reason: null, successRate: 1 })
    expect(health?.latencyP50Ms).toBeGreaterThan(0)
    expect(health?.latencyP95Ms).toBe(health?.latencyP50Ms)
    expect(health?.timeToFirstTokenP50Ms).toBeLessThanOrEqual(health?.latencyP50Ms ?? 0)
    expect(Date.parse(health?.since ?? '')).toBeGreaterThanOrEqual(before)
    expect(health?.checkedAt).toBe(health?.since)
  })

  test('falls with its failures, those that a fallback hides too, and rises again', async () => {
    await complete('failing/gpt-4o')
    for (let turn = 0; turn < 4; turn += 1) {
      simulator.next(httpError(turn === 3 ? 500 : 503))
      await complete('failing/gpt-4o', { xrouter: { fallbacks: ['fine/gpt-4o'] } })
    }
    expect(await healthOf('failing')).toMatchObject({
      state: 'DOWN',
      reason: '4 of the last 5 attempts failed: PROVIDER_ERROR, PROVIDER_UNAVAILABLE',
      successRate: 0.2,
    })
    expect(await healthOf('fine')).toMatchObject({ state: 'OPERATIONAL', successRate: 1 })
    for (let turn = 0; turn < 2; turn += 1) await complete('failing/gpt-4o')
    expect(await healthOf('failing')).toMatchObject({ state: 'DEGRADED' })
  })

  test('does not fall with mistakes of a client', async () => {
    for (const status of [400, 413]) {
      simulator.next(httpError(status))
      await expect(complete('blamed/gpt-4o')).rejects.toMatchObject({ status })
    }
    await expect(complete('blamed/gpt-4o', { temperature: 9 })).rejects.toMatchObject({
      status: 400,
    })
    expect(await healthOf('blamed')).toMatchObject({ state: 'UNKNOWN', checkedAt: null })
  })

  test.each(doors)('does not fall with a client that leaves: $name', async (door) => {
    const before = await cancelled()
    const upstream = simulator.controlled()
    const visit = door.ask(gateway, { model: 'left/gpt-4o' })
    await upstream.received
    visit.leave()
    await upstream.closed
    await vi.waitFor(async () => expect(await cancelled()).toBe(before + 1))
    expect(await healthOf('left')).toMatchObject({ state: 'UNKNOWN', checkedAt: null })
  })

  test('is shown with each provider to those who may use it', async () => {
    const { secret } = await gateway.createKey({ models: ['fine/*'] })
    const { data } = await gateway.graphql(
      `{ providers { id health { ${fields} } } providerHealth { provider } }`,
      {},
      secret,
    )
    expect(data).toEqual({
      providers: [{ id: 'fine', health: await healthOf('fine') }],
      providerHealth: [{ provider: 'fine' }],
    })
  })
})

async function cancelled(): Promise<number> {
  const { data } = await gateway.graphql<{ requests: { edges: object[] } }>(
    '{ requests(first: 100, status: "cancelled") { edges { cursor } } }',
  )
  return data.requests.edges.length
}
