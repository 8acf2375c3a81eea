import type OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import {
  errorFrameAfter,
  garbage,
  htmlErrorPage,
  httpError,
  overloaded529,
  rateLimited,
  resetAfter,
  resetBeforeHead,
  truncateAfter,
  wrongContentType,
} from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import type { Answer } from '../support/simulators/exchange.ts'
import { requestOf } from '../support/ledger.ts'

let first: OpenaiSimulator
let second: OpenaiSimulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  first = await startOpenaiSimulator()
  second = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${first.url}"
     [providers.backup]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${second.url}"
     [providers.spare]
     type = "openai-compatible"
     base_url = "http://127.0.0.1:9/v1"
     [fallbacks]
     "openai/gpt-4o" = ["backup/gpt-4o"]`,
  )
  client = gateway.openai()
})

afterEach(() => {
  if (first.pending + second.pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(async () => {
  await gateway.stop()
  await first.close()
  await second.close()
})

const messages = [{ role: 'user' as const, content: 'hello there' }]

/** What goes wrong at the first provider before it says anything, and what its attempt is called. */
const beforeContent: [string, Answer, string][] = [
  ['500', httpError(500), 'PROVIDER_ERROR'],
  ['529', overloaded529, 'PROVIDER_UNAVAILABLE'],
  ['503', httpError(503), 'PROVIDER_UNAVAILABLE'],
  ['429', rateLimited(2), 'PROVIDER_RATE_LIMITED'],
  ['401', httpError(401), 'PROVIDER_AUTH'],
  ['403', httpError(403), 'PROVIDER_AUTH'],
  ['an HTML error page', htmlErrorPage(502), 'PROVIDER_ERROR'],
  ['a connection reset before the head', resetBeforeHead(), 'PROVIDER_UNAVAILABLE'],
  ['a reset before the first content', resetAfter(1), 'UPSTREAM_TRUNCATED'],
  ['an answer cut before the first content', truncateAfter(1), 'UPSTREAM_TRUNCATED'],
  ['an error frame before the first content', errorFrameAfter(1), 'PROVIDER_ERROR'],
  ['garbage', garbage(), 'PROVIDER_ERROR'],
]

describe('before the first content event the next deployment is tried, invisibly', () => {
  test.each(beforeContent)('stream: %s', async (_name, fault, errorCode) => {
    first.next(fault)
    const { data, response } = await client.chat.completions
      .create({ model: 'openai/gpt-4o', messages, stream: true })
      .withResponse()
    let text = ''
    for await (const chunk of data) {
      expect(chunk.model).toBe('backup/gpt-4o')
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('You said: hello there')
    expect(response.headers.get('x-xrouter-attempts')).toBe('2')
    expect(response.headers.get('x-xrouter-provider')).toBe('backup')
    const request = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(request).toMatchObject({
      status: 'succeeded',
      model: 'backup/gpt-4o',
      requestedModel: 'openai/gpt-4o',
      attempts: [
        { number: 1, provider: 'openai', status: 'FAILED', errorCode },
        { number: 2, provider: 'backup', status: 'SUCCEEDED', errorCode: null, httpStatus: 200 },
      ],
    })
  })

  test.each(beforeContent.filter(([name]) => !/first content/.test(name)))(
    'JSON: %s',
    async (_name, fault, errorCode) => {
      first.next(fault)
      const { data, response } = await client.chat.completions
        .create({ model: 'openai/gpt-4o', messages })
        .withResponse()
      expect(data.choices[0]?.message.content).toBe('You said: hello there')
      const request = await requestOf(gateway, response.headers.get('x-request-id'))
      expect(request?.attempts.map((attempt) => attempt.errorCode)).toEqual([errorCode, null])
    },
  )

  test('a JSON answer that was cut or that is none fails over, too', async () => {
    for (const fault of [truncateAfter(1), wrongContentType('text/html')]) {
      first.next(fault)
      const answer = await client.chat.completions.create({ model: 'openai/gpt-4o', messages })
      expect(answer.choices[0]?.message.content).toBe('You said: hello there')
    }
  })
})

describe('after the first content event', () => {
  test.each([
    ['a reset', resetAfter(4), 'upstream_truncated'],
    ['an end without a terminal frame', truncateAfter(4), 'upstream_truncated'],
    ['an error frame', errorFrameAfter(4), 'provider_error'],
  ])('%s ends the stream with an error frame; nothing is spliced', async (_name, fault, code) => {
    first.next(fault)
    const before = second.requests.length
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify({ model: 'openai/gpt-4o', messages, stream: true }),
    })
    const frames = (await response.text()).split('\n\n').filter(Boolean)
    expect(frames.length).toBeGreaterThan(1)
    expect(JSON.parse(frames.at(-1)?.slice('data: '.length) ?? '')).toMatchObject({
      error: { code },
    })
    expect(frames).not.toContain('data: [DONE]')
    expect(second.requests.length).toBe(before)
    const request = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(request).toMatchObject({
      status: 'failed',
      errorCode: code.toUpperCase(),
      attempts: [{ status: 'FAILED', errorCode: code.toUpperCase() }],
    })
  })

  test('the official client throws instead of returning half an answer', async () => {
    first.next(errorFrameAfter(4))
    const stream = client.chat.completions.stream({ model: 'openai/gpt-4o', messages })
    await expect(stream.finalChatCompletion()).rejects.toThrow()
  })
})

describe('where it goes', () => {
  test('fallbacks of the request come in their order, before the configured ones', async () => {
    first.next(httpError(500))
    const { response } = await create({
      xrouter: { fallbacks: ['spare/any', 'backup/gpt-4o-mini'] },
    })
    const request = await requestOf(gateway, response.headers.get('x-request-id'))
    expect(request?.attempts.map((attempt) => [attempt.model, attempt.errorCode])).toEqual([
      ['openai/gpt-4o', 'PROVIDER_ERROR'],
      ['spare/any', 'PROVIDER_UNAVAILABLE'],
      ['backup/gpt-4o-mini', null],
    ])
  })

  test('a denied provider is never called, an allow-list admits only its members', async () => {
    for (const xrouter of [{ deny_providers: ['openai'] }, { allow_providers: ['backup'] }]) {
      const before = first.requests.length
      const { response } = await create({ xrouter })
      expect(response.headers.get('x-xrouter-provider')).toBe('backup')
      expect(first.requests.length).toBe(before)
    }
  })

  test('lists that leave nothing are a clear error', async () => {
    await expect(create({ xrouter: { allow_providers: ['spare'] } })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('the provider `openai` is not among the allowed ones'),
    })
  })

  test('an unknown fallback is a 404 that names its place', async () => {
    await expect(create({ xrouter: { fallbacks: ['nowhere/x'] } })).rejects.toMatchObject({
      status: 404,
      param: 'fallbacks[0]',
    })
  })

  test('a bad request is not sent to a second provider', async () => {
    const before = second.requests.length
    await expect(create({ tool_choice: 'auto' })).rejects.toMatchObject({ status: 400 })
    expect(second.requests.length).toBe(before)
  })

  test('a model that the provider does not have is asked of the next; at last it is a 404', async () => {
    const found = await client.chat.completions
      .create({
        model: 'openai/none',
        messages,
        ...{ xrouter: { fallbacks: ['backup/gpt-4o'] } },
      })
      .withResponse()
    expect(found.response.headers.get('x-xrouter-attempts')).toBe('2')
    await expect(
      client.chat.completions.create({
        model: 'openai/none',
        messages,
        ...{ xrouter: { fallbacks: ['backup/none'] } },
      }),
    ).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  test('when all fail the last failure is told, with how many were tried', async () => {
    first.next(httpError(500))
    second.next(httpError(401))
    const error: unknown = await create({}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 502, code: 'provider_auth' })
    const headers = error instanceof Object && 'headers' in error ? error.headers : undefined
    expect(headers instanceof Headers && headers.get('x-xrouter-attempts')).toBe('2')
  })

  test('our rate limit towards a provider is 503 with its wait, never 429', async () => {
    first.next(rateLimited(3))
    second.next(rateLimited(7))
    const error: unknown = await create({}).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 503, code: 'provider_rate_limited' })
    const headers = error instanceof Object && 'headers' in error ? error.headers : undefined
    expect(headers instanceof Headers && headers.get('retry-after')).toBe('7')
  })
})

function create(extra: object) {
  return client.chat.completions
    .create({ model: 'openai/gpt-4o', messages, ...extra })
    .withResponse()
}
