import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { geminiKey, startGeminiSimulator } from '../support/simulators/gemini.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: Simulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startGeminiSimulator()
  gateway = await startGateway(
    `[providers.gemini]
     api_key = "${geminiKey}"
     base_url = "${simulator.url}"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const model = 'gemini/gemini-embedding-001'
const calls = () => simulator.requests.filter(({ method }) => method === 'POST')

test('the OpenAI client gets the vectors of its texts in their order, with counted tokens', async () => {
  const { data, usage } = await gateway
    .openai()
    .embeddings.create({ model, input: ['a', 'three'], encoding_format: 'float' })
  expect(data.map(({ embedding }) => embedding)).toEqual([
    [0.001, 1.001, 2.001, 3.001],
    [0.005, 1.005, 2.005, 3.005],
  ])
  expect(usage.prompt_tokens).toBeGreaterThan(0)
  expect(calls().at(-1)?.headers).toMatchObject({ 'x-goog-api-key': geminiKey })
})

test('more texts than one call takes are several calls, and a length can be asked for', async () => {
  const before = calls().length
  const input = Array.from({ length: 150 }, (_, at) => 'x'.repeat(at + 1))
  const { data } = await gateway.openai().embeddings.create({ model, input, dimensions: 2 })
  expect(data.map(({ embedding }) => embedding.length)).toEqual(input.map(() => 2))
  expect(data.at(-1)?.embedding[0]).toBeCloseTo(0.15)
  expect(calls().length - before).toBe(2)
})

test('GraphQL gets them, too', async () => {
  const { data } = await gateway.graphql<{ createEmbedding: { vectors: { values: number[] }[] } }>(
    `mutation ($input: EmbeddingInput!) { createEmbedding(input: $input) {
      ... on Embedding { vectors { values } } ... on EmbeddingError { code message } } }`,
    { input: { model, input: ['four'] } },
  )
  expect(data.createEmbedding.vectors).toEqual([{ values: [0.004, 1.004, 2.004, 3.004] }])
})

test.each([
  ['the ids of tokens', { model, input: [[1, 2]] }, 400, 'unsupported_feature'],
  ['an unknown model', { model: 'gemini/no-embedding', input: 'a' }, 404, 'model_not_found'],
  [
    'a length that the model has not',
    { model, input: 'a', dimensions: 9_999 },
    400,
    'invalid_request',
  ],
])('%s: refused', async (_what, body, status, code) => {
  const failed = gateway.openai().embeddings.create(body)
  await expect(failed).rejects.toMatchObject({ status, code })
})
