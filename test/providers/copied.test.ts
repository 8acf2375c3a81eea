import { describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { azure } from '../../src/providers/azure.ts'
import { decodeListed } from '../../src/providers/openai-discovery.ts'
import { mts } from '../../src/providers/mts.ts'
import { providerTypes } from '../../src/providers/index.ts'
import type { Provider, ProviderType, UpstreamRequest } from '../../src/providers/provider.ts'
import { tbank } from '../../src/providers/tbank.ts'
import { xai } from '../../src/providers/xai.ts'
import { copiedProviders } from '../support/copied-providers.ts'
import { startGateway } from '../support/gateway.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}

function create(type: ProviderType, given: object): Provider {
  return type.create('p', type.settings.parse(given), connection)
}

function typeOf(word: string): ProviderType {
  const found = providerTypes.find(({ type }) => type === word)
  if (!found) throw new Error(`no type ${word}`)
  return found
}

describe('the settings', () => {
  test.each([
    [
      'azure',
      { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://r.openai.azure.com/' },
      'https://r.openai.azure.com/openai',
    ],
    ['xai', { XAI_API_KEY: 'k' }, 'https://api.x.ai/v1'],
    [
      'mts',
      { MWS_API_KEY: 'k', MWS_PROJECT: 'my project' },
      'https://gpt.mwsapis.ru/projects/my%20project/openai/v1',
    ],
  ])('of %s come from the usual variables', (id, environment, baseUrl) => {
    const found = loadConfig(environment, undefined).providers.find((one) => one.id === id)
    expect(found?.baseUrl).toBe(baseUrl)
    const [first = ''] = Object.keys(environment)
    const partly = loadConfig({ ...environment, [first]: '' }, undefined)
    expect(partly.providers.map((one) => one.id)).not.toContain(id)
  })

  test.each([
    ['azure', {}, ['endpoint', 'api_key']],
    ['azure', { endpoint: 'https://e', api_key: 'k', api_version: 'newest' }, ['api_version']],
    ['xai', {}, ['api_key']],
    ['mts', { api_key: 'k' }, ['project']],
    ['tbank', { base_url: 'no' }, ['base_url']],
  ])('%s %j are wrong at %j', (word, given, paths) => {
    const { error } = typeOf(word).settings.safeParse(given)
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual(paths)
  })

  test.each([
    'https://r.openai.azure.com',
    'https://r.openai.azure.com/openai/',
    'https://r.openai.azure.com/openai/v1',
  ])('Azure’s endpoint may be %s', (endpoint) => {
    const provider = create(azure, { endpoint, api_key: 'k' })
    expect(provider.baseUrl).toBe('https://r.openai.azure.com/openai')
  })

  test('Azure signs with a header of its own', async () => {
    const unsigned: UpstreamRequest = { method: 'POST', url: 'u', headers: { a: 'b' } }
    const provider = create(azure, {
      endpoint: 'https://e',
      api_key: 'k',
      api_version: '2024-10-21',
    })
    const signed = await provider.authorize(unsigned, () => Promise.reject(new Error('sent')))
    expect(signed.headers).toEqual({ a: 'b', 'api-key': 'k' })
  })

  test('a version of the environment is Azure’s', () => {
    const { providers } = loadConfig(
      {
        AZURE_OPENAI_API_KEY: 'k',
        AZURE_OPENAI_ENDPOINT: 'https://e',
        OPENAI_API_VERSION: '2024-10-21',
      },
      undefined,
    )
    const request = { model: 'm', messages: [], stream: false }
    expect(providers.find(({ id }) => id === 'azure')?.chat?.path('d', request)).toContain(
      '/deployments/d/',
    )
  })
})

describe('what is known of models', () => {
  test('a deployment of Azure is what its operator says it is', () => {
    const deployments = { cheap: 'gpt-4o-mini', strange: 'nobody-knows' }
    const { models } = create(azure, { endpoint: 'https://e', api_key: 'k', deployments })
    expect(models).toEqual([
      expect.objectContaining({
        name: 'cheap',
        contextLength: 128_000,
        price: expect.objectContaining({
          perMillion: expect.objectContaining({ inputTokens: '0.165' }),
        }),
      }),
      { name: 'strange' },
    ])
  })

  test('prices of Cloud.ru are not those of another server', () => {
    const hosted = create(tbank, { api_key: 'k' }).models
    expect(hosted.find(({ name }) => name.endsWith('T-pro-it-2.0'))?.price).toMatchObject({
      currency: 'RUB',
      perMillion: { inputTokens: '26.84', outputTokens: '52.46' },
    })
    expect(create(tbank, { base_url: 'http://localhost:8000/v1' }).models).toEqual([])
  })

  test('every model of xAI has a price with its source, and the hub of MTS has none', () => {
    for (const { price } of create(xai, { api_key: 'k' }).models) {
      expect(price).toMatchObject({
        currency: 'USD',
        source: expect.stringContaining('2026-08-01'),
      })
    }
    const hub = create(mts, { api_key: 'k', project: 'p' }).models
    expect(hub.length).toBeGreaterThan(0)
    expect(hub.every(({ price }) => price === undefined)).toBe(true)
  })

  test('only the generation that can think or not has the switch', () => {
    const word = (model: string) => create(tbank, {}).supportOf?.(model).reasoning_effort
    expect(word('t-tech/T-pro-it-2.0-FP8')).toMatchObject({ emulated: expect.any(String) })
    expect(word('t-tech/T-pro-it-2.1')).toBe('ignored')
    expect(create(tbank, {}).supportOf?.('t-tech/T-lite-it-1.0').tools).toBe('refused')
  })
})

describe('a list of models', () => {
  test('has names, and the context where the server says it', () => {
    const body = { data: [{ id: 'a', max_model_len: 10 }, { id: 'b' }, { id: 7 }, null] }
    expect(decodeListed({ status: 200, body })).toEqual([
      { name: 'a', contextLength: 10 },
      { name: 'b' },
    ])
  })

  test.each([
    [401, { error: 'Unauthorized' }, 'PROVIDER_AUTH'],
    [200, 'no list', 'PROVIDER_ERROR'],
  ])('that is none (%i) is a failure', (status, body, code) => {
    expect(() => decodeListed({ status, body })).toThrow(expect.objectContaining({ code }))
  })

  test('is asked for at the start, and only what chats is kept', async () => {
    const rows = copiedProviders.filter(({ name }) => ['xai', 'mts', 'tbank'].includes(name))
    const simulators = await Promise.all(rows.map((row) => row.start()))
    const toml = rows.map((row, index) => {
      const simulator = simulators[index]
      return simulator ? `[providers.${row.name}]\n${row.toml(simulator)}` : ''
    })
    const gateway = await startGateway(toml.join('\n'))
    const ids = (): string[] => gateway.running.catalogue.models.map(({ id }) => id)
    const listed = ['xai/grok-3-mini', 'mts/qwen3-32b', 'tbank/t-tech/T-pro-it-2.1']
    await vi.waitFor(() => expect(ids()).toEqual(expect.arrayContaining(listed)))
    expect(ids().filter((id) => /imagine|rerank/.test(id))).toEqual([])
    await gateway.stop()
    await Promise.all(simulators.map((one) => one.close()))
  })
})
