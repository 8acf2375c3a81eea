import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [fallbacks]
     "openai/gpt-4o" = ["demo/echo"]`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

async function sum(name: string, labels?: Record<string, string>): Promise<number> {
  const headers = { authorization: `Bearer ${gateway.adminKey}` }
  const response = await fetch(`${gateway.url}/metrics`, { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  return sumOf(parseMetrics(await response.text()), `xrouter_${name}`, labels)
}

const messages = [{ role: 'user' as const, content: 'one two three' }]

test('a completion by each door is counted, with the tokens that its client was told', async () => {
  const answer = await gateway
    .openai()
    .chat.completions.create({ model: 'openai/gpt-4o-mini', messages })
  const graphql = await gateway.graphql<{ createCompletion: { __typename: string } }>(
    `mutation { createCompletion(input: {
       model: "demo/echo", messages: [{ role: USER, content: "one two" }] }) { __typename } }`,
  )
  expect(graphql.errors).toBeUndefined()
  const rest = { door: 'rest', provider: 'openai', model: 'openai/gpt-4o-mini', stream: 'false' }
  expect(await sum('requests_total', { ...rest, status: 'succeeded' })).toBe(1)
  expect(await sum('requests_total', { door: 'graphql', model: 'demo/echo' })).toBe(1)
  const output = { model: 'openai/gpt-4o-mini', class: 'output' }
  expect(await sum('tokens_total', output)).toBe(answer.usage?.completion_tokens)
  expect(await sum('cost_nanos_total', { provider: 'openai', currency: 'USD' })).toBeGreaterThan(0)
})

test('a failover is two attempts and one request', async () => {
  simulator.next(httpError(500))
  await gateway.openai().chat.completions.create({ model: 'openai/gpt-4o', messages })
  const failed = { model: 'openai/gpt-4o', status: 'failed', code: 'PROVIDER_ERROR' }
  expect(await sum('attempts_total', failed)).toBe(1)
  expect(await sum('requests_total', { door: 'rest', model: 'demo/echo' })).toBe(1)
  expect(await sum('requests_total', { model: 'openai/gpt-4o' })).toBe(0)
})

test('names that clients make up leave no series', async () => {
  for (const model of ['made-up-1', 'nobody/made-up-2', 'openai/made-up-3']) {
    const call = gateway.openai().chat.completions.create({ model, messages })
    await expect(call).rejects.toMatchObject({ status: 404 })
  }
  expect(await sum('errors_total', { code: 'MODEL_NOT_FOUND' })).toBe(3)
  expect(await sum('attempts_total', { provider: 'openai', model: 'other' })).toBe(1)
  const headers = { authorization: `Bearer ${gateway.adminKey}` }
  const text = await (await fetch(`${gateway.url}/metrics`, { headers })).text()
  expect(text).not.toContain('made-up')
})

test('a stream is open until its client leaves; that is a cancel and no error', async () => {
  const errors = await sum('errors_total')
  const upstream = simulator.controlled()
  const leave = new AbortController()
  const opening = gateway
    .openai()
    .chat.completions.create(
      { model: 'openai/gpt-4o-mini', messages, stream: true },
      { signal: leave.signal },
    )
  await upstream.received
  upstream.text('Hello')
  await opening
  expect(await sum('streams_open')).toBe(1)
  leave.abort()
  await upstream.closed
  await expect.poll(() => sum('streams_open')).toBe(0)
  expect(await sum('requests_total', { status: 'cancelled', stream: 'true' })).toBe(1)
  expect(await sum('errors_total')).toBe(errors)
})

test('what is settled is soon written', async () => {
  await expect.poll(() => sum('journal_backlog')).toBe(0)
  expect(await sum('journal_errors_total')).toBe(0)
})
