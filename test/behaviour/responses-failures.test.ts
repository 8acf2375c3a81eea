import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { framesOf } from '../support/recorded.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let upstream: OpenaiSimulator
let gateway: TestGateway

beforeEach(async () => {
  upstream = await startOpenaiSimulator()
  gateway = await startGateway(`
[providers.demo]
token_delay_ms = 0

[providers.openai]
api = "responses"
api_key = "sk-simulated"
base_url = "${upstream.url}"
`)
})

afterEach(async () => {
  await gateway.stop()
  await upstream.close()
})

const model = 'openai/gpt-4o'

interface RequestLog {
  requests: { edges: { node: object }[] }
}

async function streamed(path: string, body: object): Promise<Record<string, unknown>[]> {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ model, stream: true, ...body }),
  })
  expect(response.status).toBe(200)
  const frames = framesOf(await response.text()).filter((frame) => frame !== '[DONE]')
  return frames.map((frame) => JSON.parse(frame))
}

describe('a stream through the Responses API on both sides', () => {
  test('that the upstream cuts tells an error and a response that failed', async () => {
    upstream.next((exchange) => {
      exchange.begin(7)
      exchange.end()
    })
    const events = await streamed('/v1/responses', { input: 'one two three' })
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_truncated', error: { code: 'upstream_truncated' } },
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'upstream_truncated' } },
      },
    ])
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, at) => at))
    const log = await gateway.graphql<RequestLog>(
      '{ requests(first: 1) { edges { node { status errorCode } } } }',
    )
    expect(log.data.requests.edges).toEqual([
      { node: { status: 'failed', errorCode: 'UPSTREAM_TRUNCATED' } },
    ])
  })

  test('reaches the official client as its error', async () => {
    upstream.next((exchange) => {
      exchange.begin(7)
      exchange.end()
    })
    const stream = await gateway
      .openai()
      .responses.create({ model, input: 'one two', stream: true })
    const read = (async () => {
      for await (const _ of stream) continue
    })()
    await expect(read).rejects.toMatchObject({ code: 'upstream_truncated' })
  })

  test.each([
    ['flat', { type: 'error', code: 'server_error', message: 'no', param: null }],
    [
      'nested',
      { type: 'error', error: { type: 'server_error', code: 'server_error', message: 'no' } },
    ],
    [
      'a failed response',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'server_error', message: 'no' } },
      },
    ],
  ])('an error frame (%s) before any content goes on to the fallback', async (_, frame) => {
    upstream.next((exchange) => {
      exchange.write(`event: error\ndata: ${JSON.stringify(frame)}\n\n`)
      exchange.end()
    })
    const events = await streamed('/v1/responses', {
      input: 'hello',
      xrouter: { fallbacks: ['demo/echo'] },
    })
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { model: 'demo/echo' },
    })
  })

  test('a quota that is used up, told amid a stream, is never the client’s fault', async () => {
    const quota = { type: 'insufficient_quota', code: 'insufficient_quota', message: 'exceeded' }
    upstream.next((exchange) => {
      exchange.write(`event: error\ndata: ${JSON.stringify({ type: 'error', error: quota })}\n\n`)
      exchange.end()
    })
    const refused = gateway.openai().responses.create({ model, input: 'x', stream: true })
    await expect(refused).rejects.toMatchObject({ status: 502, code: 'provider_auth' })
  })

  test('an answer that was cut short is incomplete, and may be built upon', async () => {
    const client = gateway.openai()
    const words =
      'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen'
    const cut = await client.responses.create({ model, input: words, max_output_tokens: 16 })
    expect(cut).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    })
    const events = await streamed('/v1/responses', { input: words, max_output_tokens: 16 })
    expect(events.at(-1)).toMatchObject({ type: 'response.incomplete' })
    const next = await client.responses.create({
      model,
      input: 'go on',
      previous_response_id: cut.id,
    })
    expect(next.output_text).toBe('You said: go on')
  })

  test('limits below the least of the API are raised, which is said', async () => {
    const response = await gateway
      .openai()
      .responses.create({ model, input: 'a', max_output_tokens: 3 })
    expect(response).toMatchObject({
      xrouter: { warnings: [expect.stringContaining('max_output_tokens')] },
    })
    expect(upstream.requests.at(-1)?.body).toMatchObject({ max_output_tokens: 16, store: false })
  })
})

describe('a client that leaves', () => {
  test.each(['/v1/responses', '/v1/completions'])('%s closes the upstream', async (path) => {
    const controlled = upstream.controlled()
    const leave = new AbortController()
    const body = {
      model,
      stream: true,
      ...(path === '/v1/responses' ? { input: 'x' } : { prompt: 'x' }),
    }
    const answer = fetch(gateway.url + path, {
      method: 'POST',
      signal: leave.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify(body),
    })
    const request = await controlled.received
    controlled.text('hello')
    const reader = (await answer).body?.getReader()
    await reader?.read()
    leave.abort()
    await controlled.closed
    expect(request.aborted).toBe(true)
  })

  test('through the official client likewise', async () => {
    const controlled = upstream.controlled()
    const stream = gateway.openai().responses.stream({ model, input: 'x' })
    const seen = stream.emitted('response.output_text.delta')
    const request = await controlled.received
    controlled.text('hello')
    await seen
    stream.abort()
    await controlled.closed
    expect(request.aborted).toBe(true)
    await expect(stream.finalResponse()).rejects.toThrow('aborted')
  })
})

describe('every door over an upstream of the Responses API', () => {
  test('chat completions: text, calls and usage are what chat would have been', async () => {
    const client = gateway.openai()
    const tools = [
      {
        type: 'function' as const,
        function: {
          name: 'weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      },
    ]
    const messages = [{ role: 'user' as const, content: 'use weather' }]
    const called = await client.chat.completions.create({ model, tools, messages })
    expect(called.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'weather', arguments: '{"city":"city"}' } }] },
    })
    const [call] = called.choices[0]?.message.tool_calls ?? []
    const told = await client.chat.completions.create({
      model,
      tools,
      messages: [
        ...messages,
        { role: 'assistant', content: null, tool_calls: call ? [call] : [] },
        { role: 'tool', tool_call_id: call?.id ?? '', content: '7' },
      ],
    })
    expect(told.choices[0]?.message.content).toBe('The tools said: 7')
    expect(upstream.requests.at(-1)?.body).toMatchObject({
      tools: [{ type: 'function', name: 'weather', strict: false }],
    })
    expect(told.usage?.total_tokens).toBe(
      (told.usage?.prompt_tokens ?? 0) + (told.usage?.completion_tokens ?? 0),
    )
  })

  test('GraphQL', async () => {
    const answer = await gateway.graphql<{ createCompletion: { content: string } }>(
      `mutation { createCompletion(input: { model: "${model}", messages: [{ role: USER, content: "hi" }] }) {
        ... on Completion { content } ... on CompletionError { message } } }`,
    )
    expect(answer.data.createCompletion.content).toBe('You said: hi')
  })

  test('members that chat and responses share are passed on, others are warned of', async () => {
    const messages = [{ role: 'user' as const, content: 'hi' }]
    const body = { model, messages, metadata: { a: 'b' }, verbosity: 'low' as const }
    await gateway.openai().chat.completions.create({ ...body, stream: false })
    expect(upstream.requests.at(-1)?.body).toMatchObject({
      metadata: { a: 'b' },
      text: { verbosity: 'low' },
    })
  })
})
