import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

/** What is wrong, the members that make it so, and where the answer must point. */
type Fault = [name: string, members: object, path: string]

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
/** 30 million bytes, in base64. */
const large = Buffer.alloc(30_000_000).toString('base64')
const user = { role: 'user', content: 'hello' }

const chat: Fault[] = (() => {
  const said = (...messages: unknown[]) => ({ messages })
  const part = (value: object) => said({ role: 'user', content: [value] })
  const image = (url: unknown) => part({ type: 'image_url', image_url: { url } })
  const calls = (written: unknown, id = 'call_1') => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: written } }],
  })
  const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: '1' })
  const inUrl = 'messages[0].content[0].image_url.url'
  const inArguments = 'messages[1].tool_calls[0].function.arguments'
  return [
    ['no messages', { messages: undefined }, 'messages'],
    ['empty messages', said(), 'messages'],
    ['messages that are a string', { messages: 'hello' }, 'messages'],
    ['a message that is null', said(null), 'messages[0]'],
    ['no model', { model: undefined }, 'model'],
    ['a model that is a number', { model: 4 }, 'model'],
    ['an unknown role', said({ role: 'wizard', content: 'x' }), 'messages[0].role'],
    ['no role', said({ content: 'x' }), 'messages[0].role'],
    ['a content that is a number', said({ role: 'user', content: 1 }), 'messages[0].content'],
    [
      'an unknown kind of content',
      part({ type: 'smell', smell: 'x' }),
      'messages[0].content[0].type',
    ],
    ['a text part without text', part({ type: 'text' }), 'messages[0].content[0].text'],
    ['a result without any call', said(user, result('call_1')), 'messages[1].tool_call_id'],
    [
      'a result of another call',
      said(user, calls('{}'), result('call_2')),
      'messages[2].tool_call_id',
    ],
    [
      'a result before its call',
      said(user, result('call_1'), calls('{}')),
      'messages[1].tool_call_id',
    ],
    [
      'a result that names no call',
      said(user, calls('{}'), { role: 'tool', content: '1' }),
      'messages[2].tool_call_id',
    ],
    ['broken arguments', said(user, calls('{"a":'), result('call_1')), inArguments],
    ['arguments that are a list', said(user, calls('[1]'), result('call_1')), inArguments],
    ['arguments that are an object already', said(user, calls({}), result('call_1')), inArguments],
    [
      'a call without a name',
      said(user, {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { arguments: '{}' } }],
      }),
      'messages[1].tool_calls[0].function.name',
    ],
    ['an image of 30 MB', image(`data:image/png;base64,${large}`), inUrl],
    ['an image of an unknown media type', image(`data:image/x-unheard-of;base64,${pixel}`), inUrl],
    ['an image that is no image', image(`data:text/plain;base64,${pixel}`), inUrl],
    ['an image without bytes', image('data:image/png;base64,'), inUrl],
    ['an image by a path', image('/tmp/a.png'), inUrl],
    ['an image without an address', image(undefined), inUrl],
    ['a temperature in words', { temperature: 'hot' }, 'temperature'],
    ['a temperature too high', { temperature: 3 }, 'temperature'],
    ['no tokens at all', { max_tokens: 0 }, 'max_tokens'],
    ['half a choice', { n: 1.5 }, 'n'],
    ['stop sequences that are numbers', { stop: [1] }, 'stop'],
    ['a stream in words', { stream: 'yes' }, 'stream'],
    ['tools that are an object', { tools: {} }, 'tools'],
    [
      'a tool without a name',
      { tools: [{ type: 'function', function: {} }] },
      'tools[0].function.name',
    ],
    [
      'a schema of arguments that is a string',
      { tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] },
      'tools[0].function.parameters',
    ],
    ['an unknown choice of tools', { tool_choice: 'perhaps' }, 'tool_choice'],
    [
      'a schema that is a string',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: 'x' } } },
      'response_format.json_schema.schema',
    ],
    [
      'a schema without a name',
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      'response_format.json_schema.name',
    ],
    ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
    ['tags that are lists', { xrouter: { tags: { a: [] } } }, 'xrouter.tags.a'],
  ]
})()

const messages: Fault[] = (() => {
  const said = (...turns: unknown[]) => ({ messages: turns })
  const part = (value: object) => said({ role: 'user', content: [value] })
  const image = (media_type: string, data: string) =>
    part({ type: 'image', source: { type: 'base64', media_type, data } })
  const calls = (input: unknown, id = 'toolu_1') => ({
    role: 'assistant',
    content: [{ type: 'tool_use', id, name: 'f', input }],
  })
  const result = (id: string) => ({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: id, content: '1' }],
  })
  return [
    ['empty messages', said(), 'messages'],
    ['messages that are a string', { messages: 'hello' }, 'messages'],
    ['no model', { model: undefined }, 'model'],
    ['no limit of tokens', { max_tokens: undefined }, 'max_tokens'],
    ['an unknown role', said({ role: 'wizard', content: 'x' }), 'messages[0].role'],
    ['a content that is a number', said({ role: 'user', content: 1 }), 'messages[0].content'],
    ['a text part without text', part({ type: 'text' }), 'messages[0].content[0].text'],
    [
      'a result without any call',
      said(user, result('toolu_1')),
      'messages[1].content[0].tool_use_id',
    ],
    [
      'a result of another call',
      said(user, calls({}), result('toolu_2')),
      'messages[2].content[0].tool_use_id',
    ],
    [
      'broken arguments',
      said(user, calls('{"a":'), result('toolu_1')),
      'messages[1].content[0].input',
    ],
    ['an image of 30 MB', image('image/png', large), 'messages[0].content[0].source'],
    [
      'an image of an unknown media type',
      image('image/x-unheard-of', pixel),
      'messages[0].content[0].source',
    ],
    [
      'an image of an unknown source',
      part({ type: 'image', source: { type: 'dream' } }),
      'messages[0].content[0].source.type',
    ],
    ['a temperature in words', { temperature: 'hot' }, 'temperature'],
    ['stop sequences that are numbers', { stop_sequences: [1] }, 'stop_sequences[0]'],
    ['a tool without a name', { tools: [{ input_schema: {} }] }, 'tools[0].name'],
    [
      'a schema of arguments that is a string',
      { tools: [{ name: 'f', input_schema: 'x' }] },
      'tools[0].input_schema',
    ],
    ['an unknown choice of tools', { tool_choice: { type: 'perhaps' } }, 'tool_choice.type'],
    ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
  ]
})()

const graphql: Fault[] = (() => {
  const asked = { role: 'USER', content: 'hello' }
  const said = (...turns: unknown[]) => ({ messages: turns })
  const image = (url: string) => said({ role: 'USER', parts: [{ image: { url } }] })
  const calls = (written: unknown, id = 'call_1') => ({
    role: 'ASSISTANT',
    toolCalls: [{ id, name: 'f', arguments: written }],
  })
  const result = (id: string) => ({ role: 'TOOL', toolCallId: id, content: '1' })
  const inUrl = 'input.messages[0].parts[0].image.url'
  const inArguments = 'input.messages[1].toolCalls[0].arguments'
  return [
    ['empty messages', said(), 'input.messages'],
    ['an empty model', { model: '' }, 'input.model'],
    ['a turn without content', said({ role: 'USER' }), 'input.messages[0].content'],
    ['calls of a user', said({ ...calls('{}'), role: 'USER' }), 'input.messages[0].toolCalls'],
    ['a result without any call', said(asked, result('call_1')), 'input.messages[1].toolCallId'],
    [
      'a result of another call',
      said(asked, calls('{}'), result('call_2')),
      'input.messages[2].toolCallId',
    ],
    [
      'a result that names no call',
      said(asked, { role: 'TOOL', content: '1' }),
      'input.messages[1].toolCallId',
    ],
    ['broken arguments', said(asked, calls('{"a":'), result('call_1')), inArguments],
    ['arguments that are a list', said(asked, calls('[1]'), result('call_1')), inArguments],
    ['arguments that are a number', said(asked, calls(1), result('call_1')), inArguments],
    ['an image of 30 MB', image(`data:image/png;base64,${large}`), inUrl],
    ['an image of an unknown media type', image(`data:image/x-unheard-of;base64,${pixel}`), inUrl],
    ['an image by a path', image('/tmp/a.png'), inUrl],
    ['a temperature too high', { temperature: 3 }, 'input.temperature'],
    ['no tokens at all', { maxTokens: 0 }, 'input.maxTokens'],
    [
      'a schema of arguments that is a string',
      { tools: [{ name: 'f', parameters: 'x' }] },
      'input.tools[0].parameters',
    ],
    ['an unknown choice of tools', { toolChoice: 'perhaps' }, 'input.toolChoice'],
    [
      'a schema that is a string',
      { responseFormat: { type: 'json_schema', json_schema: { name: 'a', schema: 'x' } } },
      'input.responseFormat.json_schema.schema',
    ],
    [
      'a member that has a field of its own',
      { passthrough: { temperature: 1 } },
      'input.passthrough.temperature',
    ],
  ]
})()

async function post(path: string, body: object) {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

/** One door: its name, its path, how a request is completed and how its failures are read. */
const restDoors = [
  {
    path: '/v1/chat/completions',
    faults: chat,
    whole: { messages: [user] },
    read: ({ error }: { error: { code: string; param: string; message: string } }) => [
      error.code,
      error.param,
    ],
  },
  {
    path: '/v1/messages',
    faults: messages,
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

test.each(simulatedModels)('a provider’s own 400 is not needed: %s', async (model) => {
  const calls = simulated.calls()
  const told = ['a result without any call', 'broken arguments', 'an unknown role']
  for (const [name, members, place] of chat.filter(([each]) => told.includes(each))) {
    const { status, body } = await post('/v1/chat/completions', { model, ...members })
    expect([name, status, body.error.param]).toEqual([name, 400, place])
  }
  expect(simulated.calls()).toBe(calls)
})

describe('GraphQL', () => {
  const mutation = `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
    ... on CompletionError { code path } ... on Completion { content } } }`
  const base = { model: 'openai/gpt-4o', messages: [{ role: 'USER', content: 'hello' }] }

  test.each(graphql)('%s is INVALID_REQUEST and says where', async (_name, members, path) => {
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

test.each(['/v1/chat/completions', '/v1/messages', '/graphql'])(
  '%s: a body over the limit is a 413 that names the setting',
  async (path) => {
    const calls = simulated.calls()
    const { status, body } = await post(path, { model: 'openai/gpt-4o', messages: large + large })
    expect(status).toBe(413)
    expect(JSON.stringify(body)).toContain('server.body_limit_bytes')
    expect(simulated.calls()).toBe(calls)
  },
)
