import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openaiEmbeddingApi } from '../../src/dialects/openai-embeddings/embedding-api.ts'
import { createCatalogue } from '../../src/gateway/catalogue.ts'
import { startDiscovery } from '../../src/gateway/discover.ts'
import { nativeBut } from '../../src/protocol/features.ts'
import type { ModelInfo, Provider } from '../../src/providers/provider.ts'

const provider: Provider = {
  id: 'some',
  baseUrl: 'http://127.0.0.1:9',
  authorize: (request) => request,
  support: nativeBut({}),
  models: [{ name: 'built-in', contextLength: 1_000 }],
  openModels: false,
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function start(lists: (ModelInfo[] | Error)[], members: Partial<Provider> = {}) {
  const catalogue = createCatalogue({
    providers: [{ ...provider, ...members }],
    aliases: {},
    fallbacks: {},
    prices: new Map(),
  })
  const discover = vi.fn<() => Promise<ModelInfo[]>>(async () => {
    const next = lists.shift() ?? []
    if (next instanceof Error) throw next
    return next
  })
  const logger = pino({ level: 'silent' })
  const onLearnt = vi.fn<() => Promise<void>>(async () => {})
  const running = startDiscovery({ catalogue, upstreams: { discover }, logger, onLearnt }, 60_000)
  return { catalogue, discover, onLearnt, running }
}

test('upstreams are asked at once, and again and again until it is stopped; what is gone is gone', async () => {
  const { catalogue, discover, onLearnt, running } = start([
    [{ name: 'new', contextLength: 10 }],
    [{ name: 'newer' }],
  ])
  await vi.advanceTimersByTimeAsync(0)
  expect(catalogue.models.map(({ id }) => id)).toEqual(['some/built-in', 'some/new'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(catalogue.models.map(({ id }) => id)).toEqual(['some/built-in', 'some/newer'])
  running.stop()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(discover).toHaveBeenCalledTimes(2)
  expect(onLearnt).toHaveBeenCalledTimes(2)
})

test('a later list says anew what was learnt, and never what was known from the start', async () => {
  const { catalogue, running } = start([
    [{ name: 'new', contextLength: 10, maxOutputTokens: 5 }],
    [
      { name: 'new', contextLength: 20 },
      { name: 'built-in', contextLength: 7, maxOutputTokens: 3 },
    ],
  ])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(catalogue.models).toMatchObject([
    { id: 'some/built-in', contextLength: 1_000, maxOutputTokens: 3 },
    { id: 'some/new', contextLength: 20, maxOutputTokens: 5 },
  ])
  running.stop()
})

test('one that does not answer keeps what was learnt of it', async () => {
  const { catalogue, running } = start([[{ name: 'new' }], new Error('away')])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(catalogue.models.map(({ id }) => id)).toEqual(['some/built-in', 'some/new'])
  running.stop()
})

test('one whose list is not wanted is not asked', async () => {
  const { discover, running } = start([[{ name: 'new' }]], { discoverModels: false })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(discover).not.toHaveBeenCalled()
  running.stop()
})

test('models of vectors are left out where the provider makes none', async () => {
  const listed: ModelInfo[] = [{ name: 'talks' }, { name: 'vectors', features: ['embeddings'] }]
  const without = start([listed])
  const having = start([listed], { embeddings: openaiEmbeddingApi() })
  await vi.advanceTimersByTimeAsync(0)
  const names = ({ catalogue }: typeof without) => catalogue.models.map(({ name }) => name)
  expect(names(without)).toEqual(['built-in', 'talks'])
  expect(names(having)).toEqual(['built-in', 'talks', 'vectors'])
  without.running.stop()
  having.running.stop()
})
