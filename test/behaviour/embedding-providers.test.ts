import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  lastBody,
  startEmbeddingGateway,
  type EmbeddingGateway,
} from '../support/embedding-gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { vectorOf } from '../support/simulators/openai-embedding.ts'
import type { Simulator } from '../support/simulators/server.ts'
import { yandexCredentials } from '../support/simulators/yandex.ts'

let setup: EmbeddingGateway
let client: OpenAI

beforeAll(async () => {
  setup = await startEmbeddingGateway()
  client = setup.gateway.openai()
})

afterAll(() => setup.stop())

interface Row {
  model: string
  length: number
  simulator: () => Simulator
  /** How many calls so many texts take. */
  texts: number
  calls: number
  /** What the provider is sent for one text. */
  body: (text: string) => object
  /** What a token costs, in billionths; undefined where no price is known. */
  nanos: number | undefined
}

const uri = `emb://${yandexCredentials.folder}/text-search-doc/latest`

const rows: Row[] = [
  {
    model: 'openai/text-embedding-3-large',
    length: 3_072,
    simulator: () => setup.openai,
    texts: 5,
    calls: 1,
    body: (text) => ({ model: 'text-embedding-3-large', input: [text], encoding_format: 'float' }),
    nanos: 130,
  },
  {
    model: 'gigachat/Embeddings',
    length: 1_024,
    simulator: () => setup.gigachat.api,
    texts: 200,
    calls: 3,
    body: (text) => ({ model: 'Embeddings', input: [text] }),
    nanos: undefined,
  },
  {
    model: 'native/text-search-doc',
    length: 256,
    simulator: () => setup.native,
    texts: 9,
    calls: 9,
    body: (text) => ({ modelUri: uri, text }),
    nanos: 10_100,
  },
  {
    model: 'compatible/text-search-doc',
    length: 256,
    simulator: () => setup.compatible,
    texts: 9,
    calls: 9,
    body: (text) => ({ model: uri, input: [text], encoding_format: 'float' }),
    nanos: 10_100,
  },
]

describe.each(rows)('$model', ({ model, length, simulator, texts, calls, body, nanos }) => {
  test('makes the vector of one text', async () => {
    const { data, usage } = await client.embeddings.create({ model, input: 'hello there' })
    expect(data.map(({ embedding }) => embedding)).toEqual([vectorOf('hello there', length)])
    expect(usage.prompt_tokens).toBe(2)
    expect(lastBody(simulator())).toEqual(body('hello there'))
  })

  test('makes those of many texts in their order, in as many calls as it wants', async () => {
    const input = Array.from({ length: texts }, (_, index) => `text number ${index}`)
    const before = setup.calls()
    const billedBefore = simulator().invoice.length
    const { data, response } = await client.embeddings.create({ model, input }).withResponse()
    expect(data.data.map(({ index }) => index)).toEqual(input.map((_, index) => index))
    expect(data.data.map(({ embedding }) => embedding)).toEqual(
      input.map((text) => vectorOf(text, length)),
    )
    expect(setup.calls() - before).toBe(calls)
    const billed = simulator()
      .invoice.slice(billedBefore)
      .reduce((sum, { promptTokens }) => sum + promptTokens, 0)
    expect(data.usage).toEqual({ prompt_tokens: billed, total_tokens: billed })
    const row = await requestOf(setup.gateway, response.headers.get('x-request-id'))
    expect(row?.usage).toMatchObject({ inputTokens: billed, estimated: false })
    expect(row?.usage?.cost?.amountNanos).toBe(nanos && String(billed * nanos))
    expect(row?.attempts).toHaveLength(1)
  })

  test('is refused a model that it has not', async () => {
    const provider = model.split('/')[0]
    const failed = client.embeddings.create({ model: `${provider}/none`, input: 'a' })
    await expect(failed).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })
})

describe.each(rows.slice(1))('$model has not what OpenAI has', ({ model }) => {
  const fallbacks = ['openai/text-embedding-3-small']

  test.each<[string, Partial<OpenAI.EmbeddingCreateParams>, string]>([
    ['the ids of tokens', { input: [[1], [2]] }, 'input[0]'],
    ['a length', { input: 'a', dimensions: 4 }, 'dimensions'],
  ])('%s is refused before any call, and a fallback takes it', async (_name, members, param) => {
    const body = { model, input: 'a', ...members }
    const before = setup.calls()
    await expect(client.embeddings.create(body)).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_feature',
      param,
    })
    expect(setup.calls()).toBe(before)
    const answer = await client.embeddings.create({ ...body, ...{ xrouter: { fallbacks } } })
    expect(answer.model).toBe(fallbacks[0])
  })

  test('the name of the person is not sent, with a warning', async () => {
    const answer = await client.embeddings.create({ model, input: 'a', user: 'someone' })
    expect(answer).toMatchObject({
      xrouter: { warnings: [`\`user\` is ignored: \`${model}\` has no such setting.`] },
    })
  })
})

test('members of OpenAI’s wire are not sent to another one, with a warning', async () => {
  const model = 'gigachat/Embeddings'
  const asked = { model, input: 'a', ...{ truncate: 'END' } }
  expect(await client.embeddings.create(asked)).toMatchObject({
    xrouter: { warnings: [`\`truncate\` is ignored: \`${model}\` has no such setting.`] },
  })
  expect(lastBody(setup.gigachat.api)).toEqual({ model: 'Embeddings', input: ['a'] })
})

test.each(['native', 'compatible'])('%s: newer models make vectors of a length', async (api) => {
  const model = `${api}/text-embeddings-v2-doc`
  const { data } = await client.embeddings.create({ model, input: ['a', 'b'], dimensions: 512 })
  expect(data.map(({ embedding }) => embedding)).toEqual([vectorOf('a', 512), vectorOf('b', 512)])
})

test('models of vectors are listed with what is known of them', async () => {
  await vi.waitFor(async () => {
    const { data } = await setup.gateway.graphql<{
      models: { id: string; features: string[] }[]
    }>('{ models { id features } }')
    const ids = data.models.filter(({ features }) => features.includes('embeddings'))
    expect(ids.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'openai/text-embedding-3-small',
        'gigachat/Embeddings',
        'native/text-search-doc',
        'compatible/text-embeddings-v2-doc:latest',
      ]),
    )
  })
})
