import { describe, expect, test, vi } from 'vitest'
import { openai } from '../../src/providers/openai.ts'
import { openaiCompatible } from '../../src/providers/openai-compatible.ts'
import type { Provider, ProviderType } from '../../src/providers/provider.ts'
import { startGateway } from '../support/gateway.ts'
import { hasRecordings, readRecordings, requireServices } from '../support/recorded.ts'
import { startOpenaiSimulator } from '../support/simulators/openai.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}

function create(type: ProviderType, given: object): Provider {
  return type.create('p', type.settings.parse(given), connection)
}

/** What a provider makes of a list; names of models that make vectors get a star. */
async function namesOf(provider: Provider, body: unknown): Promise<string[] | undefined> {
  const found = await provider.discover?.(async ({ url }) => {
    expect(url).toBe(`${provider.baseUrl}/models`)
    return { status: 200, body }
  })
  return found?.map(
    ({ name, features = [] }) => (features.includes('embeddings') ? '*' : '') + name,
  )
}

const listOf = (...names: string[]) => ({ data: names.map((id) => ({ id })) })

describe('OpenAI’s list', () => {
  const list = listOf(
    'gpt-5.9',
    'ft:gpt-4.1-mini-2025-04-14:acme::1',
    'gpt-4o-search-preview',
    'text-embedding-4',
    'gpt-9-pro',
    'gpt-9-codex-max',
    'o5-deep-research',
    'gpt-image-3',
    'gpt-audio-mini',
    'gpt-realtime',
    'gpt-4o-mini-tts',
    'sora-2-pro',
    'omni-moderation-latest',
    'whisper-1',
    'davinci-002',
    'gpt-3.5-turbo-instruct',
  )
  const chatting = [
    'gpt-5.9',
    'ft:gpt-4.1-mini-2025-04-14:acme::1',
    'gpt-4o-search-preview',
    '*text-embedding-4',
  ]

  test('has what chats and what makes vectors, new names too', async () => {
    expect(await namesOf(create(openai, { api_key: 'k' }), list)).toEqual(chatting)
  })

  test('has more for the Responses API', async () => {
    const responses = create(openai, { api_key: 'k', api: 'responses' })
    expect(await namesOf(responses, list)).toEqual([
      ...chatting,
      'gpt-9-pro',
      'gpt-9-codex-max',
      'o5-deep-research',
    ])
  })

  test.skipIf(!hasRecordings && !requireServices)('as it was recorded', async () => {
    const recorded = readRecordings('openai').recordings.find(({ file }) =>
      file.includes('openai_models_get_e04cf04b'),
    )
    const body = recorded?.answer.kind === 'body' ? JSON.parse(recorded.answer.text) : undefined
    const names = await namesOf(create(openai, { api_key: 'k' }), body)
    expect(names).toHaveLength(46)
    expect(names).toEqual(expect.arrayContaining(['gpt-4o', 'o3-mini', '*text-embedding-ada-002']))
    expect(
      names?.filter((name) => /tts|whisper|audio|realtime|-pro|image|dall/.test(name)),
    ).toEqual([])
  })
})

describe('the list of a server like OpenAI’s', () => {
  const base_url = 'http://127.0.0.1:9/v1'
  const list = {
    data: [
      { id: 'Qwen/Qwen3-8B-Instruct', max_model_len: 40_960 },
      { id: 'BAAI/bge-m3' },
      { id: 'BAAI/bge-reranker-v2-m3' },
      { id: 'openai/whisper-large-v3' },
    ],
  }

  test('is taken with what it says', async () => {
    const provider = create(openaiCompatible, { base_url })
    expect(await namesOf(provider, list)).toEqual(['Qwen/Qwen3-8B-Instruct', '*BAAI/bge-m3'])
  })

  test('adds nothing to the models that the configuration names, but says more of them', async () => {
    const models = ['Qwen/Qwen3-8B-Instruct', 'absent']
    const found = await create(openaiCompatible, { base_url, models }).discover?.(async () => ({
      status: 200,
      body: list,
    }))
    expect(found).toEqual([{ name: 'Qwen/Qwen3-8B-Instruct', contextLength: 40_960 }])
  })
})

test('a gateway lists what OpenAI lists, snapshots at the price of their model, where it is wanted', async () => {
  const simulator = await startOpenaiSimulator()
  const table = (name: string, more = '') =>
    `[providers.${name}]\ntype = "openai"\napi_key = "sk-simulated"\nbase_url = "${simulator.url}"\n${more}\n`
  const gateway = await startGateway(table('wanted') + table('left', 'discover_models = false'))
  const { catalogue } = gateway.running
  const snapshots = () => catalogue.models.filter(({ name }) => name === 'gpt-4o-mini-2024-07-18')
  await vi.waitUntil(() => snapshots().length > 0, { timeout: 10_000 })
  expect(snapshots()).toMatchObject([
    { id: 'wanted/gpt-4o-mini-2024-07-18', price: { perMillion: { inputTokens: '0.15' } } },
  ])
  expect(simulator.lists).toHaveLength(1)
  await gateway.stop()
  await simulator.close()
})
