import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { lossesOf } from '../../src/gateway/loss.ts'
import { ollama } from '../../src/providers/ollama.ts'
import { OllamaEndpoints } from '../../src/providers/ollama-endpoints.ts'
import { decodeShow, decodeTags, withTag } from '../../src/providers/ollama-models.ts'
import type { Provider, Send, UpstreamRequest } from '../../src/providers/provider.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}
const [a, b, c] = ['http://a:1', 'http://b:1', 'http://c:1'] as const

function create(given: object = {}): Provider {
  return ollama.create('ollama', ollama.settings.parse(given), connection)
}

const nobody: Send = () => Promise.reject(new Error('sent'))

describe('the settings', () => {
  test('have the usual address where none is given', () => {
    expect(create().baseUrl).toBe('http://127.0.0.1:11434')
    expect(create({ endpoints: [`${a}/`, b] }).baseUrl).toBe(a)
  })

  test('come from the usual variables', async () => {
    const environment = { OLLAMA_BASE_URL: `${a}, ${b}/`, OLLAMA_API_KEY: 'k' }
    const { providers } = loadConfig(environment, undefined)
    const provider = providers.find(({ id }) => id === 'ollama')
    expect(provider?.baseUrl).toBe(a)
    const unsigned: UpstreamRequest = { method: 'GET', url: `${a}/x`, headers: {} }
    expect(await provider?.authorize(unsigned, nobody)).toMatchObject({
      headers: { authorization: 'Bearer k' },
    })
    const without = loadConfig({ OLLAMA_API_KEY: 'k' }, undefined)
    expect(without.providers.map(({ id }) => id)).not.toContain('ollama')
  })

  test.each([
    [{ endpoints: [] }, 'endpoints'],
    [{ endpoints: ['ftp://a'] }, 'endpoints.0'],
    [{ endpoints: 'a,b' }, 'endpoints.0'],
    [{ endpoints: 7 }, 'endpoints'],
    [{ api_key: '' }, 'api_key'],
    [{ keep_alive: true }, 'keep_alive'],
    [{ base_url: a }, ''],
  ])('%j are wrong at %s', (given, path) => {
    const { error } = ollama.settings.safeParse(given)
    expect(error?.issues[0]?.path.join('.')).toBe(path)
  })
})

test('a request goes to the only endpoint as it is, without a look around', async () => {
  const unsigned: UpstreamRequest = {
    method: 'POST',
    url: `${a}/api/chat`,
    headers: { x: 'y' },
    model: 'm',
  }
  expect(await create({ endpoints: [a] }).authorize(unsigned, nobody)).toEqual(unsigned)
})

describe('what the table says of a request', () => {
  const base: ChatRequest = {
    model: 'm',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    stream: false,
  }
  const warned = (members: Partial<ChatRequest>): number =>
    lossesOf({ modelId: 'ollama/m', provider: create(), model: 'm' }, { ...base, ...members })
      .length

  test.each<[string, Partial<ChatRequest>, number]>([
    ['an effort of its own', { reasoningEffort: 'max' }, 0],
    ['no effort', { reasoningEffort: 'none' }, 0],
    ['an effort that is near', { reasoningEffort: 'minimal' }, 1],
    ['a limit of reasoning', { reasoningBudgetTokens: 5 }, 1],
    [
      'thoughts',
      { messages: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }] }] },
      0,
    ],
    [
      'thoughts that nobody can read',
      {
        messages: [
          {
            role: 'assistant',
            parts: [{ type: 'reasoning', text: '', sealed: { dialect: 'x', value: 'y' } }],
          },
        ],
      },
      1,
    ],
    ['a name of the person', { endUserId: 'u' }, 1],
  ])('%s', (_name, members, warnings) => {
    expect(warned(members)).toBe(warnings)
  })
})

describe('models', () => {
  test('have the tag latest where they have none', () => {
    expect(['llama3.2', 'qwen3:0.6b', 'hub:5000/team/m', 'hf.co/x/y:Q4'].map(withTag)).toEqual([
      'llama3.2:latest',
      'qwen3:0.6b',
      'hub:5000/team/m:latest',
      'hf.co/x/y:Q4',
    ])
  })

  test('are read with what the list tells', () => {
    const models = [
      { name: 'a:latest', details: { context_length: 5 }, capabilities: ['completion', 'vision'] },
      { model: 'b:1b' },
      { name: '' },
      null,
    ]
    expect(decodeTags({ status: 200, headers: {}, body: { models } })).toEqual([
      {
        name: 'a',
        contextLength: 5,
        features: ['streaming', 'json_schema'],
        inputModalities: ['text', 'image'],
      },
      { name: 'b:1b' },
    ])
  })

  test.each([
    [401, { error: 'unauthorized' }, 'PROVIDER_AUTH'],
    [200, 'Ollama is running', 'PROVIDER_ERROR'],
  ])('a list that is none is a failure (%i %j)', (status, body, code) => {
    expect(() => decodeTags({ status, headers: {}, body })).toThrow(
      expect.objectContaining({ code }),
    )
  })

  test.each([
    [200, { model_info: { 'general.architecture': 'x', 'x.context_length': 9 } }, 9],
    [200, { model_info: { 'x.context_length': 9 } }, undefined],
    [200, 'a body that was cut', undefined],
    [404, { error: 'not found' }, undefined],
  ])('what is told of one (%i %j) is a context of %s', (status, body, contextLength) => {
    expect(decodeShow({ status, headers: {}, body }).contextLength).toBe(contextLength)
  })
})

describe('endpoints', () => {
  /** What each has; one that is not here cannot be reached. */
  let having: Record<string, string[]> = {}
  let asked: string[] = []
  let now = 0
  const send: Send = async ({ url }) => {
    const place = url.replace(/\/api\/tags$/, '')
    asked.push(place)
    const names = having[place]
    if (!names) throw new Error('refused')
    return { status: 200, headers: {}, body: { models: names.map((name) => ({ name })) } }
  }
  const open = (has: Record<string, string[]>): OllamaEndpoints => {
    ;[having, asked, now] = [has, [], 1_000_000]
    return new OllamaEndpoints([a, b, c], {}, () => now)
  }
  const chosen = async (endpoints: OllamaEndpoints, model: string, times = 6) => {
    const urls = new Set<string>()
    for (let turn = 0; turn < times; turn += 1) urls.add(await endpoints.choose(model, send))
    return [...urls].toSorted()
  }
  const at = (url: string): UpstreamRequest => ({
    method: 'POST',
    url: `${url}/api/chat`,
    headers: {},
  })

  test('that have the model are chosen in turn, those that cannot be reached are not', async () => {
    const endpoints = open({ [a]: ['m:latest', 'n:1b'], [b]: ['m:latest'] })
    expect(await chosen(endpoints, 'm')).toEqual([a, b])
    expect(await chosen(endpoints, 'm:latest')).toEqual([a, b])
    expect(await chosen(endpoints, 'n:1b')).toEqual([a])
    expect(asked.length).toBe(3)
  })

  test('are looked at again after a while, without anybody’s waiting', async () => {
    const endpoints = open({ [a]: ['m:latest'], [b]: [] })
    expect(await chosen(endpoints, 'm')).toEqual([a])
    having = { [a]: ['m:latest'], [b]: ['m:latest'], [c]: ['m:latest'] }
    now += 60_000
    await endpoints.choose('m', send)
    expect(await chosen(endpoints, 'm')).toEqual([a, b, c])
  })

  test('are looked at sooner for a model that nobody had', async () => {
    const endpoints = open({ [a]: [], [b]: [] })
    expect(await chosen(endpoints, 'new:1b')).toEqual([a, b])
    having = { [a]: [], [b]: ['new:1b'] }
    expect(await chosen(endpoints, 'new:1b')).toEqual([a, b])
    now += 5_000
    expect(await chosen(endpoints, 'new:1b')).toEqual([b])
  })

  test('that die are left alone for a while', async () => {
    const endpoints = open({ [a]: ['m:latest'], [b]: ['m:latest'], [c]: ['m:latest'] })
    await endpoints.discover(send)
    expect(endpoints.passOver(at(b))).toBe(true)
    expect(await chosen(endpoints, 'm')).toEqual([a, c])
    now += 30_000
    expect(await chosen(endpoints, 'm')).toEqual([a, b, c])
  })

  test('that are all dead are tried nevertheless, once each call', async () => {
    const endpoints = open({})
    expect(await chosen(endpoints, 'm')).toEqual([a, b, c])
    expect([a, b, c].map((url) => endpoints.passOver(at(url)))).toEqual([false, false, false])
  })

  test('whose names begin alike are not taken for one another', async () => {
    const endpoints = new OllamaEndpoints(['http://a:1', 'http://a:11'], {}, () => now)
    expect(endpoints.passOver(at('http://a:11'))).toBe(true)
    expect(endpoints.passOver(at('http://a:1'))).toBe(false)
  })

  test('are discovered as far as they answer', async () => {
    const endpoints = open({ [a]: ['m:latest', 'n:1b'], [b]: ['m:latest'] })
    const found = await endpoints.discover(send)
    expect(found.map(({ name }) => name)).toEqual(['m', 'n:1b'])
    having = { [b]: ['new:1b'] }
    const later = await endpoints.discover(send)
    expect(later.map(({ name }) => name)).toEqual(['m', 'n:1b', 'new:1b'])
    await expect(open({}).discover(send)).rejects.toThrow('refused')
  })
})
