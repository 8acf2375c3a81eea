import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { lossesOf } from '../../src/gateway/loss.ts'
import { gemini } from '../../src/providers/gemini.ts'
import type { Provider, UpstreamRequest } from '../../src/providers/provider.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import { wrongKey } from '../support/simulators/gemini-error.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: false,
}

function create(given: object = {}): Provider {
  return gemini.create(
    'gemini',
    gemini.settings.parse({ api_key: 'AIzaKey', ...given }),
    connection,
  )
}

describe('the settings', () => {
  test('come from the usual variable', () => {
    const on = loadConfig({ GEMINI_API_KEY: 'AIzaKey' }, undefined)
    expect(on.providers.map(({ id }) => id)).toContain('gemini')
    expect(loadConfig({}, undefined).providers.map(({ id }) => id)).not.toContain('gemini')
  })

  test('have the service’s own address, and another where one is given', () => {
    expect(create().baseUrl).toBe('https://generativelanguage.googleapis.com/v1beta')
    expect(create({ base_url: 'http://127.0.0.1:9/v1beta/' }).baseUrl).toBe(
      'http://127.0.0.1:9/v1beta',
    )
  })

  test.each([
    [{}, 'api_key'],
    [{ api_key: 'k', safety_settings: { HATE: 'OFF' } }, 'safety_settings.HATE'],
    [
      { api_key: 'k', safety_settings: { HARM_CATEGORY_HARASSMENT: 'ALL' } },
      'safety_settings.HARM_CATEGORY_HARASSMENT',
    ],
  ])('%j are wrong at %s', (given, path) => {
    const { error } = gemini.settings.safeParse(given)
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
  })

  test('sign with a header', async () => {
    const unsigned: UpstreamRequest = { method: 'POST', url: 'u', headers: { a: 'b' } }
    const signed = await create().authorize(unsigned, () => Promise.reject(new Error('sent')))
    expect(signed.headers).toEqual({ a: 'b', 'x-goog-api-key': 'AIzaKey' })
  })
})

test.each([
  ['gemini-2.5-flash', false, '/models/gemini-2.5-flash:generateContent'],
  ['gemini-2.5-flash', true, '/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
  ['models/gemini-2.5-flash', false, '/models/gemini-2.5-flash:generateContent'],
  ['tunedModels/mine', false, '/tunedModels/mine:generateContent'],
  ['tunedModels/../x', false, '/tunedModels/..%2Fx:generateContent'],
  ['a/b?c#d', false, '/models/a%2Fb%3Fc%23d:generateContent'],
])('%s (stream: %s) is at %s', (model, stream, path) => {
  expect(create().chat?.path(model, { ...request, stream })).toBe(path)
})

describe('what one model has and another has not', () => {
  function warningsOf(model: string, members: Partial<ChatRequest>): string[] {
    const deployment = { modelId: `gemini/${model}`, provider: create(), model }
    return lossesOf(deployment, { ...request, ...members })
  }

  test.each([
    ['gemini-2.5-flash', { reasoningEffort: 'none' }, 0],
    ['gemini-2.5-flash', { reasoningEffort: 'minimal' }, 0],
    ['gemini-2.5-flash', { reasoningEffort: 'xhigh' }, 1],
    ['gemini-2.5-pro', { reasoningEffort: 'none' }, 1],
    ['gemini-3-flash-preview', { reasoningEffort: 'none' }, 1],
    ['gemini-3-flash-preview', { reasoningEffort: 'minimal' }, 0],
    ['gemini-3.1-pro-preview', { reasoningEffort: 'minimal' }, 1],
    ['gemini-2.0-flash', { reasoningEffort: 'high' }, 1],
    ['gemini-2.5-flash', { reasoningEffort: 'low', reasoningBudgetTokens: 9 }, 0],
    ['gemini-3-flash-preview', { reasoningBudgetTokens: 9 }, 0],
    ['gemini-3-flash-preview', { reasoningEffort: 'low', reasoningBudgetTokens: 9 }, 1],
    ['gemini-2.0-flash', { reasoningBudgetTokens: 9 }, 1],
    ['gemini-2.5-flash', { reasoningSummary: 'auto' }, 0],
    ['gemini-2.5-flash', { reasoningSummary: 'detailed' }, 1],
  ])('%s, %j: %i warnings', (model, members, count) => {
    expect(warningsOf(model, members)).toHaveLength(count)
  })

  test('a public address is refused for models that cannot read it', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'user', parts: [{ type: 'image', url: 'https://example.com/a.png' }] },
    ]
    expect(warningsOf('gemini-2.5-flash', { messages })).toEqual([])
    expect(() => warningsOf('gemini-2.0-flash', { messages })).toThrow(/image_url/)
  })

  test('thoughts that Gemini signed go back without a warning', () => {
    const turn = (dialect: string): ChatRequest['messages'] => [
      ...request.messages,
      {
        role: 'assistant',
        parts: [{ type: 'reasoning', text: 'a', signature: { dialect, value: 'S' } }],
      },
    ]
    expect(warningsOf('gemini-2.5-flash', { messages: turn('gemini') })).toEqual([])
    expect(warningsOf('gemini-2.5-flash', { messages: turn('other') })).toHaveLength(1)
  })
})

describe('the models', () => {
  test('have limits and a price each, with its day', () => {
    const models = create().models.filter(({ features }) => !features?.includes('embeddings'))
    expect(models.length).toBeGreaterThan(5)
    for (const { contextLength, maxOutputTokens, price } of models) {
      expect([contextLength, maxOutputTokens]).toEqual([1_048_576, 65_536])
      expect(price).toMatchObject({
        currency: 'USD',
        source: expect.stringContaining('2026-08-01'),
      })
      expect(Object.keys(price?.perMillion ?? {})).toHaveLength(3)
    }
  })

  test('are asked for with the key, until there is no further page', async () => {
    const asked: UpstreamRequest[] = []
    const page = (name: string, nextPageToken: string) => ({
      models: [
        { name: `models/${name}`, supportedGenerationMethods: ['generateContent'] },
        { name: 'models/veo', supportedGenerationMethods: ['predict'] },
        { name: 7 },
        {},
      ],
      nextPageToken,
    })
    const found = await create().discover?.((sent) => {
      asked.push(sent)
      const body = asked.length === 1 ? page('a', 'x&y=1') : page('b', '')
      return Promise.resolve({ status: 200, body })
    })
    expect(found?.map(({ name, contextLength }) => [name, contextLength])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
    const base = 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000'
    expect(asked.map(({ url }) => url)).toEqual([base, `${base}&pageToken=x%26y%3D1`])
    expect(asked[0]?.headers).toMatchObject({ 'x-goog-api-key': 'AIzaKey' })
  })

  test('cannot be listed without end, nor with a wrong key', async () => {
    let pages = 0
    await create().discover?.(() => {
      pages += 1
      return Promise.resolve({ status: 200, body: { models: [], nextPageToken: 'again' } })
    })
    expect(pages).toBe(20)
    const refused = create().discover?.(() =>
      Promise.resolve({ status: 400, body: wrongKey().body() }),
    )
    await expect(refused).rejects.toMatchObject({ code: 'PROVIDER_AUTH' })
  })
})
