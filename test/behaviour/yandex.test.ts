import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { requestOf } from '../support/ledger.ts'
import {
  apis,
  echo,
  hello,
  startYandexGateway,
  user,
  weather,
  type YandexGateway,
} from '../support/yandex-gateway.ts'

let yandex: YandexGateway

beforeAll(async () => {
  yandex = await startYandexGateway()
})

afterAll(() => yandex.stop())

describe.each(apis)('through the %s API', (api) => {
  const model = `${api}/yandexgpt:rc`

  test.each([api, `${api}-iam`])('%s answers in text, through both doors', async (provider) => {
    const named = `${provider}/yandexgpt`
    const { data, response } = await yandex.client.chat.completions
      .create({ model: named, messages: hello })
      .withResponse()
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: echo } })
    const invoice = yandex.at(api).invoice.at(-1)
    expect(data.usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
    })
    expect(response.headers.get('x-xrouter-model')).toBe(named)
    expect(await yandex.mutate({ model: named, messages: user('hello') })).toMatchObject({
      content: 'You said: hello',
      finishReason: 'STOP',
      usage: { inputTokens: expect.any(Number), estimated: false },
    })
  })

  test('streams, through both doors', async () => {
    const stream = yandex.client.chat.completions.stream({
      model,
      messages: hello,
      stream_options: { include_usage: true },
    })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: echo } })
    expect(deltas.join('')).toBe(echo)
    expect(deltas.length).toBeGreaterThan(1)
    expect(final.usage?.prompt_tokens).toBeGreaterThan(0)

    const events = await yandex.subscribe({ model, messages: user('hello there my friend') })
    const texts = events.flatMap(({ __typename, text }) =>
      __typename === 'TextDelta' ? [text] : [],
    )
    expect(texts.join('')).toBe(echo)
    expect(texts.length).toBeGreaterThan(1)
    expect(events.at(-1)?.completion).toEqual({ content: echo, finishReason: 'STOP' })
  })

  test.each([false, true])(
    'calls tools in a conversation of two turns (stream: %s)',
    async (stream) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'user', content: 'please use weather and use weather' },
      ]
      const body = { model, messages, tools: [weather] }
      const ask = () =>
        stream
          ? yandex.client.chat.completions.stream(body).finalChatCompletion()
          : yandex.client.chat.completions.create(body)
      const [first] = (await ask()).choices
      expect(first?.finish_reason).toBe('tool_calls')
      const calls = first?.message.tool_calls ?? []
      const called = calls.map((call) => (call.type === 'function' ? call.function : undefined))
      expect(called.map((each) => [each?.name, JSON.parse(each?.arguments ?? '')])).toEqual([
        ['weather', { city: 'city' }],
        ['weather', { city: 'city' }],
      ])
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
      if (first) messages.push(first.message)
      // Answered from the last to the first: each result must still reach its own call.
      for (const [index, call] of [...calls.entries()].toReversed()) {
        messages.push({ role: 'tool', tool_call_id: call.id, content: `result ${index}` })
      }
      const [second] = (await ask()).choices
      expect(second).toMatchObject({
        finish_reason: 'stop',
        message: { content: 'The tools said: result 0; result 1' },
      })
    },
  )

  test('calls tools in a conversation of two turns, through GraphQL', async () => {
    const tools = [{ name: 'weather', parameters: weather.function.parameters }]
    const asked = user('please use weather')
    const { toolCalls, finishReason } = await yandex.mutate({ model, messages: asked, tools })
    expect([toolCalls.map(({ name }) => name), finishReason]).toEqual([['weather'], 'TOOL_CALLS'])
    const results = toolCalls.map(({ id }) => ({ role: 'TOOL', toolCallId: id, content: 'cold' }))
    const messages = [...asked, { role: 'ASSISTANT', toolCalls }, ...results]
    expect(await yandex.mutate({ model, messages, tools })).toMatchObject({
      content: 'The tools said: cold',
    })
    const events = await yandex.subscribe({ model, messages: asked, tools })
    const called = events.filter(({ __typename }) => __typename === 'ToolCallDelta')
    expect(called.map(({ argumentsDelta }) => argumentsDelta ?? '').join('')).toBe(
      '{"city":"city"}',
    )
  })

  test.each([
    ['required', 'required' as const],
    ['a named tool', { type: 'function' as const, function: { name: 'weather' } }],
  ])('a tool choice is heeded: %s', async (_what, choice) => {
    const answer = await yandex.client.chat.completions.create({
      model,
      messages: hello,
      tools: [weather],
      tool_choice: choice,
    })
    expect(answer.choices[0]?.message.tool_calls).toHaveLength(1)
  })

  test('answers in JSON', async () => {
    const answer = await yandex.client.chat.completions.create({
      model,
      messages: hello,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 's', schema: weather.function.parameters },
      },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: 'city' })
  })

  test('ends at max_tokens with the finish reason length', async () => {
    const body = { model, messages: hello, max_tokens: 3 }
    const whole = await yandex.client.chat.completions.create(body)
    const stream = await yandex.client.chat.completions.stream(body).finalChatCompletion()
    for (const { choices } of [whole, stream]) {
      expect(choices[0]).toMatchObject({
        finish_reason: 'length',
        message: { content: 'You said:' },
      })
    }
  })

  test('a client that leaves has its usage on the ledger and its upstream closed', async () => {
    const upstream = yandex.at(api).controlled()
    const leaving = new AbortController()
    const { signal } = leaving
    const asked = yandex.client.chat.completions
      .create({ model, messages: hello, stream: true }, { signal })
      .withResponse()
    await upstream.received
    upstream.text('Один')
    const { data: stream, response } = await asked
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content !== 'Один') continue
      leaving.abort()
      break
    }
    await upstream.closed
    const estimated = api === 'openai'
    await vi.waitFor(async () => {
      expect(await requestOf(yandex.gateway, response.headers.get('x-request-id'))).toMatchObject({
        status: 'cancelled',
        attempts: [{ usage: { outputTokens: expect.any(Number), estimated } }],
      })
    })
  })
})

test('the models of a folder, its fine-tuned ones too, are found where the API lists them', async () => {
  const tuned = 'openai/yandexgpt-lite:latest@tamre4vupta1rql2em5su'
  await vi.waitFor(async () => {
    const ids = (await Array.fromAsync(await yandex.client.models.list())).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining([tuned, 'openai/yandexgpt:rc', 'native/yandexgpt']))
    expect(ids).toContain('openai/text-search-doc:latest')
  })
  const { choices } = await yandex.client.chat.completions.create({ model: tuned, messages: hello })
  expect(choices[0]?.message.content).toBe(echo)
  await vi.waitFor(() => {
    const failed = yandex.gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('could not be listed'))
    expect(failed.map((line) => String(JSON.parse(line).provider)).toSorted()).toEqual([
      'openai-else',
      'openai-old',
      'openai-stale',
      'openai-wrong',
    ])
  })
})
