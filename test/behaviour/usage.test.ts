import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { organizations } from '../../src/db/schema/organization.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
let team: { id: string; secret: string }

const messages = [{ role: 'user' as const, content: 'hello there' }]

beforeAll(async () => {
  simulator = await startOpenaiSimulator({ cachedTokens: 0 })
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.unpriced]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.roubles]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [[prices]]
     model = "roubles/gpt-4o"
     currency = "RUB"
     input = "100"
     output = "300"`,
  )
  team = await gateway.createKey()
  const complete = (model: string, extra: object = {}, key = team.secret) =>
    gateway.openai(key).chat.completions.create({ model, messages, ...extra })
  await complete('openai/gpt-4o', { xrouter: { tags: { team: 'search', run: 7 } } })
  await complete('openai/gpt-4o', { xrouter: { tags: { team: 'ads' } } }, gateway.adminKey)
  await complete('roubles/gpt-4o')
  await complete('unpriced/gpt-4o')
  simulator.next(httpError(500))
  await complete('openai/gpt-4o', { xrouter: { fallbacks: ['roubles/gpt-4o'] } })
  simulator.next(httpError(500))
  await complete('openai/gpt-4o').catch(() => {})
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

interface Row {
  time: string | null
  key: Record<string, unknown>
  requests: string
  errors: string
  unpricedAttempts: string
  inputTokens: string
  outputTokens: string
  cost: { currency: string; amountNanos: string }[]
}

const today = {
  from: new Date(Date.now() - 86_400_000).toISOString(),
  to: new Date(Date.now() + 86_400_000).toISOString(),
}

const usage = (variables: object = {}, key?: string, more = '') =>
  gateway.graphql<{ usage: Row[] }>(
    `query ($filter: UsageFilter!, $groupBy: [UsageDimension!], $granularity: Granularity) {
      usage(filter: $filter, groupBy: $groupBy, granularity: $granularity) {
        time key requests errors unpricedAttempts inputTokens outputTokens cost { currency amountNanos } ${more}
      }
    }`,
    { filter: today, ...variables },
    key,
  )

describe('usage', () => {
  test('equals the invoice, in each currency', async () => {
    const { data } = await usage()
    const { invoice } = simulator
    expect(invoice).toHaveLength(5)
    const sum = (part: 'promptTokens' | 'completionTokens', entries = invoice) =>
      entries.reduce((total, entry) => total + entry[part], 0)
    const nanos = (entries: typeof invoice, input: number, output: number) =>
      String(sum('promptTokens', entries) * input + sum('completionTokens', entries) * output)
    const [dollars, roubles] = [invoice.slice(0, 2), [invoice[2], invoice[4]].filter((x) => !!x)]
    expect(data.usage).toEqual([
      {
        time: null,
        key: {},
        requests: '6',
        errors: '1',
        unpricedAttempts: '1',
        inputTokens: String(sum('promptTokens')),
        outputTokens: String(sum('completionTokens')),
        cost: [
          { currency: 'RUB', amountNanos: nanos(roubles, 100_000, 300_000) },
          { currency: 'USD', amountNanos: nanos(dollars, 2_500, 10_000) },
        ],
      },
    ])
  })

  test('by provider has the errors where the last attempt was made', async () => {
    const { data } = await usage({ groupBy: ['PROVIDER'] })
    const brief = data.usage.map(({ key, requests, errors, cost }) => [
      key['provider'],
      requests,
      errors,
      cost.map(({ currency }) => currency).join(),
    ])
    expect(brief).toEqual([
      ['openai', '3', '1', 'USD'],
      ['roubles', '2', '0', 'RUB'],
      ['unpriced', '1', '0', ''],
    ])
  })

  test('by key has the keys, by hour and day their beginnings', async () => {
    const { data } = await usage({ groupBy: ['API_KEY'] }, undefined, 'apiKey { id name }')
    expect(data.usage).toHaveLength(2)
    expect(data.usage).toContainEqual(
      expect.objectContaining({
        key: { apiKeyId: team.id },
        requests: '5',
        apiKey: { id: team.id, name: 'test' },
      }),
    )
    for (const [granularity, pattern] of [
      ['HOUR', /T\d\d:00:00\.000Z$/],
      ['DAY', /T00:00:00\.000Z$/],
    ] as const) {
      const { data: byTime } = await usage({ granularity })
      expect(byTime.usage.every(({ time }) => pattern.test(time ?? ''))).toBe(true)
      const requests = byTime.usage.reduce((total, row) => total + Number(row.requests), 0)
      expect(requests).toBe(6)
    }
  })

  test('by tag has names and values', async () => {
    const { data } = await usage({ groupBy: ['TAG', 'MODEL'] })
    expect(data.usage.map(({ key, requests }) => [key, requests])).toEqual([
      [{ model: 'openai/gpt-4o', tag: { run: 7 } }, '1'],
      [{ model: 'openai/gpt-4o', tag: { team: 'ads' } }, '1'],
      [{ model: 'openai/gpt-4o', tag: { team: 'search' } }, '1'],
    ])
  })

  test.each<[string, Scope[], string | undefined]>([
    ['a key that only calls models', ['INFERENCE'], 'PERMISSION_DENIED'],
    ['a key that may read', ['READ'], undefined],
  ])('for %s', async (_name, scopes, code) => {
    const { secret } = await gateway.createKey({ scopes })
    const { errors } = await usage({}, secret)
    expect(errors?.[0]?.extensions?.code).toBe(code)
  })

  test('of another organisation is its own', async () => {
    const { db } = gateway.running
    await db.insert(organizations).values({ id: 'org_other', name: 'Other' })
    const { secret } = await gateway.createKey({ organization: 'org_other', scopes: ['ADMIN'] })
    for (const filter of [today, { ...today, apiKeyId: team.id }]) {
      expect((await usage({ filter }, secret)).data.usage).toEqual([])
    }
  })

  test('of an impossible time is refused by name', async () => {
    const { errors } = await usage({ filter: { from: today.to, to: today.from } })
    expect(errors?.[0]).toMatchObject({
      message: '`filter.to` must be later than `filter.from`.',
      extensions: { code: 'INVALID_REQUEST', path: 'filter.to' },
    })
  })
})
