import { asc, eq } from 'drizzle-orm'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempts } from '../../src/db/schema/attempt.ts'
import { requests } from '../../src/db/schema/request.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { startAnthropicSimulator } from '../support/simulators/anthropic.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: OpenaiSimulator
let anthropic: Simulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator({ cachedTokens: 3 })
  anthropic = await startAnthropicSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.unpriced]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.anthropic]
     api_key = "sk-ant-simulated"
     base_url = "${anthropic.url}"
     [accounting]
     currency = "RUB"
     [[rates]]
     from = "USD"
     to = "RUB"
     rate = "92.5"
     valid_from = 2026-01-01
     source = "test"
     [[prices]]
     model = "unpriced/gpt-5"
     currency = "RUB"
     input = "100"
     output = "300"
     reasoning = "500"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
  await anthropic.close()
})

const messages = [{ role: 'user' as const, content: 'hello there' }]

async function complete(model: string, extra: object = {}): Promise<string> {
  const { response } = await gateway
    .openai()
    .chat.completions.create({ model, messages, ...extra })
    .withResponse()
  return response.headers.get('x-request-id') ?? ''
}

describe('the ledger', () => {
  test.each([false, true])(
    'holds what the provider billed, in disjoint classes (stream: %s)',
    async (stream) => {
      const client = gateway.openai()
      const body = { model: 'openai/gpt-4o-mini', messages }
      let id: string
      if (stream) {
        const runner = client.chat.completions.stream(body)
        id = (await runner.finalChatCompletion()).id
      } else id = (await client.chat.completions.create(body)).id
      const invoice = simulator.invoice.at(-1)
      const seen = await requestOf(gateway, id)
      const inputTokens = (invoice?.promptTokens ?? 0) - 3
      const outputTokens = invoice?.completionTokens ?? 0
      expect(seen?.usage).toEqual({
        inputTokens,
        cachedInputTokens: 3,
        outputTokens,
        reasoningTokens: 0,
        totalTokens: inputTokens + 3 + outputTokens,
        estimated: false,
        cost: {
          currency: 'USD',
          amountNanos: String(inputTokens * 150 + 3 * 75 + outputTokens * 600),
          amount: expect.stringMatching(/^0\.\d+$/),
        },
      })
      expect(seen?.stream).toBe(stream)
      expect(seen?.attempts[0]?.usage).toEqual(seen?.usage)
      expect(seen?.latencyMs).toBeGreaterThan(0)
      expect(seen?.timeToFirstTokenMs).toBeLessThanOrEqual(seen?.latencyMs ?? 0)
    },
  )

  test('prices reasoning by its own price and keeps the price used on the row', async () => {
    const id = await complete('unpriced/gpt-5')
    const invoice = simulator.invoice.at(-1)
    const reasoning = invoice?.reasoningTokens ?? 0
    expect(reasoning).toBeGreaterThan(0)
    const seen = await requestOf(gateway, id)
    const { inputTokens, cachedInputTokens, outputTokens } = seen?.usage ?? {}
    expect(seen?.usage?.reasoningTokens).toBe(reasoning)
    const expected =
      ((inputTokens ?? 0) + (cachedInputTokens ?? 0)) * 100_000 +
      (outputTokens ?? 0) * 300_000 +
      reasoning * 500_000
    expect(seen?.usage?.cost).toMatchObject({ currency: 'RUB', amountNanos: String(expected) })
    const [row] = await gateway.running.db.select().from(attempts).where(eq(attempts.requestId, id))
    expect(row?.price).toEqual({
      currency: 'RUB',
      perMillion: { inputTokens: '100', outputTokens: '300', reasoningTokens: '500' },
      source: 'configuration',
    })
    expect(row?.upstreamModel).toMatch(/^gpt-5-\d{4}/)
    expect(row?.upstreamId).toMatch(/^chatcmpl-/)
    expect(row?.rawUsage).toHaveProperty('prompt_tokens', invoice?.promptTokens)
  })

  test('an unknown price is an unknown cost, never zero', async () => {
    const seen = await requestOf(gateway, await complete('unpriced/gpt-4o'))
    expect(seen?.usage?.inputTokens).toBeGreaterThan(0)
    expect(seen?.usage?.cost).toBeNull()
  })

  test('usage that the provider does not report is counted here and marked as estimated', async () => {
    const upstream = simulator.controlled()
    const answer = complete('openai/gpt-4o')
    await upstream.received
    upstream.json(200, {
      id: 'x',
      object: 'chat.completion',
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    })
    const seen = await requestOf(gateway, await answer)
    expect(seen).toMatchObject({
      status: 'succeeded',
      usage: { estimated: true, inputTokens: 6, outputTokens: 1, totalTokens: 7 },
    })
    expect(seen?.usage?.cost?.amountNanos).toBe(String(6 * 2500 + 10_000))
  })

  test('an attempt that fails in the middle is billed by what it said, and keeps its price', async () => {
    const upstream = simulator.controlled()
    const answering = gateway
      .openai()
      .chat.completions.create({ model: 'openai/gpt-4o', messages, stream: true })
      .withResponse()
    await upstream.received
    upstream.text('one two three')
    const { data, response } = await answering
    upstream.reset()
    await expect(Array.fromAsync(data)).rejects.toBeInstanceOf(OpenAI.APIError)
    const seen = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(seen).toMatchObject({
      status: 'failed',
      attempts: [{ status: 'FAILED', usage: { estimated: true, inputTokens: 6, outputTokens: 3 } }],
    })
    expect(seen?.attempts[0]?.usage?.cost?.amountNanos).toBe(String(6 * 2500 + 3 * 10_000))
  })

  test('an attempt that never said anything stays unknown, at the price that it would have had', async () => {
    simulator.next(httpError(400))
    const failed = await gateway
      .openai()
      .chat.completions.create({ model: 'openai/gpt-4o', messages })
      .catch((error: unknown) => error)
    const id = failed instanceof OpenAI.APIError ? (failed.requestID ?? '') : ''
    expect((await requestOf(gateway, id))?.attempts).toMatchObject([{ usage: null }])
    const [row] = await gateway.running.db.select().from(attempts).where(eq(attempts.requestId, id))
    expect(row).toMatchObject({ costNanos: null, price: { perMillion: { inputTokens: '2.5' } } })
  })

  test('a client that leaves pays the reported prompt and the counted answer', async () => {
    const upstream = anthropic.controlled()
    const answering = gateway
      .openai()
      .chat.completions.create({ model: 'anthropic/claude-opus-5', messages, stream: true })
      .withResponse()
    await upstream.received
    upstream.text('one two three')
    const { data, response } = await answering
    for await (const chunk of data) if (chunk.choices[0]?.delta.content) break
    await upstream.closed
    const billed = anthropic.invoice.at(-1)
    const seen = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(seen).toMatchObject({
      status: 'cancelled',
      usage: { estimated: true, inputTokens: billed?.promptTokens, outputTokens: 3 },
    })
  })

  test('costs are kept in the accounting currency too, at the rate of the day', async () => {
    const id = await complete('openai/gpt-4o')
    const seen = await requestOf(gateway, id)
    const nanos = BigInt(seen?.usage?.cost?.amountNanos ?? 0)
    const [row] = await gateway.running.db.select().from(attempts).where(eq(attempts.requestId, id))
    expect(row).toMatchObject({
      accountingCurrency: 'RUB',
      accountingNanos: (nanos * 925n + 5n) / 10n,
      rate: { from: 'USD', to: 'RUB', rate: '92.5', source: 'test' },
    })
    const answer = await gateway.graphql<{ request: unknown }>(
      `query ($id: ID!) { request(id: $id) {
        ledgerEntries { kind amount { currency amountNanos } }
        attempts { accountingCost { currency amountNanos } } } }`,
      { id },
    )
    expect(answer.data.request).toEqual({
      ledgerEntries: [
        { kind: 'SETTLEMENT', amount: { currency: 'USD', amountNanos: String(nanos) } },
      ],
      attempts: [
        { accountingCost: { currency: 'RUB', amountNanos: String(row?.accountingNanos) } },
      ],
    })
  })

  test('has one row for each attempt, the failed ones included, and keeps tags and the key', async () => {
    simulator.next(httpError(500))
    const { id: keyId, secret } = await gateway.createKey()
    const { response } = await gateway
      .openai(secret)
      .chat.completions.create({
        model: 'openai/gpt-4o',
        messages,
        ...{ xrouter: { fallbacks: ['unpriced/gpt-4o'], tags: { team: 'search', run: 7 } } },
      })
      .withResponse()
    const id = response.headers.get('x-request-id') ?? ''
    await requestOf(gateway, id)
    const { db } = gateway.running
    const [row] = await db.select().from(requests).where(eq(requests.id, id))
    expect(row).toMatchObject({
      apiKeyId: keyId,
      door: 'rest',
      tags: { team: 'search', run: 7 },
      requestedModel: 'openai/gpt-4o',
      model: 'unpriced/gpt-4o',
    })
    const rows = await db
      .select()
      .from(attempts)
      .where(eq(attempts.requestId, id))
      .orderBy(asc(attempts.number))
    expect(rows).toMatchObject([
      {
        number: 1,
        provider: 'openai',
        status: 'failed',
        httpStatus: 500,
        errorCode: 'PROVIDER_ERROR',
      },
      { number: 2, provider: 'unpriced', status: 'succeeded', httpStatus: 200 },
    ])
  })

  test('holds 300 concurrent requests, each once', async () => {
    const ids = await Promise.all(Array.from({ length: 300 }, () => complete('openai/gpt-4o')))
    expect(new Set(ids).size).toBe(300)
    await requestOf(gateway, ids[0] ?? '')
    const rows = await gateway.running.db.select({ id: requests.id }).from(requests)
    const written = rows.map((row) => row.id)
    expect(new Set(written).size).toBe(written.length)
    expect(ids.filter((id) => !written.includes(id))).toEqual([])
  })

  test('neither prompts nor answers nor credentials are in the log', async () => {
    await gateway.openai().chat.completions.create({
      model: 'openai/gpt-4o',
      messages: [{ role: 'user', content: 'my-secret-prompt' }],
    })
    simulator.next(httpError(401))
    await complete('openai/gpt-4o').catch(() => {})
    const logs = gateway.logs()
    expect(logs).toContain('"route":"/v1/chat/completions"')
    for (const secret of ['my-secret-prompt', 'You said', 'sk-simulated', gateway.adminKey]) {
      expect(logs).not.toContain(secret)
    }
  })
})
