import { describe, expect, test } from 'vitest'
import { createCatalogue } from '../../src/gateway/catalogue.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import { anthropic } from '../../src/providers/anthropic.ts'
import type { Send, UpstreamRequest } from '../../src/providers/provider.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}
const settings = anthropic.settings.parse({ api_key: 'sk-ant-k', base_url: 'https://a.example/' })
const provider = anthropic.create('anthropic', settings, connection)
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: true,
  temperature: 1,
  stop: ['x'],
}

/** Answers in turn, and remembers what was asked. */
function sending(
  ...answers: { status: number; body: unknown }[]
): Send & { asked: UpstreamRequest[] } {
  const asked: UpstreamRequest[] = []
  const send = async (own: UpstreamRequest) => {
    asked.push(own)
    return answers.shift() ?? { status: 500, body: 'nothing more' }
  }
  return Object.assign(send, { asked })
}

describe('the settings', () => {
  test('need a key, and have an address', () => {
    expect(anthropic.settings.safeParse({}).success).toBe(false)
    expect(anthropic.settings.parse({ api_key: 'k' })).toEqual({
      api_key: 'k',
      base_url: 'https://api.anthropic.com',
    })
  })

  test('come from the usual variables', () => {
    expect(anthropic.fromEnvironment?.({})).toBeUndefined()
    expect(anthropic.fromEnvironment?.({ ANTHROPIC_API_KEY: 'k' })).toEqual({ api_key: 'k' })
    const both = { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'https://b.example' }
    expect(anthropic.fromEnvironment?.(both)).toEqual({
      api_key: 'k',
      base_url: 'https://b.example',
    })
  })
})

describe('the list of models', () => {
  const page = (ids: string[], more: boolean) => ({
    status: 200,
    body: {
      data: ids.map((id) => ({ type: 'model', id, max_input_tokens: 10, max_tokens: 5 })),
      has_more: more,
      last_id: ids.at(-1),
    },
  })

  test('is read to its end, signed', async () => {
    const send = sending(page(['a', 'b'], true), page(['c'], false))
    const found = await provider.discover?.(send)
    expect(found?.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(found?.[0]).toMatchObject({ contextLength: 10, maxOutputTokens: 5 })
    expect(send.asked.map(({ url }) => url)).toEqual([
      'https://a.example/v1/models?limit=1000',
      'https://a.example/v1/models?limit=1000&after_id=b',
    ])
    expect(send.asked[1]?.headers).toMatchObject({
      'x-api-key': 'sk-ant-k',
      'anthropic-version': '2023-06-01',
    })
  })

  test('a page that leads to itself is the last', async () => {
    const send = sending(page(['a'], true), page(['a'], true), page(['a'], true))
    await provider.discover?.(send)
    expect(send.asked).toHaveLength(2)
  })

  test('a refusal is a failure', async () => {
    const body = { type: 'error', error: { type: 'authentication_error', message: 'x' } }
    await expect(provider.discover?.(sending({ status: 401, body }))).rejects.toMatchObject({
      code: 'PROVIDER_AUTH',
    })
  })
})

describe('counting tokens', () => {
  test('asks for the prompt alone', async () => {
    const send = sending({ status: 200, body: { input_tokens: 14 } })
    expect(await provider.countTokens?.(request, 'claude-haiku-4-5', send)).toBe(14)
    expect(send.asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://a.example/v1/messages/count_tokens',
      headers: { 'x-api-key': 'sk-ant-k', 'content-type': 'application/json' },
    })
    expect(JSON.parse(send.asked[0]?.body ?? '')).toEqual({
      model: 'claude-haiku-4-5',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
  })

  test.each([
    [404, { type: 'error', error: { type: 'not_found_error', message: 'x' } }, 'MODEL_NOT_FOUND'],
    [200, { something: 'else' }, 'PROVIDER_ERROR'],
  ])('%i without a count is a failure', async (status, body, code) => {
    const counted = provider.countTokens?.(request, 'm', sending({ status, body }))
    await expect(counted).rejects.toMatchObject({ code })
  })
})

describe('the catalogue', () => {
  const catalogue = createCatalogue({
    providers: [provider],
    aliases: {},
    fallbacks: {},
    prices: new Map(),
  })

  test('a dated model costs what its model costs, and writes as much', () => {
    const { price } = catalogue.resolve('anthropic/claude-haiku-4-5-20251001')
    expect(price?.perMillion).toEqual({
      inputTokens: '1',
      cachedInputTokens: '0.1',
      cacheWriteTokens: '1.25',
      outputTokens: '5',
    })
    const body = provider.chat?.encodeRequest(request, 'claude-haiku-4-5-20251001')
    expect(body).toMatchObject({ max_tokens: 64_000 })
  })

  test('what is not known of a model stays unknown', () => {
    const { price } = catalogue.resolve('anthropic/claude-new-9')
    expect(price).toBeUndefined()
  })

  test('what a model takes stands in its list of parameters', () => {
    const of = (name: string) =>
      provider.models.find((model) => model.name === name)?.supportedParameters
    expect(of('claude-opus-5')).not.toContain('temperature')
    expect(of('claude-haiku-4-5')).toContain('temperature')
  })
})
