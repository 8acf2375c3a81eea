import { describe, expect, test } from 'vitest'
import { encodeGigachatRequest } from '../../../src/dialects/gigachat/encode-request.ts'
import type { GatewayError } from '../../../src/errors.ts'
import type { ChatRequest, Message, Tool, ToolCall } from '../../../src/protocol/request.ts'

const hello: Message = say('user', 'hello')

function say(role: Message['role'], text: string, more: Partial<Message> = {}): Message {
  return { role, parts: [{ type: 'text', text }], ...more }
}

function call(id: string, name: string, written = '{}'): ToolCall {
  return { id, kind: 'function', name, arguments: written }
}

function calling(...toolCalls: ToolCall[]): Message {
  return { role: 'assistant', parts: [], toolCalls }
}

function result(toolCallId: string, text: string): Message {
  return say('tool', text, { toolCallId })
}

function encode(request: Partial<ChatRequest>) {
  return encodeGigachatRequest(
    { model: 'gigachat/GigaChat', messages: [hello], stream: false, ...request },
    'GigaChat',
  )
}

function failureOf(request: Partial<ChatRequest>): GatewayError {
  try {
    encode(request)
  } catch (error) {
    // Only the encoder throws here, and it throws nothing else.
    return error as GatewayError
  }
  throw new Error('it was encoded')
}

test('a plain request has nothing but what it says', () => {
  expect(encode({})).toEqual({
    model: 'GigaChat',
    messages: [{ role: 'user', content: 'hello' }],
  })
})

describe('settings', () => {
  const cases: [name: string, request: Partial<ChatRequest>, body: object][] = [
    ['stream', { stream: true }, { stream: true }],
    ['temperature and top_p', { temperature: 0.3, topP: 0.9 }, { temperature: 0.3, top_p: 0.9 }],
    ['a temperature of 0 is greedy', { temperature: 0, topP: 0.9 }, { top_p: 0 }],
    ['a top_p of 0 stays', { topP: 0 }, { top_p: 0 }],
    ['max_tokens', { maxTokens: 7 }, { max_tokens: 7 }],
    ['effort: its own words', { reasoningEffort: 'medium' }, { reasoning_effort: 'medium' }],
    ['effort: more than it knows', { reasoningEffort: 'xhigh' }, { reasoning_effort: 'high' }],
    ['effort: less than it knows', { reasoningEffort: 'minimal' }, {}],
    ['effort: none', { reasoningEffort: 'none' }, {}],
    ['a format of text', { responseFormat: { type: 'text' } }, {}],
    [
      'a schema stands in the format itself',
      {
        responseFormat: {
          type: 'json_schema',
          name: 'n',
          description: 'd',
          schema: { type: 'object' },
          strict: true,
        },
      },
      {
        response_format: {
          type: 'json_schema',
          schema: { description: 'd', type: 'object' },
          strict: true,
        },
      },
    ],
    [
      'what is ignored does not go out',
      {
        seed: 1,
        frequencyPenalty: 1,
        presencePenalty: 1,
        parallelToolCalls: true,
        passthrough: { dialect: 'openai-chat', members: { user: 'u' } },
      },
      {},
    ],
  ]
  test.each(cases)('%s', (_name, request, body) => {
    expect(encode(request)).toEqual({
      model: 'GigaChat',
      messages: [{ role: 'user', content: 'hello' }],
      ...body,
    })
  })
})

describe('functions', () => {
  const f: Tool = {
    kind: 'function',
    name: 'f',
    description: 'does',
    parameters: { type: 'object' },
  }
  const g: Tool = { kind: 'function', name: 'g' }
  const functions = [
    { name: 'f', description: 'does', parameters: { type: 'object', properties: {} } },
  ]

  const choices: [name: string, choice: ChatRequest['toolChoice'], wire: unknown][] = [
    ['unsaid', undefined, 'auto'],
    ['auto', { mode: 'auto' }, 'auto'],
    ['none', { mode: 'none' }, 'none'],
    ['required, with one tool', { mode: 'required' }, { name: 'f' }],
    ['a named one', { mode: 'tool', kind: 'function', name: 'f' }, { name: 'f' }],
  ]
  test.each(choices)('choice: %s', (_name, toolChoice, wire) => {
    expect(encode({ tools: [f], toolChoice })).toMatchObject({ functions, function_call: wire })
  })

  test('a choice without tools says nothing', () => {
    expect(encode({ toolChoice: { mode: 'none' } })).not.toHaveProperty('function_call')
  })

  test('a tool without parameters takes none', () => {
    expect(encode({ tools: [g] })['functions']).toEqual([
      { name: 'g', parameters: { type: 'object', properties: {} } },
    ])
  })

  test('names that the service would not take are marked, everywhere', () => {
    const tools: Tool[] = [
      { kind: 'function', name: 'web_search' },
      { kind: 'function', name: '2nd' },
    ]
    const body = encode({
      tools,
      toolChoice: { mode: 'tool', kind: 'function', name: 'web_search' },
      messages: [hello, calling(call('c', '2nd')), result('c', '{}')],
    })
    expect(body).toMatchObject({
      functions: [{ name: '__xr_web_search' }, { name: '__xr_2nd' }],
      function_call: { name: '__xr_web_search' },
      messages: [
        { role: 'user' },
        { function_call: { name: '__xr_2nd' } },
        { role: 'function', name: '__xr_2nd' },
      ],
    })
  })

  test('"any of several" has no word', () => {
    expect(failureOf({ tools: [f, g], toolChoice: { mode: 'required' } })).toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      path: 'tool_choice',
      failover: true,
    })
  })
})

describe('the conversation', () => {
  const cases: [name: string, messages: Message[], wire: object[]][] = [
    [
      'instructions are joined at the beginning',
      [hello, say('system', 'a'), say('assistant', 'hi'), say('developer', 'b'), hello],
      [
        { role: 'system', content: 'a\n\nb' },
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'hi' },
        { role: 'user', content: 'hello' },
      ],
    ],
    [
      'turns of one speaker are joined',
      [say('user', 'a'), say('user', 'b'), say('assistant', 'c'), say('assistant', 'd')],
      [
        { role: 'user', content: 'a\n\nb' },
        { role: 'assistant', content: 'c\n\nd' },
      ],
    ],
    [
      'but those with attachments are not',
      [file('1'), file('2'), say('user', 'what are these')],
      [
        { role: 'user', content: '', attachments: ['1'] },
        { role: 'user', content: 'what are these', attachments: ['2'] },
      ],
    ],
    [
      'parts are lines, and a refusal is text',
      [
        { role: 'user', parts: [text('a'), text('b')] },
        { role: 'assistant', parts: [{ type: 'refusal', text: 'no' }] },
      ],
      [
        { role: 'user', content: 'a\nb' },
        { role: 'assistant', content: 'no' },
      ],
    ],
    [
      'earlier reasoning goes back',
      [hello, said(thought('a greeting'), text('hi')), hello],
      [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'hi', reasoning_content: 'a greeting' },
        { role: 'user', content: 'hello' },
      ],
    ],
    [
      'a call and its result',
      [hello, calling(call('call_1', 'f', '{"a":1}')), result('call_1', '{"b": 2}')],
      [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: '', function_call: { name: 'f', arguments: { a: 1 } } },
        { role: 'function', name: 'f', content: '{"b": 2}' },
      ],
    ],
    [
      'a state goes back with the call that it came with, and only with ours',
      [
        hello,
        calling(call('gch_0199e210-2f13-744c-8fe5-c9a19fe27db7', 'f', '')),
        result('gch_0199e210-2f13-744c-8fe5-c9a19fe27db7', '{}'),
      ],
      [
        { role: 'user', content: 'hello' },
        {
          role: 'assistant',
          content: '',
          function_call: { name: 'f', arguments: {} },
          functions_state_id: '0199e210-2f13-744c-8fe5-c9a19fe27db7',
        },
        { role: 'function', name: 'f', content: '{}' },
      ],
    ],
    [
      'several calls become one after the other, whatever the order of their results',
      [
        hello,
        {
          ...calling(call('1', 'f'), call('2', 'g')),
          parts: [thought('two'), text('let me see')],
        },
        result('2', '[1, 2]'),
        result('1', 'sunny'),
        hello,
      ],
      [
        { role: 'user', content: 'hello' },
        {
          role: 'assistant',
          content: 'let me see',
          reasoning_content: 'two',
          function_call: { name: 'f', arguments: {} },
        },
        { role: 'function', name: 'f', content: '{"result":"sunny"}' },
        { role: 'assistant', content: '', function_call: { name: 'g', arguments: {} } },
        { role: 'function', name: 'g', content: '{"result":[1, 2]}' },
        { role: 'user', content: 'hello' },
      ],
    ],
    [
      'the deprecated single call',
      [
        hello,
        calling({ id: '', kind: 'function_call', name: 'f', arguments: '{}' }),
        say('tool', '1', { name: 'f' }),
      ],
      [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: '', function_call: { name: 'f', arguments: {} } },
        { role: 'function', name: 'f', content: '{"result":1}' },
      ],
    ],
    [
      'ids that repeat from turn to turn',
      [
        hello,
        calling(call('1', 'f')),
        result('1', '{"n":1}'),
        calling(call('1', 'g')),
        result('1', '{"n":2}'),
      ],
      [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: '', function_call: { name: 'f', arguments: {} } },
        { role: 'function', name: 'f', content: '{"n":1}' },
        { role: 'assistant', content: '', function_call: { name: 'g', arguments: {} } },
        { role: 'function', name: 'g', content: '{"n":2}' },
      ],
    ],
  ]
  test.each(cases)('%s', (_name, messages, wire) => {
    expect(encode({ messages })['messages']).toEqual(wire)
  })

  function said(...parts: Message['parts']): Message {
    return { role: 'assistant', parts }
  }
  function thought(words: string): Message['parts'][number] {
    return { type: 'reasoning', text: words }
  }
  function text(words: string): Message['parts'][number] {
    return { type: 'text', text: words }
  }

  function file(fileId: string): Message {
    return { role: 'user', parts: [{ type: 'file', fileId }] }
  }
})

describe('what is refused', () => {
  const image: Message = { role: 'user', parts: [{ type: 'image', url: 'data:image/png;base64,' }] }
  const cases: [name: string, request: Partial<ChatRequest>, code: string, path: string][] = [
    ['images', { messages: [image] }, 'UNSUPPORTED_FEATURE', 'messages[0].content[0]'],
    [
      'JSON without a schema',
      { responseFormat: { type: 'json_object' } },
      'UNSUPPORTED_FEATURE',
      'response_format',
    ],
    [
      'a schema that is none',
      { responseFormat: { type: 'json_schema', name: 'n' } },
      'UNSUPPORTED_FEATURE',
      'response_format',
    ],
    [
      'arguments that are no object',
      { messages: [hello, calling(call('1', 'f', '{"a')), result('1', '')] },
      'UNSUPPORTED_FEATURE',
      'messages[1].tool_calls[0]',
    ],
    [
      'a call without a result',
      { messages: [hello, calling(call('1', 'f'), call('2', 'f')), result('1', '')] },
      'INVALID_REQUEST',
      'messages[1].tool_calls[1]',
    ],
    [
      'a result of another call',
      { messages: [hello, calling(call('1', 'f')), result('1', ''), result('3', '')] },
      'INVALID_REQUEST',
      'messages[3]',
    ],
    [
      'a result of no call',
      { messages: [hello, result('1', '')] },
      'INVALID_REQUEST',
      'messages[1]',
    ],
  ]
  test.each(cases)('%s', (_name, request, code, path) => {
    expect(failureOf(request)).toMatchObject({ code, path })
  })
})
