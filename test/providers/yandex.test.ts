import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config.ts'
import { yandex } from '../../src/providers/yandex.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import type { Provider } from '../../src/providers/provider.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: true,
}

function create(given: object): Provider {
  const defaults = { api_key: 'AQVN-k', folder_id: 'b1g' }
  return yandex.create('yandex', yandex.settings.parse({ ...defaults, ...given }), connection)
}

function bodyFor(provider: Provider, model: string, members: Partial<ChatRequest> = {}) {
  return provider.chat?.encodeRequest({ ...request, ...members }, model)
}

test('the native API lists its own models and vectors, from the list of the compatible one', async () => {
  const asked: string[] = []
  const ids = [
    'gpt://b1g/yandexgpt/rc',
    'gpt://b1g/yandexgpt-lite/latest@tamr1',
    'gpt://b1g/aliceai-llm/latest',
    'gpt://b1g/qwen3-235b-a22b-fp8/latest',
    'gpt://other/yandexgpt/latest',
    'emb://b1g/text-search-doc/latest',
  ]
  const found = await create({}).discover?.(async ({ url, headers }) => {
    asked.push(`${url} ${headers['openai-project']} ${headers['authorization']}`)
    return { status: 200, body: { data: ids.map((id) => ({ id })) } }
  })
  expect(asked).toEqual(['https://ai.api.cloud.yandex.net/v1/models b1g Api-Key AQVN-k'])
  expect(found).toEqual([
    { name: 'yandexgpt:rc' },
    { name: 'yandexgpt-lite:latest@tamr1' },
    { name: 'text-search-doc:latest', features: ['embeddings'] },
  ])
  expect(create({ base_url: 'http://127.0.0.1:9' })).not.toHaveProperty('discover')
})

describe('the settings', () => {
  const problemsOf = (given: object) =>
    (yandex.settings.safeParse(given).error?.issues ?? []).map(({ path, message }) => [
      path.join('.'),
      message,
    ])

  test('need one credential, and say which are there', () => {
    expect(problemsOf({ folder_id: 'f' })).toEqual([['api_key', 'set this or iam_token']])
    expect(problemsOf({ folder_id: 'f', api_key: 'a', iam_token: 'b' })).toEqual([
      ['iam_token', 'set either this or api_key (YANDEX_API_KEY sets it too), not both'],
    ])
  })

  test('report everything at once', () => {
    expect(problemsOf({ api: 'grpc', base_url: 'x' }).map(([path]) => path)).toEqual([
      'api',
      'folder_id',
      'base_url',
      'api_key',
    ])
  })

  test('come from the usual variables, both or none', () => {
    const on = loadConfig({ YANDEX_API_KEY: 'AQVN-k', YANDEX_FOLDER_ID: 'b1g' }, undefined)
    expect(on.providers.map(({ id }) => id)).toContain('yandex')
    const off = loadConfig({ YANDEX_API_KEY: 'AQVN-k' }, undefined)
    expect(off.providers.map(({ id }) => id)).not.toContain('yandex')
  })

  test('that contradict each other are a problem with its path, and no value', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'xrouter-test-')), 'xrouter.toml')
    writeFileSync(file, '[providers.yandex]\nfolder_id = "f"\niam_token = "t1.secret"')
    const load = () => loadConfig({ YANDEX_API_KEY: 'AQVN-k', YANDEX_FOLDER_ID: 'b1g' }, file)
    expect(load).toThrow(ConfigError)
    expect(load).toThrow(/providers\.yandex\.iam_token: set either this or api_key/)
    expect(load).not.toThrow(/t1\.secret|AQVN-k/)
  })
})

describe('the API that is chosen', () => {
  test.each([
    [{}, 'https://llm.api.cloud.yandex.net/foundationModels/v1', '/completion'],
    [{ api: 'openai' }, 'https://ai.api.cloud.yandex.net/v1', '/chat/completions'],
    [{ base_url: 'http://127.0.0.1:9/' }, 'http://127.0.0.1:9/foundationModels/v1', '/completion'],
    [{ base_url: 'http://proxy/ya/v1' }, 'http://proxy/ya/v1', '/completion'],
    [
      { api: 'openai', base_url: 'http://127.0.0.1:9' },
      'http://127.0.0.1:9/v1',
      '/chat/completions',
    ],
  ])('%j is at %s%s', (given, baseUrl, path) => {
    const provider = create(given)
    expect([provider.baseUrl, provider.chat?.path('yandexgpt', request)]).toEqual([baseUrl, path])
  })

  test.each([
    [{}, { authorization: 'Api-Key AQVN-k', 'x-folder-id': 'b1g' }],
    [
      { api_key: undefined, iam_token: 't1.x' },
      { authorization: 'Bearer t1.x', 'x-folder-id': 'b1g' },
    ],
    [{ api: 'openai' }, { authorization: 'Api-Key AQVN-k', 'openai-project': 'b1g' }],
  ])('%j is signed with %j', async (given, headers) => {
    const unsigned = { method: 'POST' as const, url: 'u', headers: {} }
    const signed = await create(given).authorize(unsigned, () => Promise.reject(new Error('sent')))
    expect(signed.headers).toEqual(headers)
  })

  test.each([
    ['yandexgpt', 'gpt://b1g/yandexgpt/latest'],
    ['yandexgpt:latest', 'gpt://b1g/yandexgpt/latest'],
    ['yandexgpt:rc', 'gpt://b1g/yandexgpt/rc'],
    ['yandexgpt:deprecated', 'gpt://b1g/yandexgpt/deprecated'],
    ['yandexgpt/rc', 'gpt://b1g/yandexgpt/rc'],
    ['yandexgpt-lite:latest@tamre4', 'gpt://b1g/yandexgpt-lite/latest@tamre4'],
    ['gpt://other/yandexgpt/rc', 'gpt://other/yandexgpt/rc'],
    ['ds://bt1abc', 'ds://bt1abc'],
  ])('%s is the model %s', (name, uri) => {
    expect(bodyFor(create({}), name)).toMatchObject({ modelUri: uri })
    expect(bodyFor(create({ api: 'openai' }), name)).toMatchObject({ model: uri })
  })

  test('lists its models: names with and without a branch, prices where there are any', () => {
    const names = (api: string) => create({ api }).models.map(({ name }) => name)
    expect(names('native')).toEqual(
      expect.arrayContaining([
        'yandexgpt',
        'yandexgpt:latest',
        'yandexgpt:rc',
        'yandexgpt:deprecated',
        'yandexgpt-lite',
      ]),
    )
    expect(names('native').filter((name) => /qwen|deepseek/.test(name))).toEqual([])
    const models = create({ api: 'openai' }).models
    expect(new Set(models.map(({ name }) => name)).size).toBe(models.length)
    const priced = models.filter(({ price }) => price)
    for (const { price } of priced) {
      expect(price).toMatchObject({ currency: 'RUB', source: expect.stringContaining('2026') })
    }
    expect(models.find(({ name }) => name === 'aliceai-llm')?.price?.perMillion).toEqual({
      inputTokens: '500',
      outputTokens: '1200',
    })
  })
})

describe('the OpenAI-compatible API', () => {
  const { chat } = create({ api: 'openai' })
  const toolCall = (id: string, name: string) => ({
    id,
    name,
    kind: 'function' as const,
    arguments: '{}',
  })

  test('is not asked for what it does not support', () => {
    const body = bodyFor(create({ api: 'openai' }), 'yandexgpt', { seed: 1, maxTokens: 5 })
    expect(body).toEqual({
      model: 'gpt://b1g/yandexgpt/latest',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      max_tokens: 5,
    })
  })

  test('gets calls under the ids that it makes itself', () => {
    const own = 'chatcmpl-tool-0123456789abcdef'
    const body = bodyFor(create({ api: 'openai' }), 'yandexgpt', {
      messages: [
        { role: 'developer', parts: [] },
        {
          role: 'assistant',
          parts: [{ type: 'refusal', text: 'no' }],
          toolCalls: [toolCall('call_1', 'f'), toolCall('call_2', 'f'), toolCall(own, 'g')],
        },
        { role: 'tool', toolCallId: own, parts: [{ type: 'text', text: '3' }] },
        { role: 'tool', toolCallId: 'call_2', parts: [{ type: 'text', text: '2' }] },
        { role: 'tool', toolCallId: 'call_1', parts: [{ type: 'text', text: '1' }] },
      ],
    })
    const wire = (id: string, name: string) => ({
      id,
      type: 'function',
      function: { name, arguments: '{}' },
    })
    expect(body).toMatchObject({
      messages: [
        { role: 'system' },
        { content: 'no', tool_calls: [wire('f', 'f'), wire('f', 'f'), wire(own, 'g')] },
        { role: 'tool', tool_call_id: 'f', content: '1' },
        { role: 'tool', tool_call_id: 'f', content: '2' },
        { role: 'tool', tool_call_id: own, content: '3' },
      ],
    })
  })

  test('has its calls told apart where their ids are the names of their functions', () => {
    const call = (index: number, id: string, name: string) => ({
      index,
      id,
      type: 'function',
      function: { name, arguments: '{}' },
    })
    const events = chat?.decodeBody({
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: '',
            tool_calls: [call(0, 'f', 'f'), call(1, 'f', 'f'), call(2, 'chatcmpl-tool-1', 'f')],
          },
          finish_reason: 'tool_calls',
        },
      ],
    })
    const ids = (events ?? []).flatMap((event) =>
      event.type === 'tool-call-start' ? [event.id] : [],
    )
    expect(ids).toEqual([
      expect.stringMatching(/^call_/),
      expect.stringMatching(/^call_/),
      'chatcmpl-tool-1',
    ])
    expect(new Set(ids).size).toBe(3)
  })
})
