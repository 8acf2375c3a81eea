import { describe, expect, test } from 'vitest'
import { ollamaChatApi } from '../../../src/dialects/ollama/chat-api.ts'
import { encodeOllamaRequest } from '../../../src/dialects/ollama/encode-request.ts'
import { decodeChatRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import type { ChatRequest, ContentPart, Message } from '../../../src/protocol/request.ts'

const text = (words: string): ContentPart => ({ type: 'text', text: words })
const user: Message = { role: 'user', parts: [text('hello')] }

function encode(members: Partial<ChatRequest> = {}): Record<string, unknown> {
  const request = { model: 'any', messages: [user], stream: false, ...members }
  return encodeOllamaRequest(request, 'llama3.2')
}

function sent(...messages: Message[]): unknown {
  return encode({ messages })['messages']
}

test('the least is a model, its messages and whether to stream, which is the server’s default', () => {
  expect(encode()).toEqual({
    model: 'llama3.2',
    messages: [{ role: 'user', content: 'hello' }],
    stream: false,
    truncate: false,
    options: {},
  })
  expect(ollamaChatApi().path('llama3.2', { model: 'm', messages: [], stream: true })).toBe(
    '/api/chat',
  )
})

describe('what tunes the model', () => {
  test('stands in one object, and the request’s before the dialect’s before the operator’s', () => {
    const request: ChatRequest = {
      model: 'any',
      messages: [user],
      stream: true,
      temperature: 0,
      passthrough: {
        dialect: 'ollama',
        members: { keep_alive: 0, truncate: true, options: { temperature: 1, min_p: 0.1 } },
      },
    }
    const settings = { keepAlive: '5m', options: { temperature: 2, min_p: 0.2, num_ctx: 1 } }
    expect(encodeOllamaRequest(request, 'm', settings)).toMatchObject({
      keep_alive: 0,
      truncate: true,
      options: { temperature: 0, min_p: 0.1, num_ctx: 1 },
    })
  })

  test('of another dialect is not sent', () => {
    const passthrough = { dialect: 'openai-chat', members: { store: true } }
    expect(encode({ passthrough })).toEqual(encode())
  })

  test.each([
    ['none', false],
    ['minimal', 'low'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'max'],
    ['max', 'max'],
  ])('an effort of %s is %s', (reasoningEffort, think) => {
    expect(encode({ reasoningEffort })).toMatchObject({ think })
  })

  test('an effort that there is not is refused', () => {
    expect(() => encode({ reasoningEffort: 'frantic' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', path: 'reasoning_effort' }),
    )
  })
})

describe('what the answer must be like', () => {
  test.each([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, 'json'],
    [{ type: 'json_schema', name: 's', schema: { type: 'object' } }, { type: 'object' }],
    [{ type: 'json_schema', name: 's' }, 'json'],
  ] as const)('%j', (responseFormat, format) => {
    expect(encode({ responseFormat })['format']).toEqual(format)
  })

  test('tools have their parameters, and objects where they have none', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string' } } }
    const tools = [
      { kind: 'function', name: 'f', description: 'd', parameters, strict: true },
      { kind: 'function', name: 'g' },
    ] as const
    expect(encode({ tools: [...tools] })['tools']).toEqual([
      { type: 'function', function: { name: 'f', description: 'd', parameters } },
      { type: 'function', function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ])
    expect(encode({ tools: [...tools], toolChoice: { mode: 'none' } })).not.toHaveProperty('tools')
  })

  test('log probabilities', () => {
    expect(encode({ logprobs: true })).toMatchObject({ logprobs: true, top_logprobs: 0 })
    expect(encode({ logprobs: true, topLogprobs: 3 })).toMatchObject({ top_logprobs: 3 })
    expect(encode({ logprobs: false })).not.toHaveProperty('logprobs')
  })
})

describe('a message', () => {
  test('has its texts as one and its images beside them', () => {
    const url = 'data:image/png;base64,AAAA'
    const parts: ContentPart[] = [text('a'), { type: 'image', url }, text('b')]
    expect(sent({ role: 'user', parts })).toEqual([
      { role: 'user', content: 'ab', images: ['AAAA'] },
    ])
  })

  test('has what was thought before', () => {
    const thought: ContentPart = { type: 'reasoning', text: 'hm' }
    const refused: ContentPart = { type: 'refusal', text: 'no' }
    expect(sent(user, { role: 'assistant', parts: [thought, refused] }, user)).toMatchObject([
      {},
      { role: 'assistant', content: 'no', thinking: 'hm' },
      {},
    ])
  })

  test('calls with objects, and a result has the name of its function', () => {
    const call = { id: 'c1', kind: 'function', name: 'f', arguments: '{"a": [1]}' } as const
    const empty = { ...call, id: 'c2', name: 'g', arguments: '' }
    const result = (toolCallId: string): Message => ({
      role: 'tool',
      toolCallId,
      parts: [text(toolCallId)],
    })
    const messages: Message[] = [
      user,
      { role: 'assistant', parts: [], toolCalls: [call, empty] },
      result('c2'),
      result('c1'),
    ]
    expect(sent(...messages)).toEqual([
      { role: 'user', content: 'hello' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', function: { index: 0, name: 'f', arguments: { a: [1] } } },
          { id: 'c2', function: { index: 1, name: 'g', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'c1', tool_name: 'f', tool_call_id: 'c1' },
      { role: 'tool', content: 'c2', tool_name: 'g', tool_call_id: 'c2' },
    ])
  })

  test('of OpenAI’s deprecated kind has a name and no id', () => {
    const { request } = decodeChatRequest({
      model: 'm',
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
      ],
    })
    expect(encodeOllamaRequest(request, 'm')).toMatchObject({
      messages: [
        {},
        { tool_calls: [{ function: { name: 'f', arguments: {} } }] },
        { role: 'tool', tool_name: 'f', content: '1' },
      ],
    })
  })
})

describe('what there are no words for is refused by its place', () => {
  const at = 'messages[0].content[0]'
  test.each<[string, Message, string]>([
    [
      'an image by its address',
      { role: 'user', parts: [{ type: 'image', url: 'https://example.com/a.png' }] },
      at,
    ],
    ['an image by an id', { role: 'user', parts: [{ type: 'image', fileId: 'f' }] }, at],
    ['sound', { role: 'user', parts: [{ type: 'audio', data: 'AA', format: 'wav' }] }, at],
    ['a file', { role: 'user', parts: [{ type: 'file', fileId: 'f' }] }, at],
    [
      'a part of another vendor',
      { role: 'assistant', parts: [{ type: 'native', dialect: 'x', part: {} }] },
      at,
    ],
    [
      'arguments that are no object',
      {
        role: 'assistant',
        parts: [],
        toolCalls: [{ id: 'a', kind: 'function', name: 'f', arguments: '[1]' }],
      },
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      'a call of a custom tool',
      {
        role: 'assistant',
        parts: [],
        toolCalls: [{ id: 'a', kind: 'custom', name: 'f', arguments: 'x' }],
      },
      'messages[0].tool_calls[0]',
    ],
  ])('%s', (_name, message, path) => {
    expect(() => sent(message)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', path, failover: true }),
    )
  })

  test('a result without its call is no request at all', () => {
    const result: Message = { role: 'tool', toolCallId: 'x', parts: [text('1')] }
    expect(() => sent(user, result)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', path: 'messages[1].tool_call_id' }),
    )
  })

  test('tools of a vendor, custom tools and forms of a vendor', () => {
    const refused = expect.objectContaining({ code: 'UNSUPPORTED_FEATURE' })
    const native = { kind: 'native', type: 'web_search', definition: {} } as const
    expect(() => encode({ tools: [native] })).toThrow(refused)
    expect(() => encode({ tools: [{ kind: 'custom', name: 'c' }] })).toThrow(refused)
    expect(() => encode({ responseFormat: { type: 'native', definition: {} } })).toThrow(refused)
  })
})
