import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chatFaults } from '../support/bad-input/chat.ts'
import { completionsFaults } from '../support/bad-input/completions.ts'
import { large, user } from '../support/bad-input/fault.ts'
import { graphqlFaults } from '../support/bad-input/graphql.ts'
import { messagesFaults } from '../support/bad-input/messages.ts'
import { responsesFaults } from '../support/bad-input/responses.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import {
  simulatedModels,
  startSimulatedProviders,
  type SimulatedProviders,
} from '../support/simulated-providers.ts'

let simulated: SimulatedProviders
let gateway: TestGateway

beforeAll(async () => {
  simulated = await startSimulatedProviders()
  gateway = await startGateway(simulated.toml)
})

afterAll(async () => {
  await gateway.stop()
  await simulated.close()
})

async function post(path: string, body: object) {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

function readOpenai({ error }: { error: { code: string; param: string } }): string[] {
  return [error.code, error.param]
}

/** One door: its name, its path, how a request is completed and how its failures are read. */
const restDoors = [
  {
    path: '/v1/chat/completions',
    faults: chatFaults,
    whole: { messages: [user] },
    read: readOpenai,
  },
  {
    path: '/v1/completions',
    faults: completionsFaults,
    whole: { prompt: 'hello' },
    read: readOpenai,
  },
  {
    path: '/v1/responses',
    faults: responsesFaults,
    whole: { input: 'hello' },
    read: readOpenai,
  },
  {
    path: '/v1/messages',
    faults: messagesFaults,
    whole: { messages: [user], max_tokens: 100 },
    read: ({ error }: { error: { details: { error_code: string; param: string } } }) => [
      error.details.error_code,
      error.details.param,
    ],
  },
]

describe.each(restDoors)('$path', ({ path, faults, whole, read }) => {
  describe.each([false, true])('stream: %s', (stream) => {
    test.each(faults)('%s is a 400 that says where', async (_name, members, place) => {
      const calls = simulated.calls()
      const answer = await post(path, { model: 'openai/gpt-4o', ...whole, stream, ...members })
      expect([answer.status, ...read(answer.body)]).toEqual([400, 'invalid_request', place])
      expect(JSON.stringify(answer.body).length).toBeLessThan(1_000)
      expect(simulated.calls()).toBe(calls)
    })
  })

  test('the same without a fault is answered', async () => {
    expect((await post(path, { model: 'openai/gpt-4o', ...whole })).status).toBe(200)
  })
})

test.each(restDoors)('$path: its own dialect’s providers are not asked either', async (door) => {
  const calls = simulated.calls()
  const told = door.faults.filter(([name]) => /unknown|result|arguments/.test(name))
  for (const model of ['anthropic/claude-opus-5', 'openai-responses/gpt-5', 'compatible/gpt-4o']) {
    for (const [name, members, place] of told) {
      const { status, body } = await post(door.path, { model, ...door.whole, ...members })
      expect([name, model, status, ...door.read(body)]).toEqual([
        name,
        model,
        400,
        'invalid_request',
        place,
      ])
    }
  }
  expect(simulated.calls()).toBe(calls)
})

test.each(simulatedModels)('a provider’s own 400 is not needed: %s', async (model) => {
  const calls = simulated.calls()
  const told = new Set(['a result without any call', 'broken arguments', 'an unknown role'])
  for (const [name, members, place] of chatFaults.filter(([each]) => told.has(each))) {
    const { status, body } = await post('/v1/chat/completions', { model, ...members })
    expect([name, status, body.error.param]).toEqual([name, 400, place])
  }
  expect(simulated.calls()).toBe(calls)
})

describe('GraphQL', () => {
  const mutation = `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
    ... on CompletionError { code path } ... on Completion { content } } }`
  const base = { model: 'openai/gpt-4o', messages: [{ role: 'USER', content: 'hello' }] }

  test.each(graphqlFaults)('%s is INVALID_REQUEST and says where', async (_name, members, path) => {
    const calls = simulated.calls()
    const { body } = await post('/graphql', {
      query: mutation,
      variables: { input: { ...base, ...members } },
    })
    expect(body).toEqual({ data: { createCompletion: { code: 'INVALID_REQUEST', path } } })
    expect(simulated.calls()).toBe(calls)
  })

  test.each([
    ['an unknown role', { messages: [{ role: 'WIZARD', content: 'x' }] }, 'input.messages[0].role'],
    [
      'an unknown kind of content',
      { messages: [{ role: 'USER', parts: [{ smell: 'x' }] }] },
      'smell',
    ],
    ['a model that is a number', { model: 4 }, 'input.model'],
    ['a temperature in words', { temperature: 'hot' }, 'input.temperature'],
  ])('%s does not fit the schema, and the answer says where', async (_name, members, place) => {
    const calls = simulated.calls()
    const { status, body } = await post('/graphql', {
      query: mutation,
      variables: { input: { ...base, ...members } },
    })
    expect(body.data).toBeUndefined()
    expect([status, body.errors[0].message]).toEqual([
      expect.any(Number),
      expect.stringContaining(place),
    ])
    expect(simulated.calls()).toBe(calls)
  })

  test('the same without a fault is answered', async () => {
    const { body } = await post('/graphql', { query: mutation, variables: { input: base } })
    expect(body).toEqual({ data: { createCompletion: { content: 'You said: hello' } } })
  })
})

test.each([...restDoors.map(({ path }) => path), '/graphql'])(
  '%s: a body over the limit is a 413 that names the setting',
  async (path) => {
    const calls = simulated.calls()
    const { status, body } = await post(path, { model: 'openai/gpt-4o', messages: large + large })
    expect(status).toBe(413)
    expect(JSON.stringify(body)).toContain('server.body_limit_bytes')
    expect(simulated.calls()).toBe(calls)
  },
)
