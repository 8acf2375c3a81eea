import { describe, expect, test } from 'vitest'
import { geminiEmbeddingApi } from '../../../src/dialects/gemini/embedding-api.ts'

test('each text is a request of its own at the model’s place', () => {
  const request = { model: 'm', inputs: ['a', 'b'], dimensions: 768 }
  expect(geminiEmbeddingApi.encodeRequest(request, 'gemini-embedding-001')).toEqual({
    requests: ['a', 'b'].map((text) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text }] },
      outputDimensionality: 768,
    })),
  })
  expect(geminiEmbeddingApi.path('a/../b')).toBe('/models/a%2F..%2Fb:batchEmbedContents')
})

describe('an answer', () => {
  test('has the vectors in the order of the texts', () => {
    const body = { embeddings: [{ values: [1, 2] }, { values: [3] }] }
    expect(geminiEmbeddingApi.decodeBody(body, 2)).toEqual({ vectors: [[1, 2], [3]] })
  })

  test.each([
    ['nothing', undefined],
    ['fewer vectors than texts', { embeddings: [{ values: [1] }] }],
    ['words', { embeddings: [{ values: ['a'] }, { values: [1] }] }],
    ['no values', { embeddings: [{}, {}] }],
  ])('with %s is none', (_what, body) => {
    expect(() => geminiEmbeddingApi.decodeBody(body, 2)).toThrow(/Try again/)
  })
})
