import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompletionInput } from '../gql/graphql.ts'
import { CreateCompletion } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
})

afterAll(() => server.stop())

const hello = { role: 'USER', content: 'Hello' } as const

async function create(input: Partial<CompletionInput>, key?: string) {
  const variables = { input: { model: 'test/words', messages: [hello], ...input } }
  const { data, errors } = await server.run(CreateCompletion, variables, key ? { key } : {})
  expect(errors).toBeUndefined()
  return data?.createCompletion
}

describe('a completion', () => {
  test('is whole, with usage, cost and attempts', async () => {
    const completion = await create({ tags: { team: 'search', beta: true, run: 7 } })
    expect(completion).toMatchObject({
      __typename: 'Completion',
      model: 'test/words',
      provider: 'test',
      content: 'Hello there',
      finishReason: 'STOP',
      toolCalls: [],
      choices: [
        {
          index: 0,
          content: 'Hello there',
          reasoning: 'Let me see.',
          refusal: null,
          finishReason: 'STOP',
          rawFinishReason: 'end_turn',
        },
      ],
      usage: {
        inputTokens: 10,
        cachedInputTokens: null,
        outputTokens: 2,
        totalTokens: 12,
        estimated: false,
        cost: { currency: 'USD', amountNanos: '2700', amount: '0.0000027' },
      },
      attempts: [{ number: 1, provider: 'test', model: 'test/words', status: 'SUCCEEDED' }],
      warnings: ['seed is ignored'],
    })
    const entry = server.ledger.at(-1)
    expect(entry).toMatchObject({
      door: 'graphql',
      stream: false,
      apiKeyId: 'key_admin',
      tags: { team: 'search', beta: true, run: 7 },
    })
    expect(completion).toHaveProperty('id', entry?.settlement.requestId)
    expect(completion).toHaveProperty('createdAt', expect.stringMatching(/^\d{4}-.*Z$/))
  })

  test('calls tools', async () => {
    expect(await create({ model: 'test/tools' })).toMatchObject({
      content: null,
      finishReason: 'TOOL_CALLS',
      toolCalls: [{ id: 'call_1', index: 0, name: 'add', arguments: '{"a":1}' }],
      usage: { outputTokens: 6, estimated: true, cost: null },
    })
  })

  test('has several choices', async () => {
    const completion = await create({ choices: 2 })
    expect(completion).toMatchObject({ choices: [{ index: 0 }, { index: 1 }] })
  })

  test('keeps a refusal apart from the text', async () => {
    expect(await create({ model: 'test/refuses' })).toMatchObject({
      content: null,
      finishReason: 'REFUSAL',
      choices: [{ content: null, refusal: 'No.' }],
    })
  })

  test('names the model that answered after a fallback', async () => {
    const completion = await create({ model: 'test/fails', fallbacks: ['other/words'] })
    expect(completion).toMatchObject({
      model: 'other/words',
      provider: 'other',
      attempts: [
        { model: 'test/fails', status: 'FAILED', errorCode: 'PROVIDER_RATE_LIMITED' },
        { model: 'other/words', status: 'SUCCEEDED', errorCode: null },
      ],
    })
  })

  test('sends nothing where the client forbade it', async () => {
    const completion = await create({
      model: 'test/words',
      fallbacks: ['other/words'],
      routing: { denyProviders: ['test'] },
    })
    expect(completion).toMatchObject({ model: 'other/words', attempts: [{ number: 1 }] })
  })
})

describe('an expected failure is a CompletionError', () => {
  test('of the provider, with its attempts', async () => {
    expect(await create({ model: 'test/fails' })).toEqual({
      __typename: 'CompletionError',
      code: 'PROVIDER_RATE_LIMITED',
      message: 'The provider is busy.',
      retryable: true,
      requestId: server.ledger.at(-1)?.settlement.requestId,
      path: null,
      retryAfterMs: 1501,
      attempts: [
        {
          number: 1,
          model: 'test/fails',
          status: 'FAILED',
          httpStatus: 429,
          errorCode: 'PROVIDER_RATE_LIMITED',
        },
      ],
    })
  })

  test.each([
    [{ model: 'test/unknown' }, 'MODEL_NOT_FOUND', 'input.model'],
    [{ fallbacks: ['test/unknown'] }, 'MODEL_NOT_FOUND', 'input.fallbacks[0]'],
    [{ routing: { denyProviders: ['x'] } }, 'INVALID_REQUEST', 'input.routing.denyProviders[0]'],
    [{ temperature: 3 }, 'INVALID_REQUEST', 'input.temperature'],
    [{ tags: ['a'] }, 'INVALID_REQUEST', 'input.tags'],
  ])('%j', async (input, code, path) => {
    const calls = server.scripts.requests.length
    expect(await create(input)).toMatchObject({
      __typename: 'CompletionError',
      code,
      path,
      attempts: [],
    })
    expect(server.scripts.requests).toHaveLength(calls)
  })

  test('of a key without the scope INFERENCE', async () => {
    expect(await create({}, 'reader')).toMatchObject({
      __typename: 'CompletionError',
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('INFERENCE'),
    })
  })

  test('of a key that may not use the model', async () => {
    expect(await create({ model: 'test/tools' }, 'narrow')).toMatchObject({
      code: 'PERMISSION_DENIED',
      path: 'input.model',
    })
  })
})

describe('ids', () => {
  const twice = `mutation ($input: CompletionInput!) {
    one: createCompletion(input: $input) { ... on Completion { id } ... on CompletionError { requestId } }
    two: createCompletion(input: $input) { ... on Completion { id } ... on CompletionError { requestId } }
  }`
  const input = { model: 'test/words', messages: [hello] }

  test("the first completion of an operation has the HTTP request's id, further ones their own", async () => {
    const response = await server.post({ query: twice, variables: { input } })
    const { data } = await response.json()
    expect(data.one.id).toBe(response.headers.get('x-request-id'))
    expect(data.two.id).toMatch(/^req_\d+$/)
    expect(data.two.id).not.toBe(data.one.id)
  })

  test('batched operations do not share ids', async () => {
    const operation = { query: twice, variables: { input } }
    const response = await server.post([operation, operation])
    const answers: { data: { one: { id: string }; two: { id: string } } }[] = await response.json()
    const ids = answers.flatMap(({ data }) => [data.one.id, data.two.id])
    expect(new Set(ids).size).toBe(4)
    expect(ids).toContain(response.headers.get('x-request-id'))
  })
})

test('JSON arguments may be written into the operation', async () => {
  const { data } = await server.run(`mutation {
    createCompletion(input: {
      model: "test/words"
      messages: [{ role: USER, parts: [{ text: "Hi" }] }]
      toolChoice: { name: "add" }
      tools: [{ name: "add", parameters: { type: "object", required: ["a"] } }]
    }) { __typename }
  }`)
  expect(data).toEqual({ createCompletion: { __typename: 'Completion' } })
  expect(server.scripts.requests.at(-1)).toMatchObject({
    toolChoice: { mode: 'tool', kind: 'function', name: 'add' },
    tools: [{ name: 'add', parameters: { type: 'object', required: ['a'] } }],
  })
})
