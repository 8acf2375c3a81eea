import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { startYandexSimulator, yandexCredentials } from '../support/simulators/yandex.ts'
import { filterWords } from '../support/simulators/yandex-native.ts'
import {
  echo,
  hello,
  startYandexGateway,
  user,
  weather,
  type YandexGateway,
} from '../support/yandex-gateway.ts'

const { apiKey, folder } = yandexCredentials

let yandex: YandexGateway

beforeAll(async () => {
  yandex = await startYandexGateway()
})

afterAll(() => yandex.stop())

describe('the content filter', () => {
  test('of the native API replaces text: the stream ends, and nothing is spliced', async () => {
    const messages = [{ role: 'user' as const, content: 'filter this and that and more' }]
    const stream = yandex.client.chat.completions.stream({ model: 'native/yandexgpt', messages })
    const { choices } = await stream.finalChatCompletion()
    expect(choices[0]?.finish_reason).toBe('content_filter')
    expect(choices[0]?.message.content).toMatch(/^You said: filter/)
    expect(choices[0]?.message.content).not.toContain('Я не могу')
    expect(choices[0]?.message.refusal).toBe(filterWords)

    const events = await yandex.subscribe({
      model: 'native/yandexgpt',
      messages: user('filter this ok'),
    })
    expect(events.at(-1)?.completion?.finishReason).toBe('CONTENT_FILTER')
    expect(events.find(({ __typename }) => __typename === 'RefusalDelta')?.text).toBe(filterWords)
  })

  test('of a whole answer has its words as the content', async () => {
    const input = { model: 'native/yandexgpt', messages: user('filter this') }
    expect(await yandex.mutate(input)).toMatchObject({
      content: filterWords,
      finishReason: 'CONTENT_FILTER',
    })
    const messages = [{ role: 'user' as const, content: 'filter this' }]
    const { choices } = await yandex.client.chat.completions.create({
      model: input.model,
      messages,
    })
    expect(choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: filterWords },
    })
  })

  test.each([false, true])('of the compatible API ends the answer (stream: %s)', async (stream) => {
    const body = {
      model: 'openai/yandexgpt',
      messages: [{ role: 'user' as const, content: 'filter this' }],
    }
    const { choices } = stream
      ? await yandex.client.chat.completions.stream(body).finalChatCompletion()
      : await yandex.client.chat.completions.create(body)
    expect(choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: 'You said' },
    })
    const answer = await yandex.mutate({ model: body.model, messages: user('filter this') })
    expect(answer.finishReason).toBe('CONTENT_FILTER')
  })
})

describe('what differs between the two', () => {
  test('the native API counts hidden reasoning, in a class of its own', async () => {
    const answer = await yandex.mutate({
      model: 'native/yandexgpt',
      messages: user('hello'),
      reasoningEffort: 'high',
    })
    expect(answer.usage).toMatchObject({ reasoningTokens: 64, estimated: false })
    expect(answer.warnings).toEqual([expect.stringContaining('`reasoning_effort` is emulated')])
  })

  test('a temperature above 1 is said to be sent as 1, a lower one is not', async () => {
    const warnings = async (temperature: number) =>
      (await yandex.mutate({ model: 'native/yandexgpt', messages: user('hello'), temperature }))
        .warnings
    expect(await warnings(0.7)).toEqual([])
    expect(await warnings(1.5)).toEqual([expect.stringContaining('`temperature` is emulated')])
    expect(yandex.at('native').requests.at(-1)?.body).toMatchObject({
      completionOptions: { temperature: 1 },
    })
  })

  test('the native API has no images, the compatible one takes them as data', async () => {
    const messages = (url: string) => [
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'what is this' },
          { type: 'image_url' as const, image_url: { url } },
        ],
      },
    ]
    const data = 'data:image/png;base64,AAAA'
    await expect(
      yandex.client.chat.completions.create({
        model: 'native/yandexgpt',
        messages: messages(data),
      }),
    ).rejects.toMatchObject({ code: 'unsupported_feature', param: 'messages[0].content[1]' })
    const xrouter = { fallbacks: ['openai/yandexgpt'] }
    const body = { model: 'native/yandexgpt', messages: messages(data), xrouter }
    const answer = await yandex.client.chat.completions.create(body)
    expect(answer.model).toBe('openai/yandexgpt')
  })

  test('a silent stream of the compatible API has its usage counted here', async () => {
    const final = await yandex.client.chat.completions
      .stream({
        model: 'openai/yandexgpt',
        messages: hello,
        stream_options: { include_usage: true },
      })
      .finalChatCompletion()
    expect(final.usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('the open models of the compatible API stream by the token, tools too', async () => {
    const stream = yandex.client.chat.completions.stream({
      model: 'openai/qwen3-235b-a22b-fp8',
      messages: [{ role: 'user', content: 'please use weather' }],
      tools: [weather],
      stream_options: { include_usage: true },
    })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]?.message.tool_calls).toMatchObject([
      {
        id: expect.stringMatching(/^chatcmpl-tool-/),
        function: { name: 'weather', arguments: '{"city":"city"}' },
      },
    ])
    expect(usage?.prompt_tokens).toBe(yandex.at('openai').invoice.at(-1)?.promptTokens)
  })

  test('the gauge quota counts what is under way', async () => {
    const simulator = await startYandexSimulator({ sessions: 1 })
    const narrow = await startGateway(
      `[providers.yandex]
       api_key = "${apiKey}"
       folder_id = "${folder}"
       base_url = "${simulator.url}"`,
    )
    try {
      const ask = () =>
        narrow.openai().chat.completions.create({ model: 'yandexgpt:latest', messages: hello })
      const upstream = simulator.controlled()
      const first = narrow
        .openai()
        .chat.completions.stream({ model: 'yandex/yandexgpt:latest', messages: hello })
      await upstream.received
      upstream.text('Один')
      await expect(ask()).rejects.toMatchObject({ code: 'provider_rate_limited' })
      upstream.complete()
      expect((await first.finalChatCompletion()).choices[0]?.message.content).toBe('Один')
      expect((await ask()).choices[0]?.message.content).toBe(echo)
    } finally {
      await narrow.stop()
      await simulator.close()
    }
  })
})
