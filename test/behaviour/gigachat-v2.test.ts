import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import {
  errorFrameAfter,
  httpError,
  malformedFrameAfter,
  rateLimited,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { cannedRefusal } from '../support/simulators/gigachat-answer.ts'
import { foundSource } from '../support/simulators/gigachat-v2-wire.ts'
import { startGigachatSimulator, type GigachatSimulator } from '../support/simulators/gigachat.ts'

let simulator: GigachatSimulator
/** One that takes results from `tool`. */
let other: GigachatSimulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  simulator = await startGigachatSimulator({ api: 'v2', cachedTokens: 2 })
  other = await startGigachatSimulator({ api: 'v2', resultRole: 'tool' })
  gateway = await startGateway(
    `[providers.gigachat]
     ${simulator.toml}
     [providers.other]
     ${other.toml}
     [providers.demo]
     token_delay_ms = 0`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
  await other.close()
})

const model = 'gigachat/GigaChat-2-Max'
const hello = [{ role: 'user' as const, content: 'hello there, how are you' }]
const spoken = 'You said: hello there, how are you'
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

function lastBody(of: GigachatSimulator = simulator): unknown {
  return of.api.requests.findLast(({ method }) => method === 'POST')?.body
}

/** Both ways of asking, in the same form; members beyond OpenAI's go as they are. */
async function ask(body: object, { stream }: { stream: boolean }): Promise<OpenAI.ChatCompletion> {
  const whole = { model, messages: hello, ...body }
  if (!stream) return client.chat.completions.create(whole)
  const asked = { ...whole, stream_options: { include_usage: true } }
  return client.chat.completions.stream({ ...asked, stream: true }).finalChatCompletion()
}

describe.each([false, true])('the official OpenAI client (stream: %s)', (stream) => {
  test('gets a text with the tokens that are billed', async () => {
    const { choices, usage } = await ask({}, { stream })
    expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content: spoken } }])
    const invoice = simulator.api.invoice.at(-1)
    expect(invoice?.completed).toBe(true)
    expect(usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
      prompt_tokens_details: { cached_tokens: 2 },
    })
    expect(lastBody()).toEqual({
      model: 'GigaChat-2-Max',
      messages: [{ role: 'user', content: [{ text: hello[0]?.content }] }],
      ...(stream && { stream }),
    })
  })

  test.each([
    ['function', 'functions_state_id', model, '{"result":"sunny"}'],
    ['tool', 'tools_state_id', 'other/GigaChat-2-Max', { result: 'sunny' }],
  ])('calls a tool, whose result `%s` tells', async (role, member, name, result) => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'please use weather' },
    ]
    const body = { model: name, messages, tools: [weather] }
    const first = await ask(body, { stream })
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    const message = first.choices[0]?.message
    const call = message?.tool_calls?.[0]
    if (!message || call?.type !== 'function') throw new Error('no call')
    expect(call.function).toMatchObject({ name: 'weather', arguments: '{"city":"city"}' })

    messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'sunny' })
    const second = await ask(body, { stream })
    expect(second.choices[0]?.message.content).toBe('The function weather said: {"result":"sunny"}')
    expect(lastBody(name === model ? simulator : other)).toMatchObject({
      tool_config: { mode: 'auto' },
      tools: [{ functions: { specifications: [{ name: 'weather' }] } }],
      messages: [
        { role: 'system', content: [{ text: 'be brief' }] },
        { role: 'user' },
        {
          role: 'assistant',
          [member]: call.id.slice('gch_'.length),
          content: [{ function_call: { name: 'weather', arguments: { city: 'city' } } }],
        },
        { role, content: [{ function_result: { name: 'weather', result } }] },
      ],
    })
  })

  test('sees a filtered answer as content_filter', async () => {
    const answer = await ask(
      { messages: [{ role: 'user', content: 'the black list' }] },
      { stream },
    )
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: cannedRefusal },
    })
  })

  test('gets JSON by a schema, log probabilities, and an answer that was cut', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const json = await ask(
      { response_format: { type: 'json_schema', json_schema: { name: 'place', schema } } },
      { stream },
    )
    expect(json.choices[0]?.message.content).toBe('{"city":"city"}')
    const [choice] = (await ask({ logprobs: true, top_logprobs: 2, max_tokens: 4 }, { stream }))
      .choices
    const tokens = choice?.logprobs?.content ?? []
    expect(choice?.finish_reason).toBe('length')
    expect(tokens.map(({ token }) => token).join('')).toBe(choice?.message.content)
    expect(tokens.map(({ top_logprobs: top }) => top.length)).toEqual([2, 2, 2, 2])
  })

  test('gets reasoning apart from the text', async () => {
    const answer = await ask({ reasoning_effort: 'low' }, { stream })
    expect(answer.choices[0]?.message).toMatchObject({
      content: spoken,
      reasoning_content: `Thinking about: ${hello[0]?.content}`,
    })
    expect(lastBody()).toMatchObject({ model_options: { reasoning: { effort: 'low' } } })
    await ask({ reasoning_effort: 'none' }, { stream })
    expect(lastBody()).toMatchObject({ model_options: { reasoning: { effort: 'off' } } })
  })
})

describe('tools that the service runs', () => {
  const search = { type: 'web_search', web_search: { type: 'actual_info_web_search' } }

  async function answerOf(body: object) {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify({ model, messages: hello, ...body }),
    })
    const answer = await response.json()
    return { message: answer.choices[0].message, warnings: answer.xrouter?.warnings ?? [] }
  }

  test('search with sources, and know in the next turn what they did', async () => {
    const { message, warnings } = await answerOf({ tools: [search], tool_choice: 'required' })
    expect(warnings).toEqual([expect.stringMatching(/^`tool_choice` is emulated/)])
    expect(lastBody()).toMatchObject({
      tools: [{ web_search: { type: 'actual_info_web_search' } }],
      tool_config: { mode: 'forced', tool_name: 'web_search' },
    })
    expect(message).toMatchObject({
      content: spoken,
      annotations: [{ type: 'url_citation', url_citation: foundSource }],
    })
    await answerOf({ messages: [...hello, message, ...hello] })
    expect(lastBody()).toMatchObject({
      messages: [
        {},
        { role: 'assistant', functions_state_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        {},
      ],
    })
  })

  test('make pictures, which go back by their ids', async () => {
    const user = { role: 'user', content: 'please use image_generate' }
    const { message } = await answerOf({ messages: [user], tools: [{ type: 'image_generate' }] })
    const [picture] = message.xrouter.parts
    expect(picture).toMatchObject({
      type: 'native',
      dialect: 'gigachat-v2',
      part: { files: [{ mime: 'image/jpeg', target: 'image' }] },
    })
    await answerOf({ messages: [user, message, ...hello] })
    expect(lastBody()).toMatchObject({
      messages: [
        {},
        { content: [{ text: message.content }, { files: [{ id: picture.part.files[0].id }] }] },
        {},
      ],
    })
  })

  test('stand for those of other vendors, which is said', async () => {
    const { warnings } = await answerOf({ tools: [{ type: 'web_search_20250305', max_uses: 2 }] })
    expect(warnings).toEqual([expect.stringMatching(/^`tools\[0\]` is emulated .*own search/)])
    expect(lastBody()).toMatchObject({ tools: [{ web_search: {} }] })
  })

  test('send their progress amid a stream, which is no text', async () => {
    const reply = await complete(gateway, {
      model,
      messages: hello,
      tools: [search],
      tool_choice: 'required',
      stream: true,
    })
    expect(reply).toMatchObject({ text: spoken, done: true, error: undefined })
  })
})

describe('GraphQL', () => {
  interface Answer {
    createCompletion: { content: string | null; toolCalls: object[]; code?: string }
  }

  async function mutate(input: object) {
    const { data, errors } = await gateway.graphql<Answer>(
      `mutation($input: CompletionInput!) { createCompletion(input: $input) {
        ... on Completion { content finishReason toolCalls { id name arguments }
          usage { inputTokens cachedInputTokens outputTokens } }
        ... on Error { code message } } }`,
      { input: { model, ...input } },
    )
    expect(errors).toBeUndefined()
    return data.createCompletion
  }

  test('gets a text with the tokens in disjoint classes, and failures', async () => {
    const messages = [{ role: 'USER', content: 'hello' }]
    const answer = await mutate({ messages })
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
    simulator.api.next(httpError(402))
    expect(await mutate({ messages })).toMatchObject({ code: 'PROVIDER_AUTH' })
  })

  test('calls a tool in a conversation of two turns', async () => {
    const tools = [{ name: 'weather', parameters: weather.function.parameters }]
    const user = { role: 'USER', content: 'use weather' }
    const { toolCalls } = await mutate({ messages: [user], tools })
    expect(toolCalls).toMatchObject([{ name: 'weather' }])
    const [call] = toolCalls
    const result = { role: 'TOOL', toolCallId: Object(call).id, content: '{"sky":"blue"}' }
    const second = await mutate({
      tools,
      messages: [user, { role: 'ASSISTANT', toolCalls }, result],
    })
    expect(second.content).toBe('The function weather said: {"sky":"blue"}')
  })

  test('streams', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${gateway.adminKey}`,
      },
      body: JSON.stringify({
        query: `subscription ($input: CompletionInput!) { completion(input: $input) {
          ... on TextDelta { text } ... on CompletionFinished { completion { content } } } }`,
        variables: { input: { model, messages: [{ role: 'USER', content: hello[0]?.content }] } },
      }),
    })
    const events = [...(await response.text()).matchAll(/^data: (\{.*\})$/gm)].map(
      ([, json = '']) => JSON.parse(json).data.completion,
    )
    expect(events.map(({ text = '' }) => text).join('')).toBe(spoken)
    expect(events.at(-1)).toEqual({ completion: { content: spoken } })
  })
})

describe('failures', () => {
  const body = { model, messages: hello }

  test.each([
    ['an unknown model', { ...body, model: 'gigachat/None' }, undefined, 'model_not_found'],
    ['a payload that is too large', body, httpError(413), 'context_length_exceeded'],
    ['too many at once', body, rateLimited(), 'provider_rate_limited'],
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
    ['a frame that is no JSON', malformedFrameAfter(2), 'provider_error'],
    ['an end without a reason', truncateAfter(2), 'upstream_truncated'],
    ['a broken connection', resetAfter(2), 'upstream_truncated'],
  ])('amid a stream: %s', async (_name, answer, code) => {
    simulator.api.next(answer)
    const reply = await complete(gateway, { ...body, stream: true })
    expect(reply).toMatchObject({ error: { code }, done: false })
    expect(spoken.startsWith(reply.text) && reply.text !== '').toBe(true)
  })

  test('the first of them goes to a fallback, as does what it cannot do', async () => {
    const xrouter = { fallbacks: ['demo/echo'] }
    simulator.api.next(httpError(500))
    for (const [request, attempts] of [
      [body, '2'],
      [{ ...body, n: 2 }, '1'],
    ] as const) {
      const reply = await complete(gateway, { ...request, xrouter })
      expect(reply).toMatchObject({ status: 200, text: hello[0]?.content })
      expect(reply.headers.get('x-xrouter-attempts')).toBe(attempts)
    }
  })

  test('an expired token is renewed', async () => {
    const before = simulator.issued.length
    simulator.expireTokens()
    expect(await complete(gateway, body)).toMatchObject({ status: 200, text: spoken })
    expect(simulator.issued.length).toBe(before + 1)
  })
})

test('a client that leaves has its usage on the ledger and its upstream closed', async () => {
  const upstream = simulator.api.controlled()
  const leaving = new AbortController()
  const asked = client.chat.completions
    .create({ model, messages: hello, stream: true }, { signal: leaving.signal })
    .withResponse()
  await upstream.received
  upstream.text('One')
  const { data: stream, response } = await asked
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content !== 'One') continue
    leaving.abort()
    break
  }
  await upstream.closed
  await vi.waitFor(async () => {
    expect(await requestOf(gateway, response.headers.get('x-request-id'))).toMatchObject({
      status: 'cancelled',
    })
  })
})

test('models that the service lists under v1 are found', async () => {
  await vi.waitFor(() => {
    const names = gateway.running.catalogue.models.map(({ id }) => id)
    expect(names).toContain('gigachat/GigaChat-Plus')
  })
})
