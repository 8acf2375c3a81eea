import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeEmbeddingRequest,
  encodeEmbeddingAnswer,
} from '../../../src/dialects/openai-embeddings/door.ts'
import { openaiEmbeddingApi } from '../../../src/dialects/openai-embeddings/embedding-api.ts'
import type { EmbeddingAnswer, EmbeddingRequest } from '../../../src/protocol/embedding.ts'

const api = openaiEmbeddingApi()

const input = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
)

const request: fc.Arbitrary<EmbeddingRequest> = fc.record(
  {
    model: fc.string({ minLength: 1 }),
    inputs: fc.array(input, { minLength: 1, maxLength: 5 }),
    dimensions: fc.integer({ min: 1, max: 4_096 }),
    endUserId: fc.string({ minLength: 1 }),
    passthrough: fc.constant({ dialect: 'openai-embeddings', members: { truncate: 'END' } }),
  },
  { requiredKeys: ['model', 'inputs'] },
)

describe('the door and the upstream are each other’s reverse', () => {
  test('for requests', () => {
    fc.assert(
      fc.property(request, (sent) => {
        const { request: read } = decodeEmbeddingRequest(api.encodeRequest(sent, sent.model))
        expect(JSON.parse(JSON.stringify(read))).toEqual(sent)
      }),
    )
  })

  test.each(['float', 'base64'] as const)('for vectors as %s', (encoding) => {
    const vector = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 5 }), fc.nat(), (vectors, tokens) => {
        const body = encodeEmbeddingAnswer(answer(vectors, tokens), encoding)
        const read = api.decodeBody(body, vectors.length)
        expect(read.vectors).toEqual(vectors)
        expect(read.usage).toMatchObject({ inputTokens: tokens, totalTokens: tokens })
        expect(read.upstreamModel).toBe('openai/m')
      }),
    )
  })
})

function answer(vectors: number[][], inputTokens: number): EmbeddingAnswer {
  const settlement = {
    requestId: 'req_1',
    status: 'succeeded' as const,
    attempts: [],
    model: 'openai/m',
    usage: { inputTokens, estimated: false },
  }
  return { vectors, settlement, warnings: [] }
}

test('what is not known is left out of the answer, and what was not done is said', () => {
  const { settlement } = answer([], 0)
  const body = encodeEmbeddingAnswer(
    { vectors: [], warnings: ['w'], settlement: { ...settlement, usage: undefined } },
    'float',
  )
  expect(body).toEqual({
    object: 'list',
    data: [],
    model: 'openai/m',
    xrouter: { warnings: ['w'] },
  })
})

test('null is nothing', () => {
  const body = { model: 'm', input: 'a', dimensions: null, encoding_format: null, user: null }
  expect(decodeEmbeddingRequest(body)).toEqual({
    request: { model: 'm', inputs: ['a'], dimensions: undefined, endUserId: undefined },
    encoding: 'float',
    xrouter: undefined,
  })
})

describe('an answer that is none', () => {
  test.each([
    [null],
    [[]],
    [{}],
    [{ data: {} }],
    [{ data: [{ embedding: [1] }] }],
    [{ data: [{ embedding: [1] }, { embedding: [] }] }],
    [{ data: [{ embedding: [1] }, null] }],
    [{ data: [0, 0].map((index) => ({ index, embedding: [1] })) }],
    [{ data: [1, 2].map((index) => ({ index, embedding: [1] })) }],
    [{ data: [-1, 0].map((index) => ({ index, embedding: [1] })) }],
    [{ data: ['0', '1'].map((index) => ({ index, embedding: [1] })) }],
  ])('%j', (body) => {
    expect(() => api.decodeBody(body, 2)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_ERROR', failover: true }),
    )
  })

  test('a failure with status 200 keeps its reason', () => {
    const body = { error: { message: 'slow down', code: 'rate_limit_exceeded' } }
    expect(() => api.decodeBody(body, 1)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_RATE_LIMITED' }),
    )
  })
})
