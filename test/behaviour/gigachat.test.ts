import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { complete } from '../support/rest-answer.ts'
import {
  errorFrameAfter,
  httpError,
  rateLimited,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { cannedRefusal } from '../support/simulators/gigachat-answer.ts'
import { startGigachatSimulator, type GigachatSimulator } from '../support/simulators/gigachat.ts'

let simulator: GigachatSimulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  simulator = await startGigachatSimulator({ cachedTokens: 2 })
  gateway = await startGateway(
    `[providers.gigachat]
     ${simulator.toml}
     [providers.demo]
     token_delay_ms = 0`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const model = 'gigachat/GigaChat-2-Max'
const hello = [{ role: 'user' as const, content: 'hello there, how are you' }]
const spoken = 'You said: hello there, how are you'
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
    },
  },
}

/** The list of models is asked for too, at the start. */
function lastCompletion() {
  return simulator.api.requests.findLast(({ method }) => method === 'POST')
}

function lastBody(): unknown {
  return lastCompletion()?.body
}

describe('the official OpenAI client', () => {
  test('gets a text with disjoint usage', async () => {
    const answer = await client.chat.completions.create({ model, messages: hello })
    expect(answer.choices).toMatchObject([
      { finish_reason: 'stop', message: { role: 'assistant', content: spoken } },
    ])
    const invoice = simulator.api.invoice.at(-1)
    expect(answer.usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
      prompt_tokens_details: { cached_tokens: 2 },
    })
    expect(lastCompletion()?.headers).toMatchObject({
      authorization: `Bearer ${simulator.issued.at(-1)}`,
      'user-agent': expect.stringMatching(/./),
    })
  })

  test('gets a stream, with usage where it asks for it', async () => {
    const deltas: string[] = []
    const stream = client.chat.completions.stream({
      model,
      messages: hello,
      stream_options: { include_usage: true },
    })
    stream.on('content', (delta) => deltas.push(delta))
    const answer = await stream.finalChatCompletion()
    expect(deltas.length).toBeGreaterThan(2)
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: spoken },
    })
    expect(answer.usage?.completion_tokens).toBe(simulator.api.invoice.at(-1)?.completionTokens)
    expect(simulator.api.invoice.at(-1)?.completed).toBe(true)
  })

  test.each([false, true])(
    'calls a tool, and answers it in a second turn (stream: %s)',
    async (stream) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'please use weather' },
      ]
      const body = { model, messages, tools: [weather] }
      const first = stream
        ? await client.chat.completions.stream(body).finalChatCompletion()
        : await client.chat.completions.create(body)
      const message = first.choices[0]?.message
      expect(first.choices[0]?.finish_reason).toBe('tool_calls')
      const call = message?.tool_calls?.[0]
      if (!message || call?.type !== 'function') throw new Error('no call')
      expect(call.function.name).toBe('weather')
      expect(JSON.parse(call.function.arguments)).toEqual({ city: 'city', days: 1 })
      expect(call.id.length).toBeLessThanOrEqual(40)

      messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'sunny' })
      const second = await client.chat.completions.create(body)
      expect(second.choices[0]?.message.content).toBe(
        'The function weather said: {"result":"sunny"}',
      )
      expect(lastBody()).toMatchObject({
        functions: [{ name: 'weather' }],
        function_call: 'auto',
        messages: [
          { role: 'system', content: 'be brief' },
          { role: 'user' },
          {
            role: 'assistant',
            function_call: { name: 'weather', arguments: { city: 'city', days: 1 } },
            functions_state_id: call.id.slice('gch_'.length),
          },
          { role: 'function', name: 'weather', content: '{"result":"sunny"}' },
        ],
      })
    },
  )

  test.each([false, true])(
    'sees a filtered answer as content_filter (stream: %s)',
    async (stream) => {
      const body = { model, messages: [{ role: 'user' as const, content: 'the black list' }] }
      const answer = stream
        ? await client.chat.completions.stream(body).finalChatCompletion()
        : await client.chat.completions.create(body)
      expect(answer.choices[0]).toMatchObject({
        finish_reason: 'content_filter',
        message: { content: cannedRefusal },
      })
    },
  )

  test('gets JSON by a schema, and reasoning apart from the text', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const json = await client.chat.completions.create({
      model,
      messages: hello,
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema } },
    })
    expect(json.choices[0]?.message.content).toBe('{"city":"city"}')
    expect(lastBody()).toMatchObject({ response_format: { type: 'json_schema', schema } })

    const thought = await client.chat.completions.create({
      model,
      messages: hello,
      reasoning_effort: 'low',
    })
    expect(thought.choices[0]?.message).toMatchObject({
      content: spoken,
      reasoning_content: `Thinking about: ${hello[0]?.content}`,
    })
  })

  test('may ask for a temperature of 0', async () => {
    await client.chat.completions.create({ model, messages: hello, temperature: 0, top_p: 0.9 })
    expect(lastBody()).toMatchObject({ top_p: 0 })
    expect(lastBody()).not.toHaveProperty('temperature')
  })

  test('is told what was emulated', async () => {
    const answer = await client.chat.completions.create({
      model,
      messages: [...hello, { role: 'system', content: 'be brief' }],
    })
    expect(answer).toMatchObject({
      xrouter: { warnings: [expect.stringMatching(/^`messages\[1\]` is emulated/)] },
    })
    expect(lastBody()).toMatchObject({ messages: [{ role: 'system' }, { role: 'user' }] })
  })
})

describe('GraphQL', () => {
  const query = `mutation($input: CompletionInput!) { createCompletion(input: $input) {
    __typename
    ... on Completion { content finishReason toolCalls { id name arguments }
      usage { inputTokens cachedInputTokens outputTokens } attempts { model status } }
    ... on Error { code message } } }`

  interface Answer {
    createCompletion: {
      content: string | null
      finishReason: string
      toolCalls: { id: string; name: string; arguments: unknown }[]
      usage: Record<string, number>
      code?: string
      message?: string
    }
  }

  async function ask(input: object) {
    const { data, errors } = await gateway.graphql<Answer>(query, { input: { model, ...input } })
    expect(errors).toBeUndefined()
    return data.createCompletion
  }

  test('gets a text, a filtered one, and the tokens in disjoint classes', async () => {
    const answer = await ask({ messages: [{ role: 'USER', content: 'hello' }] })
    const invoice = simulator.api.invoice.at(-1)
    expect(answer).toMatchObject({
      content: 'You said: hello',
      finishReason: 'STOP',
      usage: {
        inputTokens: (invoice?.promptTokens ?? 0) - 2,
        cachedInputTokens: 2,
        outputTokens: invoice?.completionTokens,
      },
    })
    const filtered = await ask({ messages: [{ role: 'USER', content: 'black list' }] })
    expect(filtered).toMatchObject({ finishReason: 'CONTENT_FILTER', content: cannedRefusal })
  })

  test('calls a tool in a conversation of two turns', async () => {
    const tools = [{ name: 'weather', parameters: weather.function.parameters }]
    const user = { role: 'USER', content: 'use weather' }
    const first = await ask({ messages: [user], tools })
    const [call] = first.toolCalls
    expect(call).toMatchObject({ name: 'weather' })
    const second = await ask({
      tools,
      messages: [
        user,
        { role: 'ASSISTANT', toolCalls: [call] },
        { role: 'TOOL', toolCallId: call?.id, content: '{"sky":"blue"}' },
      ],
    })
    expect(second.content).toBe('The function weather said: {"sky":"blue"}')
  })

  test('is told of failures', async () => {
    simulator.api.next(httpError(402))
    expect(await ask({ messages: [{ role: 'USER', content: 'hello' }] })).toMatchObject({
      code: 'PROVIDER_AUTH',
      message: expect.stringMatching(/no tokens left/),
    })
  })
})

describe('failures', () => {
  const body = { model, messages: hello }

  test.each([
    ['an unknown model', { ...body, model: 'gigachat/None' }, undefined, 'model_not_found'],
    ['a payload that is too large', body, httpError(413), 'context_length_exceeded'],
    ['too many at once', body, rateLimited(), 'provider_rate_limited'],
    ['no tokens left', body, httpError(402), 'provider_auth'],
    ['no permission', body, httpError(403), 'provider_auth'],
    ['a refusal', body, httpError(422), 'invalid_request'],
    ['a failure of its own', body, httpError(500), 'provider_error'],
    [
      'invalid arguments',
      { ...body, messages: [{ role: 'user', content: 'bad call' }] },
      undefined,
      'provider_error',
    ],
  ])('%s', async (_name, request, answer, code) => {
    if (answer) simulator.api.next(answer)
    const reply = await complete(gateway, request)
    expect(reply.error?.code).toBe(code)
    expect(reply.error?.message).not.toMatch(/Bearer|eyJ/)
  })

  test.each([
    ['a frame that tells of a failure', errorFrameAfter(2), 'provider_error'],
    ['an end without a terminal signal', truncateAfter(2), 'upstream_truncated'],
    ['a broken connection', resetAfter(2), 'upstream_truncated'],
  ])('amid a stream: %s', async (_name, answer, code) => {
    simulator.api.next(answer)
    const reply = await complete(gateway, { ...body, stream: true })
    expect(reply).toMatchObject({ error: { code }, done: false })
    expect(spoken.startsWith(reply.text) && reply.text !== '').toBe(true)
  })

  test('a finish without [DONE] is an end', async () => {
    const upstream = simulator.api.controlled()
    const reply = complete(gateway, { ...body, stream: true })
    await upstream.received
    upstream.text('all')
    upstream.finish('stop')
    upstream.end()
    expect(await reply).toMatchObject({ text: 'all', done: true, error: undefined })
  })

  test('what it cannot do goes to a fallback that can', async () => {
    const reply = await complete(gateway, {
      ...body,
      n: 2,
      xrouter: { fallbacks: ['demo/echo'] },
    })
    expect(reply).toMatchObject({ status: 200, text: hello[0]?.content })
    // It is not even tried.
    expect(reply.headers.get('x-xrouter-attempts')).toBe('1')
  })
})

test('models that the service lists beyond the known ones can be called by their bare name', async () => {
  await expect
    .poll(() => gateway.running.catalogue.models.map(({ id }) => id))
    .toContain('gigachat/GigaChat-Plus')
  const answer = await client.chat.completions.create({ model: 'GigaChat-Plus', messages: hello })
  expect(answer.model).toBe('gigachat/GigaChat-Plus')
})
