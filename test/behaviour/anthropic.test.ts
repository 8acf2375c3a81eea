import Anthropic from '@anthropic-ai/sdk'
import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { startAnthropicSimulator } from '../support/simulators/anthropic.ts'
import {
  errorFrameAfter,
  httpError,
  overloaded529,
  rateLimited,
  truncateAfter,
} from '../support/simulators/faults.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: Simulator
let gateway: TestGateway
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  simulator = await startAnthropicSimulator()
  gateway = await startGateway(
    `[providers.anthropic]
     api_key = "sk-ant-simulated"
     base_url = "${simulator.url}"
     [providers.wrong]
     type = "anthropic"
     api_key = "sk-ant-wrong"
     base_url = "${simulator.url}"
     [providers.demo]
     token_delay_ms = 0`,
  )
  openai = gateway.openai()
  anthropic = new Anthropic({ apiKey: gateway.adminKey, baseURL: gateway.url, maxRetries: 0 })
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const model = 'anthropic/claude-opus-5'
const older = 'anthropic/claude-haiku-4-5'
const hello = [{ role: 'user' as const, content: 'hello there my friend' }]
const echo = 'You said: hello there my friend'
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

function lastAsked() {
  return simulator.requests.findLast(({ path }) => path === '/v1/messages')
}

describe('through OpenAI’s door', () => {
  test.each([model, older])('%s answers in text', async (name) => {
    const answer = await openai.chat.completions.create({ model: name, messages: hello })
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: echo } })
    const invoice = simulator.invoice.at(-1)
    expect(answer.usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
    })
    expect(lastAsked()?.headers).toMatchObject({
      'x-api-key': 'sk-ant-simulated',
      'anthropic-version': '2023-06-01',
    })
    expect(lastAsked()?.body).toMatchObject({
      max_tokens: gateway.running.catalogue.models.find(({ id }) => id === name)?.maxOutputTokens,
    })
  })

  test('streams, with the usage at the end', async () => {
    const stream = openai.chat.completions.stream({
      model,
      messages: hello,
      stream_options: { include_usage: true },
    })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    const final = await stream.finalChatCompletion()
    expect(deltas.length).toBeGreaterThan(1)
    expect(deltas.join('')).toBe(echo)
    expect(final.usage?.completion_tokens).toBe(simulator.invoice.at(-1)?.completionTokens)
  })

  test.each([true, false])('parallel tools in two turns (stream: %s)', async (streamed) => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'please use weather and use weather' },
    ]
    const body = { model, messages, tools: [weather] }
    const ask = () =>
      streamed
        ? openai.chat.completions.stream(body).finalChatCompletion()
        : openai.chat.completions.create(body)
    const [first] = (await ask()).choices
    expect(first?.finish_reason).toBe('tool_calls')
    const calls = first?.message.tool_calls ?? []
    expect(calls).toHaveLength(2)
    if (first) messages.push(first.message)
    for (const [index, call] of calls.entries()) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: `result ${index}` })
    }
    const [second] = (await ask()).choices
    expect(second?.message.content).toBe('The tools said: result 0; result 1')
    const body2: { messages?: { role: string }[] } = Object(lastAsked()?.body)
    expect(body2.messages?.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
  })

  test('a call without arguments has an empty object of them', async () => {
    const nothing = { type: 'function' as const, function: { name: 'now' } }
    const body = {
      model,
      messages: [{ role: 'user' as const, content: 'use now' }],
      tools: [nothing],
    }
    for (const final of [
      await openai.chat.completions.stream(body).finalChatCompletion(),
      await openai.chat.completions.create(body),
    ]) {
      expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({
        function: { name: 'now', arguments: '{}' },
      })
    }
  })

  test.each([
    [model, { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    [older, { thinking: { type: 'enabled', budget_tokens: 16_384 } }],
  ])('%s thinks with an effort', async (name, sent) => {
    const answer = await openai.chat.completions.create({
      model: name,
      messages: hello,
      reasoning_effort: 'high',
    })
    expect(lastAsked()?.body).toMatchObject(sent)
    expect(answer.choices[0]?.message).toMatchObject({
      reasoning_content: 'Thinking about: hello there my friend',
    })
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
  })

  test.each(['use weather', 'redact and use weather'])(
    'signed and sealed thoughts go back with their call: %s',
    async (content) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content }]
      const body = { model: older, messages, tools: [weather], reasoning_effort: 'low' as const }
      const [first] = (await openai.chat.completions.create(body)).choices
      if (first) messages.push(first.message)
      const id = first?.message.tool_calls?.[0]?.id ?? ''
      messages.push({ role: 'tool', tool_call_id: id, content: 'cold' })
      const [second] = (await openai.chat.completions.create(body)).choices
      expect(second?.message.content).toBe('The tools said: cold')
      const { messages: sent }: { messages?: { content: { type: string }[] }[] } = Object(
        lastAsked()?.body,
      )
      expect(sent?.[1]?.content.map(({ type }) => type)).toEqual([
        content.startsWith('redact') ? 'redacted_thinking' : 'thinking',
        'tool_use',
      ])
    },
  )

  test('answers by a JSON schema', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const answer = await openai.chat.completions.create({
      model,
      messages: hello,
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema } },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: 'city' })
    expect(answer).toMatchObject({ xrouter: { warnings: [expect.stringContaining('members')] } })
  })

  test('a refusal is a filtered answer with its explanation', async () => {
    const messages = [{ role: 'user' as const, content: 'refuse this' }]
    const [choice] = (await openai.chat.completions.create({ model, messages })).choices
    expect(choice).toMatchObject({
      finish_reason: 'content_filter',
      message: { refusal: 'This request was declined.' },
    })
  })

  test('newer models are not tuned, and say so', async () => {
    const answer = await openai.chat.completions.create({
      model,
      messages: hello,
      temperature: 0.2,
    })
    expect(answer).toMatchObject({
      xrouter: { warnings: [expect.stringContaining('`temperature` is ignored')] },
    })
  })

  test('the beginning of an answer is gone on with where the model can', async () => {
    const messages = [...hello, { role: 'assistant' as const, content: 'I say: ' }]
    await openai.chat.completions.create({ model: older, messages })
    expect(lastAsked()?.body).toMatchObject({
      messages: [{ role: 'user' }, { content: [{ type: 'text', text: 'I say:' }] }],
    })
    await expect(openai.chat.completions.create({ model, messages })).rejects.toMatchObject({
      code: 'unsupported_feature',
      param: 'messages[1]',
    })
  })
})

describe('through GraphQL', () => {
  const input = { model, messages: [{ role: 'USER', content: 'hello there my friend' }] }

  test('answers in text, and streams', async () => {
    const answer = await gateway.graphql<{ createCompletion: object }>(
      `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
        ... on Completion { content finishReason usage { inputTokens estimated } } } }`,
      { input },
    )
    expect(answer.data.createCompletion).toEqual({
      content: echo,
      finishReason: 'STOP',
      usage: { inputTokens: expect.any(Number), estimated: false },
    })
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
        variables: { input },
      }),
    })
    const text = await response.text()
    expect(text).toContain(`"content":"${echo}"`)
    expect(text.split('"text":').length).toBeGreaterThan(2)
  })
})

describe('through its own door', () => {
  const ask = (body: object = {}, options = {}) =>
    anthropic.messages.create({ model, max_tokens: 5000, messages: hello, ...body }, options)

  test('everything of a request arrives as it was written', async () => {
    const body = {
      system: [
        { type: 'text', text: 'Be short.', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'max' },
      metadata: { user_id: 'u1' },
      service_tier: 'standard_only',
      stop_sequences: ['END'],
      tools: [
        { name: 'f', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    }
    await ask(body, { headers: { 'anthropic-beta': 'context-1m-2025-08-07' } })
    expect(lastAsked()?.body).toEqual({
      model: 'claude-opus-5',
      max_tokens: 5000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello there my friend' }] }],
      ...body,
    })
    expect(lastAsked()?.headers['anthropic-beta']).toBe('context-1m-2025-08-07')
  })

  test.each([true, false])(
    'thoughts, searches and citations come whole (stream: %s)',
    async (on) => {
      const body = {
        model,
        max_tokens: 5000,
        messages: [{ role: 'user' as const, content: 'search for cats' }],
        thinking: { type: 'adaptive' as const },
        tools: [{ type: 'web_search_20250305' as const, name: 'web_search' as const }],
      }
      const message = on
        ? await anthropic.messages.stream(body).finalMessage()
        : await anthropic.messages.create(body)
      expect(message.content.map(({ type }) => type)).toEqual([
        'thinking',
        'server_tool_use',
        'web_search_tool_result',
        'text',
      ])
      expect(message.content[0]).toMatchObject({ signature: expect.stringMatching(/^Er/) })
      expect(message.content[1]).toMatchObject({ input: { query: 'search for cats' } })
      expect(message.content[3]).toMatchObject({
        citations: [{ url: 'https://example.com/found' }],
      })
      expect(message.usage).toMatchObject({ service_tier: 'standard', inference_geo: 'global' })
      await ask({
        messages: [...body.messages, { role: 'assistant', content: message.content }, ...hello],
      })
      expect(Object(lastAsked()?.body).messages[1].content).toEqual(message.content)
    },
  )

  test('a stop sequence and a refusal are told', async () => {
    expect(await ask({ stop_sequences: ['my'] })).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'my',
    })
    expect(await ask({ messages: [{ role: 'user', content: 'refuse this' }] })).toMatchObject({
      stop_reason: 'refusal',
      content: [],
      stop_details: { category: 'cyber' },
    })
  })

  test('reads of the cache are counted and cost what they cost', async () => {
    const long = Array.from({ length: 2000 }, (_, index) => `word${index}`).join(' ')
    const system = [{ type: 'text', text: long, cache_control: { type: 'ephemeral' } }]
    const first = await ask({ system })
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(1000)
    const { data, response } = await anthropic.messages
      .create({
        model,
        max_tokens: 5000,
        messages: hello,
        system: [{ type: 'text', text: long, cache_control: { type: 'ephemeral' } }],
      })
      .withResponse()
    const { input_tokens: input, cache_read_input_tokens: read, output_tokens: output } = data.usage
    const written = data.usage.cache_creation_input_tokens ?? 0
    expect(read).toBeGreaterThan(1000)
    const row = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(row?.usage).toMatchObject({ inputTokens: input, cachedInputTokens: read })
    const nanos = 5000 * input + 500 * (read ?? 0) + 6250 * written + 25_000 * output
    expect(row?.usage?.cost?.amountNanos).toBe(String(nanos))
  })

  test('tokens are counted by the provider itself', async () => {
    const { input_tokens: counted } = await anthropic.messages.countTokens({
      model,
      messages: hello,
    })
    const { usage } = await ask()
    expect(counted).toBe(usage.input_tokens)
    expect(simulator.requests.some(({ path }) => path.endsWith('/count_tokens'))).toBe(true)
  })

  test('leaving closes the upstream', async () => {
    const upstream = simulator.controlled()
    const stream = anthropic.messages.stream({ model, max_tokens: 100, messages: hello })
    const ended = stream.done().catch((error: unknown) => error)
    await upstream.received
    upstream.text('one ')
    await new Promise((resolve) => stream.once('text', resolve))
    stream.abort()
    expect(await ended).toBeInstanceOf(Anthropic.APIUserAbortError)
    await upstream.closed
    expect((await upstream.received).aborted).toBe(true)
  })
})

describe('failures of the provider', () => {
  const ask = (stream: boolean) =>
    stream
      ? anthropic.messages.stream({ model, max_tokens: 100, messages: hello }).finalMessage()
      : anthropic.messages.create({ model, max_tokens: 100, messages: hello })

  test.each([
    ['overloaded', overloaded529, 503, 'overloaded_error', 'provider_unavailable'],
    ['a limit of its own', rateLimited(7), 503, 'overloaded_error', 'provider_rate_limited'],
    ['an empty account', httpError(402), 502, 'api_error', 'provider_auth'],
    ['a bug', httpError(500), 502, 'api_error', 'provider_error'],
    ['a bad request', httpError(400), 400, 'invalid_request_error', 'invalid_request'],
  ])('%s', async (_what, fault, status, type, code) => {
    for (const stream of [true, false]) {
      simulator.next(fault)
      await expect(ask(stream)).rejects.toMatchObject({
        status,
        error: { type: 'error', error: { type, details: { error_code: code } } },
      })
    }
  })

  test('a wait is told only where it means something', async () => {
    simulator.next(rateLimited(7))
    const limited = await ask(false).catch((error: unknown) => error)
    expect(limited instanceof Anthropic.APIError && limited.headers?.get('retry-after')).toBe('7')
  })

  test('a prompt that is too long', async () => {
    const message = 'prompt is too long: 3333404 tokens > 200000 maximum'
    simulator.next(
      httpError(400, { type: 'error', error: { type: 'invalid_request_error', message } }),
    )
    await expect(openai.chat.completions.create({ model, messages: hello })).rejects.toMatchObject({
      code: 'context_length_exceeded',
    })
  })

  test('amid a stream it is an event that the client throws', async () => {
    const overloaded = {
      type: 'error',
      error: { details: null, type: 'overloaded_error', message: 'Overloaded' },
    }
    simulator.next(errorFrameAfter(6, overloaded))
    await expect(ask(true)).rejects.toThrow(/overloaded_error/)
    simulator.next(truncateAfter(6))
    await expect(ask(true)).rejects.toThrow(/upstream_truncated/)
  })

  test('before the first word another deployment answers', async () => {
    simulator.next(truncateAfter(2))
    const body = { model, messages: hello, stream: true as const }
    const stream = await openai.chat.completions.create({
      ...body,
      ...{ xrouter: { fallbacks: ['demo/echo'] } },
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('hello there my friend')
  })

  test('a credential that is refused, and a model that is gone, are another deployment’s turn', async () => {
    for (const name of ['wrong/claude-opus-5', 'anthropic/claude-gone']) {
      const { model: answered } = await openai.chat.completions.create({
        model: name,
        messages: hello,
        ...{ xrouter: { fallbacks: ['demo/echo'] } },
      })
      expect(answered).toBe('demo/echo')
    }
  })

  test('a result without its call never reaches the provider', async () => {
    const count = simulator.requests.length
    const messages = [...hello, { role: 'tool' as const, tool_call_id: 'toolu_1', content: 'x' }]
    await expect(openai.chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 400,
      param: 'messages[1].tool_call_id',
    })
    expect(simulator.requests).toHaveLength(count)
  })
})

test('the list of models is read page by page', async () => {
  await vi.waitFor(() =>
    expect(gateway.running.catalogue.models.map(({ id }) => id)).toContain(
      'anthropic/claude-3-haiku-20240307',
    ),
  )
  const found = gateway.running.catalogue.models.find(
    ({ name }) => name === 'claude-3-haiku-20240307',
  )
  expect(found).toMatchObject({ contextLength: 200_000, maxOutputTokens: 4096 })
})
