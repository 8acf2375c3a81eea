import { describe, expect, test } from 'vitest'
import { takesDimensions, yandexEmbeddingApi } from '../../../src/dialects/yandex/embedding-api.ts'

const api = yandexEmbeddingApi({ modelUri: (model) => `emb://folder/${model}/latest` })

test('a request has one text, and the length as a string', () => {
  expect(api.inputsMax).toBe(1)
  expect(api.encodeRequest({ model: 'x', inputs: ['a'], dimensions: 512 }, 'm')).toEqual({
    modelUri: 'emb://folder/m/latest',
    text: 'a',
    dim: '512',
  })
})

describe('an answer', () => {
  test.each([
    ['3', 3],
    [3, 3],
    [undefined, undefined],
    ['many', undefined],
    ['', undefined],
    [null, undefined],
  ])('with %j tokens took %j', (numTokens, inputTokens) => {
    const body = { embedding: [0.5, 1], numTokens, modelVersion: '06.12.2023' }
    const { vectors, usage, upstreamModel } = api.decodeBody(body, 1)
    expect(vectors).toEqual([[0.5, 1]])
    expect(usage?.inputTokens).toBe(inputTokens)
    expect(upstreamModel).toBe('06.12.2023')
  })

  test.each([[null], [{}], [{ embedding: [] }], [{ embedding: ['a'] }]])('%j is none', (body) => {
    expect(() => api.decodeBody(body, 1)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_ERROR' }),
    )
  })
})

test.each([
  ['text-search-doc', false],
  ['text-search-query:latest', false],
  ['emb://folder/text-search-doc/latest', false],
  ['text-embeddings-v2-doc', true],
  ['emb://folder/ds-x/latest', true],
])('%s takes a length: %s', (model, takes) => {
  expect(takesDimensions(model)).toBe(takes)
})
