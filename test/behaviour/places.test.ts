import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})

afterAll(() => gateway.stop())

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

async function post(path: string, members: object) {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ model: 'demo/echo', ...members }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  }
}

type Row = [name: string, members: object, path: string]

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }
const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
const seen = { type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }
const tool = { name: 'f', input_schema: { type: 'object' } }

const messages: Row[] = [
  [
    'an image after instructions',
    {
      system: 'Be brief.',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, image] }],
    },
    'messages[0].content[1]',
  ],
  [
    'a part of one vendor',
    {
      system: [{ type: 'text', text: 'a' }],
      messages: [{ role: 'user', content: [{ type: 'search_result' }] }],
    },
    'messages[0].content[0]',
  ],
  [
    'a stop sequence',
    { messages: [{ role: 'user', content: 'a' }], stop_sequences: ['b'] },
    'stop_sequences',
  ],
  ['a tool', { messages: [{ role: 'user', content: 'a' }], tools: [tool] }, 'tools[0]'],
  [
    'a schema for the answer',
    {
      messages: [{ role: 'user', content: 'a' }],
      output_config: { format: { type: 'json_schema', schema: {} } },
    },
    'output_config.format',
  ],
  [
    'a schema in its older place',
    {
      messages: [{ role: 'user', content: 'a' }],
      output_format: { type: 'json_schema', schema: {} },
    },
    'output_format',
  ],
  [
    'an image after the results of tools, in one turn with them',
    {
      system: 'a',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [{ type: 'text', text: 'b' }, use] },
        { role: 'user', content: [{ ...seen, content: 'c' }, { type: 'text', text: 'd' }, image] },
      ],
      xrouter: { fallbacks: [] },
    },
    'messages[1]',
  ],
]

const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
const input = (...items: object[]) => ({ input: items })
const shown = { type: 'input_image', image_url: `data:image/png;base64,${pixel}` }

const responses: Row[] = [
  [
    'an image after instructions',
    {
      instructions: 'Be brief.',
      ...input({ role: 'user', content: [{ type: 'input_text', text: 'a' }, shown] }),
    },
    'input[0].content[1]',
  ],
  [
    'an item of one vendor',
    input({ role: 'user', content: 'a' }, { type: 'web_search_call' }),
    'input[1]',
  ],
  [
    'a call between texts of one turn',
    input({ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }, call, {
      type: 'function_call_output',
      call_id: 'call_1',
      output: 'c',
    }),
    'input[1]',
  ],
  [
    'an image in a result',
    input(
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
      { role: 'user', content: [shown] },
    ),
    'input[2].content[0]',
  ],
  ['a tool', { input: 'a', tools: [{ type: 'function', name: 'f', parameters: {} }] }, 'tools[0]'],
  [
    'a schema for the answer',
    { input: 'a', text: { format: { type: 'json_schema', name: 'a', schema: {} } } },
    'text.format',
  ],
]

const chat: Row[] = [
  [
    'an image',
    {
      messages: [
        { role: 'system', content: 'a' },
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }],
        },
      ],
    },
    'messages[1].content[0]',
  ],
]

const doors = [
  {
    path: '/v1/messages',
    rows: messages,
    base: { max_tokens: 9 },
    place: (body: { error: { details: { param: string } } }) => body.error.details.param,
  },
  {
    path: '/v1/responses',
    rows: responses,
    base: {},
    place: (body: { error: { param: string } }) => body.error.param,
  },
  {
    path: '/v1/chat/completions',
    rows: chat,
    base: {},
    place: (body: { error: { param: string } }) => body.error.param,
  },
]

describe.each(doors)('$path names what cannot be expressed as its client does', (door) => {
  test.each(door.rows)('%s', async (_name, members, path) => {
    for (const stream of [false, true]) {
      const { status, body } = await post(door.path, { ...door.base, ...members, stream })
      expect([status, door.place(body)]).toEqual([400, path])
      expect(body.error.message).toContain(`\`${path}\``)
    }
  })
})

test('warnings name it so as well', async () => {
  const { body } = await post('/v1/messages', {
    max_tokens: 9,
    system: 'a',
    messages: [{ role: 'user', content: 'a' }],
    metadata: { user_id: 'u' },
    thinking: { type: 'disabled' },
  })
  const told: string = body.xrouter.warnings.join(' ')
  expect(told).toContain('`metadata.user_id` is ignored')
  expect(told).toContain('`thinking` is ignored')
  const other = await post('/v1/responses', {
    input: 'a',
    reasoning: { effort: 'low' },
    stream: true,
    max_output_tokens: 50,
  })
  expect(other.text).toContain('`reasoning.effort` is ignored')
})

test('a provider’s demand on the order of turns is told of the client’s turn', async () => {
  const own = await startGateway(
    '[providers.anthropic]\napi_key = "none"\nbase_url = "http://127.0.0.1:9"',
  )
  const ask = async (path: string, members: object) => {
    const response = await fetch(own.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${own.adminKey}` },
      body: JSON.stringify({ model: 'anthropic/claude-opus-5', ...members }),
    })
    const { error } = await response.json()
    return error.param ?? error.details?.param
  }
  const place = await ask('/v1/messages', {
    max_tokens: 9,
    system: 'a',
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [use] },
      { role: 'user', content: 'b' },
    ],
  })
  expect(place).toBe('messages[1].content[0]')
  const items = input({ role: 'user', content: 'a' }, call, { role: 'user', content: 'b' })
  expect(await ask('/v1/responses', { instructions: 'a', ...items })).toBe('input[1]')
  await own.stop()
})
