import { describe, expect, test } from 'vitest'
import { gigachatEmbeddingApi as api } from '../../../src/dialects/gigachat/embedding-api.ts'

const item = (index: number, tokens?: number) => ({
  object: 'embedding',
  index,
  embedding: [index, 1],
  ...(tokens !== undefined && { usage: { prompt_tokens: tokens } }),
})

test('a request has the texts alone', () => {
  expect(
    api.encodeRequest({ model: 'x', inputs: ['a', 'b'], endUserId: 'u' }, 'Embeddings'),
  ).toEqual({ model: 'Embeddings', input: ['a', 'b'] })
  expect(api.path('Embeddings')).toBe('/embeddings')
})

describe('an answer', () => {
  test('counts the tokens of all its texts', () => {
    const body = { model: 'Embeddings', data: [item(1, 5), item(0, 2)] }
    expect(api.decodeBody(body, 2)).toMatchObject({
      vectors: [
        [0, 1],
        [1, 1],
      ],
      usage: { inputTokens: 7, estimated: false },
      upstreamModel: 'Embeddings',
    })
  })

  test('of which one text is not counted has no known usage', () => {
    const { usage } = api.decodeBody({ data: [item(0, 2), item(1)] }, 2)
    expect(usage).toBeUndefined()
  })

  test.each([[null], [{}], [{ data: [] }], [{ data: [{ index: 0 }] }]])('%j is none', (body) => {
    expect(() => api.decodeBody(body, 1)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_ERROR' }),
    )
  })
})

test('a failure is read as that of a completion', () => {
  const failure = { status: 404, body: { status: 404, message: 'No such model' }, headers: {} }
  expect(api.decodeError(failure)).toMatchObject({ code: 'MODEL_NOT_FOUND', failover: true })
})
