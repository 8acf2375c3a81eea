import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbeddingGateway, type EmbeddingGateway } from '../support/embedding-gateway.ts'
import { hang, httpError } from '../support/simulators/faults.ts'
import { vectorOf } from '../support/simulators/openai-embedding.ts'

let setup: EmbeddingGateway

beforeAll(async () => {
  setup = await startEmbeddingGateway()
})

afterAll(() => setup.stop())

const small = 'openai/text-embedding-3-small'

const mutation = `mutation ($input: EmbeddingInput!) {
  createEmbedding(input: $input) {
    __typename
    ... on Embedding {
      id model provider warnings
      vectors { index values }
      usage { inputTokens outputTokens totalTokens estimated cost { currency amountNanos } }
      attempts { provider status errorCode }
    }
    ... on EmbeddingError { code message path requestId attempts { provider status } }
  }
}`

async function ask(input: object, key?: string): Promise<unknown> {
  const { data, errors } = await setup.gateway.graphql<{ createEmbedding: unknown }>(
    mutation,
    { input },
    key,
  )
  return errors ?? data.createEmbedding
}

describe('createEmbedding', () => {
  test('makes vectors, with usage, cost and attempts', async () => {
    const input = ['one text', 'two']
    expect(await ask({ model: small, input, dimensions: 3 })).toEqual({
      __typename: 'Embedding',
      id: expect.stringMatching(/^req_/),
      model: small,
      provider: 'openai',
      warnings: [],
      vectors: input.map((text, index) => ({ index, values: vectorOf(text, 3) })),
      usage: {
        inputTokens: 3,
        outputTokens: null,
        totalTokens: 3,
        estimated: false,
        cost: { currency: 'USD', amountNanos: '60' },
      },
      attempts: [{ provider: 'openai', status: 'SUCCEEDED', errorCode: null }],
    })
  })

  test('goes on to a fallback, and says so', async () => {
    setup.openai.next(httpError(503))
    const fallbacks = ['backup/text-embedding-3-small']
    expect(await ask({ model: small, input: ['a'], fallbacks })).toMatchObject({
      model: fallbacks[0],
      attempts: [
        { provider: 'openai', status: 'FAILED', errorCode: 'PROVIDER_UNAVAILABLE' },
        { provider: 'backup', status: 'SUCCEEDED', errorCode: null },
      ],
    })
  })

  test('warns of what a provider has no word for', async () => {
    const answer = await ask({ model: 'gigachat/Embeddings', input: ['a'], endUser: 'someone' })
    expect(answer).toMatchObject({
      warnings: ['`user` is ignored: `gigachat/Embeddings` has no such setting.'],
    })
  })

  test.each<[string, object, string, string]>([
    ['no text', { model: small, input: [] }, 'INVALID_REQUEST', 'input.input'],
    ['an empty text', { model: small, input: ['a', ''] }, 'INVALID_REQUEST', 'input.input[1]'],
    [
      'a length of 0',
      { model: small, input: ['a'], dimensions: 0 },
      'INVALID_REQUEST',
      'input.dimensions',
    ],
    ['an unknown model', { model: 'none', input: ['a'] }, 'MODEL_NOT_FOUND', 'input.model'],
    [
      'a length that the model has not',
      { model: 'gigachat/Embeddings', input: ['a'], dimensions: 2 },
      'UNSUPPORTED_FEATURE',
      'input.dimensions',
    ],
  ])('%s is an error that names its place', async (_name, input, code, path) => {
    const before = setup.calls()
    expect(await ask(input)).toMatchObject({ __typename: 'EmbeddingError', code, path })
    expect(setup.calls()).toBe(before)
  })

  test('an upstream that fails is an error with its attempts', async () => {
    setup.openai.next(httpError(500))
    expect(await ask({ model: small, input: ['a'] })).toMatchObject({
      code: 'PROVIDER_ERROR',
      requestId: expect.stringMatching(/^req_/),
      attempts: [{ provider: 'openai', status: 'FAILED' }],
    })
  })

  test('a key without the scope is refused', async () => {
    const { secret } = await setup.gateway.createKey({ scopes: ['READ'] })
    expect(await ask({ model: small, input: ['a'] }, secret)).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('INFERENCE'),
    })
  })

  test('a client that leaves closes the upstream’s call', async () => {
    const stall = hang()
    setup.openai.next(stall)
    const leaving = new AbortController()
    const asked = fetch(`${setup.gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${setup.gateway.adminKey}`,
      },
      body: JSON.stringify({
        query: mutation,
        variables: { input: { model: small, input: ['a'] } },
      }),
      signal: leaving.signal,
    })
    const upstream = await stall.received
    leaving.abort()
    await expect(asked).rejects.toThrow(/abort/i)
    await upstream.closed
    expect(upstream.aborted).toBe(true)
  })
})
