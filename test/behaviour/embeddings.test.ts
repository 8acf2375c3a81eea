import type OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  lastBody,
  startEmbeddingGateway,
  type EmbeddingGateway,
} from '../support/embedding-gateway.ts'
import { requestOf } from '../support/ledger.ts'
import type { Answer } from '../support/simulators/exchange.ts'
import {
  garbage,
  hang,
  htmlErrorPage,
  httpError,
  rateLimited,
  resetBeforeHead,
  shortBody,
} from '../support/simulators/faults.ts'
import { vectorOf } from '../support/simulators/openai-embedding.ts'

let setup: EmbeddingGateway
let client: OpenAI

beforeAll(async () => {
  setup = await startEmbeddingGateway()
  client = setup.gateway.openai()
})

afterEach(() => {
  if (setup.openai.pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(() => setup.stop())

const small = 'openai/text-embedding-3-small'
const texts = ['the first text', 'another', 'and a third one']

type Body = OpenAI.EmbeddingCreateParams & { xrouter?: object; priority?: number }

/** The vectors, and the request's id. */
async function ask(body: Body) {
  const { data, response } = await client.embeddings.create(body).withResponse()
  const vectors = data.data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding)
  return { ...data, vectors, response, id: response.headers.get('x-request-id') }
}

describe('the official OpenAI client', () => {
  test('gets a vector in its default encoding, which is base64', async () => {
    const { vectors, model, object, usage, response } = await ask({ model: small, input: 'hello' })
    expect(vectors).toEqual([vectorOf('hello', 1_536)])
    expect([object, model]).toEqual(['list', small])
    expect(usage).toEqual({ prompt_tokens: 1, total_tokens: 1 })
    expect(response.headers.get('x-xrouter-provider')).toBe('openai')
    expect(lastBody(setup.openai)).toEqual({
      model: 'text-embedding-3-small',
      input: ['hello'],
      encoding_format: 'float',
    })
  })

  test('gets the same as numbers, or as base64 to read itself', async () => {
    const asked = { model: small, input: 'hello' }
    const numbers = await ask({ ...asked, encoding_format: 'float' })
    expect(numbers.vectors).toEqual([vectorOf('hello', 1_536)])
    const [packed] = (await ask({ ...asked, encoding_format: 'base64' })).vectors
    const bytes = Buffer.from(String(packed), 'base64')
    expect([...new Float32Array(Uint8Array.from(bytes).buffer)]).toEqual(numbers.vectors[0])
  })

  test('gets vectors of several texts in their order, of a length of its own', async () => {
    const { vectors, usage } = await ask({ model: small, input: texts, dimensions: 8, user: 'u1' })
    expect(vectors).toEqual(texts.map((text) => vectorOf(text, 8)))
    expect(usage.prompt_tokens).toBe(setup.openai.invoice.at(-1)?.promptTokens)
    expect(lastBody(setup.openai)).toMatchObject({ dimensions: 8, user: 'u1', input: texts })
  })

  test.each([
    ['one list', [5, 6, 7], [[5, 6, 7]]],
    [
      'several lists',
      [
        [5, 6, 7],
        [1, 2],
      ],
      [
        [5, 6, 7],
        [1, 2],
      ],
    ],
  ])('sends the ids of tokens: %s', async (_name, input, lists) => {
    const { vectors } = await ask({ model: small, input, dimensions: 4 })
    expect(vectors).toEqual(lists.map((list) => vectorOf(list, 4)))
  })

  test('sends as many texts as OpenAI takes', async () => {
    const input = Array.from({ length: 2_048 }, (_, index) => `text ${index}`)
    const before = setup.calls()
    const { vectors } = await ask({ model: small, input, dimensions: 2 })
    expect(vectors).toEqual(input.map((text) => vectorOf(text, 2)))
    expect(setup.calls() - before).toBe(1)
  })

  test('members that nobody reads go to the provider that may know them', async () => {
    const failed = ask({ model: small, input: 'hello', priority: 1 })
    await expect(failed).rejects.toMatchObject({ status: 400, code: 'invalid_request' })
    expect(lastBody(setup.openai)).toMatchObject({ priority: 1 })
  })
})

describe('the ledger', () => {
  test('has the tokens that were billed and what they cost', async () => {
    const tags = { team: 'search' }
    const { id } = await ask({ model: small, input: texts, xrouter: { tags } })
    const billed = setup.openai.invoice.at(-1)?.promptTokens ?? 0
    const nanos = String(billed * 20)
    const usage = {
      inputTokens: billed,
      outputTokens: null,
      totalTokens: billed,
      estimated: false,
      cost: { currency: 'USD', amountNanos: nanos },
    }
    expect(await requestOf(setup.gateway, id)).toMatchObject({
      status: 'succeeded',
      model: small,
      stream: false,
      usage,
      attempts: [{ number: 1, provider: 'openai', status: 'SUCCEEDED', httpStatus: 200, usage }],
    })
  })

  test('has an estimate where the provider counts nothing', async () => {
    setup.openai.next((exchange) => exchange.json(200, { data: [{ embedding: [1, 2] }] }))
    const { id, vectors, usage } = await ask({ model: small, input: 'four words of text' })
    expect(vectors).toEqual([[1, 2]])
    expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
    expect(await requestOf(setup.gateway, id)).toMatchObject({
      usage: { inputTokens: 4, estimated: true },
    })
  })
})

describe('a deployment that fails is replaced', () => {
  const fallbacks = { xrouter: { fallbacks: ['backup/text-embedding-3-small'] } }

  test.each<[string, Answer, string]>([
    ['503', httpError(503), 'PROVIDER_UNAVAILABLE'],
    ['429', rateLimited(1), 'PROVIDER_RATE_LIMITED'],
    ['401', httpError(401), 'PROVIDER_AUTH'],
    ['a page of HTML', htmlErrorPage(502), 'PROVIDER_ERROR'],
    ['a reset connection', resetBeforeHead(), 'PROVIDER_UNAVAILABLE'],
    ['a body that was cut', shortBody(), 'UPSTREAM_TRUNCATED'],
    ['garbage', garbage(), 'PROVIDER_ERROR'],
    [
      'an error with status 200',
      (it) => it.json(200, { error: { message: 'no' } }),
      'PROVIDER_ERROR',
    ],
    ['no vectors', (it) => it.json(200, { data: [] }), 'PROVIDER_ERROR'],
    [
      'one vector twice',
      (it) => it.json(200, { data: [0, 0, 1].map((index) => ({ index, embedding: [1] })) }),
      'PROVIDER_ERROR',
    ],
    [
      'a vector of words',
      (it) => it.json(200, { data: texts.map(() => ({ embedding: ['x'] })) }),
      'PROVIDER_ERROR',
    ],
  ])('after %s', async (_name, fault, errorCode) => {
    setup.openai.next(fault)
    const { vectors, model, id } = await ask({ model: small, input: texts, ...fallbacks })
    expect(vectors).toEqual(texts.map((text) => vectorOf(text, 1_536)))
    expect(model).toBe('backup/text-embedding-3-small')
    expect(await requestOf(setup.gateway, id)).toMatchObject({
      attempts: [
        { provider: 'openai', status: 'FAILED', errorCode },
        { provider: 'backup', status: 'SUCCEEDED' },
      ],
    })
  })

  test('vectors that come in another order are put in the order of the texts', async () => {
    const data = [2, 0, 1].map((index) => ({ index, embedding: [index, 0] }))
    setup.openai.next((exchange) => exchange.json(200, { data }))
    const { vectors } = await ask({ model: small, input: texts })
    expect(vectors).toEqual([0, 1, 2].map((index) => [index, 0]))
  })

  test('a server that ignores the length asked for is passed over', async () => {
    setup.openai.next((it) => it.json(200, { data: [{ embedding: [1, 2, 3] }], usage: {} }))
    const asked = { model: small, input: 'a', dimensions: 2 }
    const { vectors, id } = await ask({ ...asked, ...fallbacks })
    expect(vectors).toEqual([vectorOf('a', 2)])
    expect(await requestOf(setup.gateway, id)).toMatchObject({
      attempts: [{ errorCode: 'UNSUPPORTED_FEATURE' }, { status: 'SUCCEEDED' }],
    })
  })

  test('with nothing to replace it the client has its failure', async () => {
    setup.openai.next(httpError(503))
    await expect(ask({ model: small, input: 'a' })).rejects.toMatchObject({
      status: 503,
      code: 'provider_unavailable',
    })
  })
})

describe('what the upstream refuses', () => {
  test.each([
    ['a model that chats', { model: 'openai/gpt-4o', input: 'a' }, 502, 'provider_auth'],
    ['an unknown model', { model: 'openai/none', input: 'a' }, 404, 'model_not_found'],
    ['a length too great', { model: small, input: 'a', dimensions: 9e3 }, 400, 'invalid_request'],
    [
      'a length where there is none',
      { model: 'openai/text-embedding-ada-002', input: 'a', dimensions: 2 },
      400,
      'invalid_request',
    ],
  ])('%s', async (_name, body, status, code) => {
    await expect(ask(body)).rejects.toMatchObject({ status, code })
  })
})

describe('bad input is a 400 that names its place, and nobody is called', () => {
  test.each<[string, object, string | null]>([
    ['no model', { input: 'a' }, 'model'],
    ['no input', { model: small }, 'input'],
    ['an empty text', { model: small, input: '' }, 'input'],
    ['an empty list', { model: small, input: [] }, 'input'],
    ['an empty text in a list', { model: small, input: ['a', ''] }, 'input[1]'],
    ['an object as text', { model: small, input: ['a', {}] }, 'input[1]'],
    ['an empty list of tokens', { model: small, input: [[1], []] }, 'input[1]'],
    ['a token that is none', { model: small, input: [1, -2] }, 'input[1]'],
    ['a token within that is none', { model: small, input: [[1], [2, 0.5]] }, 'input[1][1]'],
    ['too many texts', { model: small, input: Array.from({ length: 2_049 }, () => 'a') }, 'input'],
    ['a length of 0', { model: small, input: 'a', dimensions: 0 }, 'dimensions'],
    ['an encoding', { model: small, input: 'a', encoding_format: 'hex' }, 'encoding_format'],
    ['our own member', { model: small, input: 'a', xrouter: { x: 1 } }, 'xrouter.x'],
    ['a list for a body', [], null],
  ])('%s', async (_name, body, param) => {
    const before = setup.calls()
    const response = await fetch(`${setup.gateway.url}/v1/embeddings`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${setup.gateway.adminKey}`,
      },
      body: JSON.stringify(body),
    })
    const { error } = await response.json()
    expect([response.status, error.type]).toEqual([400, 'invalid_request_error'])
    expect(error.param ?? null).toBe(param)
    expect(setup.calls()).toBe(before)
  })
})

describe('keys', () => {
  test.each<[string, object, string]>([
    ['without the scope', { scopes: ['READ'] }, 'INFERENCE'],
    ['for other models', { models: ['openai/gpt-4o'] }, small],
  ])('%s are refused', async (_name, input, words) => {
    const { secret } = await setup.gateway.createKey(input)
    const failed = setup.gateway.openai(secret).embeddings.create({ model: small, input: 'a' })
    await expect(failed).rejects.toMatchObject({
      status: 403,
      code: 'permission_denied',
      message: expect.stringContaining(words),
    })
  })
})

describe('several calls of one request', () => {
  test('a client that leaves ends all of them', async () => {
    const stalls = [hang(), hang(), hang(), hang()]
    setup.native.next(...stalls)
    const leaving = new AbortController()
    const asked = client.embeddings.create(
      { model: 'native/text-search-doc', input: [...texts, 'four', 'five'] },
      { signal: leaving.signal },
    )
    const upstream = await Promise.all(stalls.map(({ received }) => received))
    const before = setup.calls()
    leaving.abort()
    await expect(asked).rejects.toThrow(/abort/i)
    await Promise.all(upstream.map(({ closed }) => closed))
    expect(upstream.map(({ aborted }) => aborted)).toEqual([true, true, true, true])
    expect(setup.calls()).toBe(before)
    await vi.waitFor(async () => expect(await latest()).toMatchObject({ status: 'cancelled' }))
  })

  test('one that fails ends the others', async () => {
    const stall = hang()
    setup.native.next(stall, httpError(500))
    const asked = ask({ model: 'native/text-search-doc', input: ['one', 'two'] })
    const upstream = await stall.received
    await expect(asked).rejects.toMatchObject({ status: 502, code: 'provider_error' })
    await upstream.closed
    expect(upstream.aborted).toBe(true)
  })

  async function latest(): Promise<unknown> {
    const { data } = await setup.gateway.graphql<{
      requests: { edges: { node: unknown }[] }
    }>('{ requests(first: 1) { edges { node { status } } } }')
    return data.requests.edges[0]?.node
  }
})
