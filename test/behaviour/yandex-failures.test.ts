import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestOf } from '../support/ledger.ts'
import {
  errorFrameAfter,
  garbage,
  htmlErrorPage,
  httpError,
  malformedFrameAfter,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import {
  apis,
  echo,
  hello,
  startYandexGateway,
  user,
  type YandexGateway,
} from '../support/yandex-gateway.ts'

let yandex: YandexGateway

beforeAll(async () => {
  yandex = await startYandexGateway()
})

afterAll(() => yandex.stop())

describe.each(apis)('through the %s API', (api) => {
  const model = `${api}/yandexgpt:rc`

  const refused: [string, string, string, number][] = [
    ['a wrong key', `${api}-wrong/yandexgpt`, 'provider_auth', 401],
    ['an expired key', `${api}-old/yandexgpt`, 'provider_auth', 401],
    ['an expired IAM token', `${api}-stale/yandexgpt`, 'provider_auth', 401],
    ['another folder', `${api}-else/yandexgpt`, 'provider_auth', 400],
    ['an unknown model', `${api}/nothing:latest`, 'model_not_found', 404],
  ]
  test.each(refused)('%s fails in both doors and modes', async (_what, named, code, status) => {
    for (const stream of [false, true]) {
      const error = await yandex.failureOf({ model: named, messages: hello, stream })
      expect(error).toMatchObject({ status: code === 'provider_auth' ? 502 : 404, code })
      expect(error.message).not.toMatch(/AQVN|b1g|t1\./)
      const row = await requestOf(yandex.gateway, error.headers?.get('x-request-id') ?? '')
      expect(row?.attempts).toMatchObject([{ status: 'FAILED', httpStatus: status }])
    }
    const input = { model: named, messages: user('hello') }
    expect(await yandex.mutate(input)).toMatchObject({ code: code.toUpperCase() })
    expect((await yandex.subscribe(input)).at(-1)?.error?.code).toBe(code.toUpperCase())
    expect(yandex.gateway.logs()).not.toMatch(/AQVNwrong-key|t1\.expired/)
  })

  test('a failure before any content goes on to the next deployment', async () => {
    const xrouter = { fallbacks: [`${api}-iam/yandexgpt`] }
    const body = { model: `${api}-stale/yandexgpt`, messages: hello, xrouter }
    const { data, response } = await yandex.client.chat.completions.create(body).withResponse()
    expect(data.choices[0]?.message.content).toBe(echo)
    expect(response.headers.get('x-xrouter-attempts')).toBe('2')
  })

  test.each([
    ['quota', httpError(429), 503, 'provider_rate_limited'],
    ['permission', httpError(403), 502, 'provider_auth'],
    ['a wrong request', httpError(400), 400, 'invalid_request'],
    ['a fault of its own', httpError(500), 502, 'provider_error'],
    ['out of service', httpError(503), 503, 'provider_unavailable'],
    ['a page of a proxy', htmlErrorPage(502), 502, 'provider_error'],
  ])('%s is told as the table has it', async (_what, answer, status, code) => {
    for (const stream of [false, true]) {
      yandex.at(api).next(answer)
      await expect(
        yandex.client.chat.completions.create({ model, messages: hello, stream }),
      ).rejects.toMatchObject({ status, code })
    }
    yandex.at(api).next(answer)
    expect(await yandex.mutate({ model, messages: user('hello') })).toMatchObject({
      code: code.toUpperCase(),
    })
  })

  test.each([
    ['is cut off', truncateAfter(1), 'UPSTREAM_TRUNCATED'],
    ['is reset', resetAfter(1), 'UPSTREAM_TRUNCATED'],
    ['has an error in it', errorFrameAfter(1), 'PROVIDER_ERROR'],
    ['has garbage in it', malformedFrameAfter(1), 'PROVIDER_ERROR'],
  ])('a stream that %s is never a success', async (_what, answer, code) => {
    yandex.at(api).next(answer)
    const events = await yandex.subscribe({ model, messages: user('hello there my friend') })
    expect(events.some(({ __typename }) => __typename === 'TextDelta')).toBe(true)
    expect(events.at(-1)?.error?.code).toBe(code)
    yandex.at(api).next(answer)
    const stream = await yandex.client.chat.completions.create({
      model,
      messages: hello,
      stream: true,
    })
    const finishes: unknown[] = []
    const read = async (): Promise<void> => {
      for await (const chunk of stream) finishes.push(chunk.choices[0]?.finish_reason)
    }
    await expect(read()).rejects.toMatchObject({ code: code.toLowerCase() })
    expect(finishes.every((finish) => finish === null)).toBe(true)
  })

  test('garbage instead of an answer fails over', async () => {
    yandex.at(api).next(garbage())
    const xrouter = { fallbacks: [`${api}-iam/yandexgpt`] }
    const body = { model, messages: hello, xrouter }
    const { choices } = await yandex.client.chat.completions.stream(body).finalChatCompletion()
    expect(choices[0]?.message.content).toBe(echo)
  })
})
