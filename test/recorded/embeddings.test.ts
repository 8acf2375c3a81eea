import { describe, expect, it } from 'vitest'
import { geminiEmbeddingApi } from '../../src/dialects/gemini/embedding-api.ts'
import { gigachatEmbeddingApi } from '../../src/dialects/gigachat/embedding-api.ts'
import { ollamaEmbeddingApi } from '../../src/dialects/ollama/embedding-api.ts'
import { encodeEmbeddingAnswer } from '../../src/dialects/openai-embeddings/door.ts'
import { openaiEmbeddingApi } from '../../src/dialects/openai-embeddings/embedding-api.ts'
import { yandexEmbeddingApi } from '../../src/dialects/yandex/embedding-api.ts'
import type { EmbeddingApi } from '../../src/protocol/embedding.ts'
import { yandexOpenaiEmbeddingApi } from '../../src/providers/yandex-openai.ts'
import { requireServices } from '../support/recorded.ts'
import {
  hasRecordings,
  readRecordedEmbeddings,
  type RecordedEmbedding,
} from '../support/recorded-embeddings.ts'

const modelUri = (model: string): string => model
const openai = openaiEmbeddingApi()
const ollama = ollamaEmbeddingApi()

/** What speaks each endpoint, and the member of its request that has the texts. */
const spoken = new Map<string, [api: EmbeddingApi, texts: string]>([
  ['openai embeddings', [openai, 'input']],
  ['openai openai-embedding.json', [openai, 'input']],
  ['gemini batchEmbedContents', [geminiEmbeddingApi, 'text']],
  ['gigachat embeddings', [gigachatEmbeddingApi, 'input']],
  ['yandex TextEmbeddingRequest', [yandexEmbeddingApi({ modelUri }), 'text']],
  ['yandex embeddings', [yandexOpenaiEmbeddingApi({ modelUri }), 'input']],
  ['ollama embed.json', [ollama, 'input']],
  ['ollama embed-multi.json', [ollama, 'input']],
])

/** What nobody here asks for, by name; an endpoint that is neither here nor spoken fails the test. */
const others = new Map([
  ['gemini embedContent', 'one text in a call: `batchEmbedContents` is asked in its place'],
  ['gemini google-vertex-embedding.json', 'another API, of Vertex AI'],
  ['ollama embeddings', 'the deprecated endpoint for one text: `/api/embed` is asked in its place'],
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

describe.skipIf(!hasRecordings)('recorded embeddings', () => {
  const recordings = hasRecordings ? readRecordedEmbeddings() : []
  const ours = recordings.filter(({ endpoint }) => spoken.has(endpoint))
  const answered = ours.filter(({ status }) => status === 200)
  const asked = answered.filter(({ request }) => request !== undefined)

  it('are all decoded, or excluded by the name of their endpoint', () => {
    const endpoints = [...new Set(recordings.map(({ endpoint }) => endpoint))]
    console.table(
      endpoints.map((endpoint) => ({
        endpoint,
        interactions: recordings.filter((one) => one.endpoint === endpoint).length,
        fate: spoken.has(endpoint) ? 'decoded' : others.get(endpoint),
      })),
    )
    expect(endpoints.filter((one) => !spoken.has(one) && !others.has(one))).toEqual([])
    expect([...spoken.keys()].filter((one) => !endpoints.includes(one))).toEqual([])
    expect([answered.length, asked.length, ours.length]).toEqual([7, 6, 8])
  })

  it.each(answered)('$name: nothing of the answer is lost', ({ endpoint, body }) => {
    const written = vectorsIn(body)
    const { vectors, usage } = apiOf(endpoint).decodeBody(body, written.length)
    expect(vectors).toEqual(written)
    expect(usage?.inputTokens).toBe(tokensIn(body))
    for (const encoding of ['float', 'base64'] as const) {
      const settlement = { requestId: 'r', status: 'succeeded' as const, attempts: [], usage }
      const again = encodeEmbeddingAnswer({ vectors, settlement, warnings: [] }, encoding)
      const read = openai.decodeBody(again, vectors.length)
      expect(read.vectors).toEqual(encoding === 'float' ? written : written.map(shortened))
      expect(read.usage?.inputTokens).toBe(usage?.inputTokens)
    }
  })

  it.each(asked)('$name: the request can be made again', ({ endpoint, request }) => {
    const [api, member] = spoken.get(endpoint) ?? []
    const inputs = textsIn(request, member ?? '')
    const { model, modelUri: uri, requests } = Object(request)
    const name = model ?? uri ?? requests[0].model
    const made = Object(api?.encodeRequest({ model: 'm', inputs }, name))
    expect(textsIn(made, member ?? '')).toEqual(inputs)
    expect(inputs.length).toBeGreaterThan(0)
    expect(Object.keys(made)).toEqual(expect.arrayContaining(Object.keys(Object(request))))
  })

  it('a model that makes no vectors is a refusal', () => {
    const refused = ours.filter(({ status }) => status !== 200)
    expect(refused).toHaveLength(1)
    for (const { endpoint, status, body } of refused) {
      const error = apiOf(endpoint).decodeError({ status, body, headers: {} })
      expect(error).toMatchObject({ code: 'PROVIDER_AUTH', failover: true, upstreamStatus: 403 })
    }
  })
})

function apiOf(endpoint: RecordedEmbedding['endpoint']): EmbeddingApi {
  const [api] = spoken.get(endpoint) ?? []
  if (!api) throw new Error(`${endpoint} is not spoken`)
  return api
}

/** Every list of numbers in an answer, wherever its wire puts them. */
function vectorsIn(value: unknown): number[][] {
  if (Array.isArray(value) && typeof value[0] === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(vectorsIn) : []
}

/** The sum of what is called tokens of a prompt; undefined where nothing is. */
function tokensIn(value: unknown): number | undefined {
  const text = JSON.stringify(value)
  const counts = text.matchAll(/"(?:prompt_tokens|numTokens|prompt_eval_count)":"?(\d+)/g)
  return [...counts].reduce<number | undefined>((sum, [, n]) => (sum ?? 0) + Number(n), undefined)
}

function textsIn(value: unknown, member: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inside]) =>
    key === member && typeof inside === 'string'
      ? [inside]
      : key === member && Array.isArray(inside)
        ? inside.map(String)
        : textsIn(inside, member),
  )
}

function shortened(vector: number[]): number[] {
  return vector.map(Math.fround)
}
