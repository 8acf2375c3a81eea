import Anthropic from '@anthropic-ai/sdk'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { budgets } from '../../src/db/schema/budget.ts'
import { rateLimits } from '../../src/db/schema/rate-limit.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { changedLimitsChannel } from '../../src/protocol/limit.ts'
import { defaultOrganization } from '../../src/services/api-keys.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { usageEntry } from '../support/usage-entries.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[cache]
     enabled = true
     mode = "on_request"
     [providers.demo]
     token_delay_ms = 0
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"
     [[prices]]
     model = "openai/gpt-4o-mini"
     currency = "USD"
     input = "0"
     output = "1000000"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const messages = [{ role: 'user' as const, content: 'one two three' }]
const complete = (key: string, more: object = {}) =>
  gateway.openai(key).chat.completions.create({
    model: 'demo/echo',
    messages,
    max_tokens: 3,
    ...more,
  } as never)
const long = Array.from({ length: 400 }, (_each, at) => `word${at}`).join(' ')

async function budgeted(limit: string, more: object = {}) {
  const key = await gateway.createKey()
  await limitMoney(gateway, limit, { scope: 'key', subject: key.id, ...more })
  return key
}

/** The numbers that a metric has now for these labels. */
async function metric(name: string, labels: Record<string, string>): Promise<number> {
  const headers = { authorization: `Bearer ${gateway.adminKey}` }
  const answer = await fetch(`${gateway.url}/metrics`, { headers })
  return sumOf(parseMetrics(await answer.text()), name, labels)
}

describe('limits in the headers of Anthropic’s doors', () => {
  const anthropic = (apiKey: string) =>
    new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 })
  const told = (headers: Headers) =>
    Object.fromEntries([...headers].filter(([name]) => /ratelimit/.test(name)))
  const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

  test('are told of messages, as JSON and as a stream, and of a refusal', async () => {
    const { id, secret } = await gateway.createKey()
    await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 2, tokensPerDay: 9_000 })
    const body = { model: 'demo/echo', messages, max_tokens: 5 }
    const json = await anthropic(secret).messages.create(body).asResponse()
    expect(told(json.headers)).toEqual({
      'anthropic-ratelimit-requests-limit': '2',
      'anthropic-ratelimit-requests-remaining': '1',
      'anthropic-ratelimit-requests-reset': moment,
      'anthropic-ratelimit-tokens-limit': '9000',
      'anthropic-ratelimit-tokens-remaining': expect.stringMatching(/^89\d\d$/),
      'anthropic-ratelimit-tokens-reset': moment,
    })
    const reset = Date.parse(json.headers.get('anthropic-ratelimit-requests-reset') ?? '')
    expect(reset).toBeGreaterThan(Date.now() + 43_000_000)
    expect(reset).toBeLessThan(Date.now() + 43_202_000)
    const stream = await anthropic(secret)
      .messages.create({ ...body, stream: true })
      .asResponse()
    await stream.text()
    expect(told(stream.headers)).toMatchObject({ 'anthropic-ratelimit-requests-remaining': '0' })
    const refused: unknown = await anthropic(secret)
      .messages.create(body)
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ status: 429, type: 'rate_limit_error' })
    const { headers } = refused as { headers: Headers }
    expect(told(headers)).toMatchObject({ 'anthropic-ratelimit-requests-remaining': '0' })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('are told of counting tokens, which is a request', async () => {
    const { id, secret } = await gateway.createKey()
    await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 5 })
    const counted = await anthropic(secret)
      .messages.countTokens({ model: 'demo/echo', messages })
      .asResponse()
    expect(told(counted.headers)).toEqual({
      'anthropic-ratelimit-requests-limit': '5',
      'anthropic-ratelimit-requests-remaining': '4',
      'anthropic-ratelimit-requests-reset': moment,
    })
  })
})

describe('a budget that ends answers in time, over GraphQL', () => {
  const fields = `
    ... on TextDelta { text }
    ... on CompletionFailed { error { code message } }
    ... on CompletionFinished { completion { content } }`
  const input = { model: 'demo/echo', messages: [{ role: 'USER', content: long }] }

  test('ends a subscription with CompletionFailed; what was sent is billed', async () => {
    const { secret } = await budgeted('30', { stopStreamAtLimit: true })
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({
        query: `subscription ($input: CompletionInput!) { completion(input: $input) { __typename ${fields} } }`,
        variables: { input },
      }),
    })
    const events = [...(await answer.text()).matchAll(/^data: (\{.+\})$/gm)].map(
      ([, json = '']) => JSON.parse(json).data.completion,
    )
    const text = events.map((event) => event.text ?? '').join('')
    expect(text.length).toBeGreaterThan(0)
    expect(text.length).toBeLessThan(long.length)
    expect(events.at(-1)).toEqual({
      __typename: 'CompletionFailed',
      error: { code: 'INSUFFICIENT_QUOTA', message: expect.stringContaining('is used up') },
    })
    await expect(complete(secret)).rejects.toMatchObject({ status: 402 })
  })

  test('ends a mutation with the error; what was made is billed', async () => {
    const { secret } = await budgeted('30', { stopStreamAtLimit: true })
    const answer = await gateway.graphql(
      `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
        __typename ... on Completion { content } ... on Error { code message } } }`,
      { input },
      secret,
    )
    expect(answer.data).toMatchObject({
      createCompletion: {
        code: 'INSUFFICIENT_QUOTA',
        message: expect.stringContaining('is used up'),
      },
    })
    await expect(complete(secret)).rejects.toMatchObject({ status: 402 })
  })

  test('maxCost passes dear models over, and ends an answer that gets there', async () => {
    const { secret } = await gateway.createKey()
    const ask = async (more: object) =>
      gateway.graphql<{ createCompletion: object }>(
        `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
          ... on Completion { content } ... on Error { code message } } }`,
        { input: { ...input, messages: [{ role: 'USER', content: 'one two three' }], ...more } },
        secret,
      )
    const maxCost = { amount: '3', currency: 'USD' }
    expect((await ask({ maxTokens: 4, routing: { maxCost } })).data.createCompletion).toEqual({
      code: 'INSUFFICIENT_QUOTA',
      message: expect.stringContaining('may cost 4 USD'),
    })
    expect((await ask({ maxTokens: 3, routing: { maxCost } })).data.createCompletion).toEqual({
      content: 'one two three',
    })
  })
})

describe('a budget of a window that rolls', () => {
  const hourMs = 3_600_000

  test.each([
    ['day', 23, 26],
    ['week', 7 * 24 - 1, 7 * 24 + 7],
    ['month', 30 * 24 - 1, 31 * 24 + 1],
  ] as const)(
    'of a %s counts what the ledger has within it, and no more',
    async (period, young, old) => {
      const { id, secret } = await gateway.createKey()
      const [within, before] = [young, old].map((hours) =>
        usageEntry(defaultOrganization, {
          id: `req_rolling_${period}_${hours}`,
          apiKeyId: id,
          createdAt: new Date(Date.now() - hours * hourMs),
          attempts: [{ cost: { currency: 'USD', nanos: 4_000_000_000n } }],
        }),
      )
      if (!within || !before) throw new Error('there are two')
      await writeRows(gateway.running.db, [within, before].map(rowsOf))
      await limitMoney(gateway, '10', { scope: 'key', subject: id, period, timeZone: null })
      await complete(secret)
      await complete(secret)
      const refused: unknown = await complete(secret).catch((error: unknown) => error)
      expect(refused).toMatchObject({
        status: 402,
        message: expect.stringMatching(/has 0 USD of 10 USD left.*More is free from/),
      })
    },
  )
})

describe('kept answers and limits', () => {
  test('a hit is a request, but takes no tokens and no money: a budget that is used up does not refuse it', async () => {
    const { id, secret } = await gateway.createKey()
    const budget = await limitMoney(gateway, '6', { scope: 'key', subject: id })
    await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 5, tokensPerDay: 90 })
    const xrouter = { cache: { mode: 'on', namespace: 'limits' } }
    await complete(secret, { xrouter })
    const hit = async () => {
      const { response } = await complete(secret, { xrouter }).withResponse()
      expect(response.headers.get('x-xrouter-cache')).toBe('hit')
      return response.headers.get('x-ratelimit-remaining-requests')
    }
    expect(await hit()).toBe('3')
    // Three of six dollars are spent: the hit was free.
    await complete(secret, { messages: [{ role: 'user', content: 'four five six' }] })
    expect(await hit()).toBe('1')
    await expect(complete(secret)).rejects.toMatchObject({ status: 402 })
    // Now more was spent than there is.
    const { db, services } = gateway.running
    await db.update(budgets).set({ limitNanos: 1n }).where(eq(budgets.id, budget))
    await db.update(rateLimits).set({ tokensPerDay: 1 }).where(eq(rateLimits.subject, id))
    await services.bus.publish(changedLimitsChannel, defaultOrganization)
    expect(await hit()).toBe('0')
    // It is a request as every other.
    await expect(complete(secret, { xrouter })).rejects.toMatchObject({ status: 429 })
  })

  test('a request for a kept answer alone is not repeated by the SDK where there is none', async () => {
    const before = await metric('xrouter_requests_total', { door: 'rest', status: 'failed' })
    const client = gateway.openai(gateway.adminKey).withOptions({ maxRetries: 2 })
    const xrouter = { cache: { only_if_cached: true } }
    const failed: unknown = await client.chat.completions
      .create({
        model: 'demo/echo',
        messages: [{ role: 'user', content: 'not kept' }],
        xrouter,
      } as never)
      .catch((error: unknown) => error)
    expect(failed).toMatchObject({ status: 504, code: 'not_cached' })
    const { headers } = failed as { headers: Headers }
    expect(headers.get('x-should-retry')).toBe('false')
    expect(await metric('xrouter_requests_total', { door: 'rest', status: 'failed' })).toBe(
      before + 1,
    )
  })
})

describe('refusals in the metrics', () => {
  const refused = 'xrouter_limited_total'

  test.each([
    ['requests', { requestsPerDay: 0 }, 'RATE_LIMIT_EXCEEDED'],
    ['tokens', { tokensPerDay: 1 }, 'RATE_LIMIT_EXCEEDED'],
    ['concurrency', { concurrency: 0 }, 'RATE_LIMIT_EXCEEDED'],
  ])('are counted by scope and by kind: %s', async (kind, rates, code) => {
    const { secret } = await gateway.createKey()
    const user = `user-${kind}`
    await limitRate(gateway, { scope: 'user', subject: user, ...rates })
    const labels = { scope: 'user', kind, code }
    const before = await metric(refused, labels)
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(complete(secret, { user })).rejects.toMatchObject({ status: 429 })
    }
    expect(await metric(refused, labels)).toBe(before + 2)
  })

  test('are counted of budgets, too', async () => {
    const { secret } = await budgeted('1')
    const labels = { scope: 'key', kind: 'budget', code: 'INSUFFICIENT_QUOTA' }
    const before = await metric(refused, labels)
    await expect(complete(secret)).rejects.toMatchObject({ status: 402 })
    expect(await metric(refused, labels)).toBe(before + 1)
  })

  test('what is open is a gauge that follows the requests', async () => {
    const { secret } = await budgeted('100')
    const gauge = () => metric('xrouter_limit_reservations_open', {})
    await expect.poll(gauge).toBe(0)
    const hanging = simulator.controlled()
    const running = complete(secret, { model: 'openai/gpt-4o-mini' })
    await hanging.received
    expect(await gauge()).toBe(1)
    await hanging.answer()
    await running
    await expect.poll(gauge).toBe(0)
  })
})
