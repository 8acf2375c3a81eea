import { describe, expect, test } from 'vitest'
import { gigachatV2ChatApi } from '../../../src/dialects/gigachat/v2-chat-api.ts'
import { encodeGigachatV2Request } from '../../../src/dialects/gigachat/v2-encode-request.ts'
import { gigachatV2Support } from '../../../src/dialects/gigachat/v2-support.ts'
import type { ResultRole } from '../../../src/dialects/gigachat/v2-turns.ts'
import type { GatewayError } from '../../../src/errors.ts'
import type { ChatRequest, Message, Tool, ToolCall } from '../../../src/protocol/request.ts'

const hello: Message = say('user', 'hello')
const state = '019e8373-dc9a-7883-af60-ebb20b79e1e1'

function say(role: Message['role'], text: string, more: Partial<Message> = {}): Message {
  return { role, parts: [{ type: 'text', text }], ...more }
}

function calling(...calls: [id: string, name: string, written: string][]): Message {
  const toolCalls = calls.map(([id, name, written]): ToolCall => ({
    id,
    kind: 'function',
    name,
    arguments: written,
  }))
  return { role: 'assistant', parts: [], toolCalls }
}

function encode(request: Partial<ChatRequest>, resultRole: ResultRole = 'function') {
  return encodeGigachatV2Request(
    { model: 'gigachat/GigaChat', messages: [hello], stream: false, ...request },
    { model: 'GigaChat', resultRole },
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

const f: Tool = { kind: 'function', name: 'f', description: 'does', parameters: { type: 'object' } }
const g: Tool = { kind: 'function', name: 'web_search' }

function native(type: string, more: object = {}): Tool {
  return { kind: 'native', type, definition: { type, ...more } }
}

test('a plain request has nothing but what it says', () => {
  const plain = { model: 'GigaChat', messages: [{ role: 'user', content: [{ text: 'hello' }] }] }
  expect(encode({})).toEqual(plain)
  const api = gigachatV2ChatApi({ resultRole: 'tool' })
  const request = { model: 'x', messages: [hello], stream: false }
  expect(api.encodeRequest(request, 'GigaChat')).toEqual(plain)
  expect(api.path('GigaChat', request)).toBe('/chat/completions')
})

describe('settings', () => {
  const schema = { type: 'object' }
  const cases: [name: string, request: Partial<ChatRequest>, options: object | undefined][] = [
    ['temperature and top_p', { temperature: 0.3, topP: 0.9 }, { temperature: 0.3, top_p: 0.9 }],
    ['a temperature of 0 is greedy', { temperature: 0, topP: 0.9 }, { top_p: 0 }],
    ['max_tokens', { maxTokens: 7 }, { max_tokens: 7 }],
    ['effort: its own words', { reasoningEffort: 'medium' }, { reasoning: { effort: 'medium' } }],
    ['effort: none', { reasoningEffort: 'none' }, { reasoning: { effort: 'off' } }],
    ['effort: minimal', { reasoningEffort: 'minimal' }, { reasoning: { effort: 'low' } }],
    ['effort: xhigh', { reasoningEffort: 'xhigh' }, { reasoning: { effort: 'high' } }],
    ['effort: max', { reasoningEffort: 'max' }, { reasoning: { effort: 'high' } }],
    ['log probabilities', { logprobs: true }, { top_logprobs: 1 }],
    ['no alternatives', { logprobs: true, topLogprobs: 0 }, { top_logprobs: 1 }],
    ['some alternatives', { logprobs: true, topLogprobs: 3 }, { top_logprobs: 3 }],
    ['many alternatives', { logprobs: true, topLogprobs: 20 }, { top_logprobs: 5 }],
    ['no log probabilities', { logprobs: false, topLogprobs: 3 }, undefined],
    ['a format of text', { responseFormat: { type: 'text' } }, undefined],
    [
      'a schema',
      { responseFormat: { type: 'json_schema', name: 'n', schema, strict: true } },
      { response_format: { type: 'json_schema', schema, strict: true } },
    ],
    [
      'what is ignored does not go out',
      { seed: 1, frequencyPenalty: 1, endUserId: 'u' },
      undefined,
    ],
  ]
  test.each(cases)('%s', (_name, request, options) => {
    expect(encode(request)['model_options']).toEqual(options)
  })

  test('a stream is asked for at the root', () => {
    expect(encode({ stream: true })).toMatchObject({ stream: true })
  })
})

describe('tools', () => {
  const specification = {
    name: 'f',
    description: 'does',
    parameters: { type: 'object', properties: {} },
  }

  test('all functions are one tool, and each of the service another', () => {
    const tools = [f, native('web_search'), g, native('code_interpreter')]
    expect(encode({ tools })).toMatchObject({
      tools: [
        { functions: { specifications: [specification, { name: '__xr_web_search' }] } },
        { web_search: {} },
        { code_interpreter: {} },
      ],
      tool_config: { mode: 'auto' },
    })
  })

  const choices: [name: string, request: Partial<ChatRequest>, config: object][] = [
    ['unsaid', { tools: [f] }, { mode: 'auto' }],
    ['auto', { tools: [f], toolChoice: { mode: 'auto' } }, { mode: 'auto' }],
    ['none', { tools: [f], toolChoice: { mode: 'none' } }, { mode: 'none' }],
    [
      'required, with one function',
      { tools: [f], toolChoice: { mode: 'required' } },
      { mode: 'forced', function_name: 'f' },
    ],
    [
      'required, with one tool of the service',
      { tools: [native('web_search_preview')], toolChoice: { mode: 'required' } },
      { mode: 'forced', tool_name: 'web_search' },
    ],
    [
      'a named one',
      { tools: [f, g], toolChoice: { mode: 'tool', kind: 'function', name: 'web_search' } },
      { mode: 'forced', function_name: '__xr_web_search' },
    ],
  ]
  test.each(choices)('choice: %s', (_name, request, config) => {
    expect(encode(request)['tool_config']).toEqual(config)
  })

  test('a choice without tools says nothing', () => {
    expect(encode({ toolChoice: { mode: 'none' } })).not.toHaveProperty('tool_config')
  })

  const natives: [tool: Tool, wire: object, own: boolean][] = [
    [native('web_search'), { web_search: {} }, true],
    [
      native('web_search', { web_search: { type: 'actual_info_web_search' } }),
      { web_search: { type: 'actual_info_web_search' } },
      true,
    ],
    [native('web_search', { search_context_size: 'low' }), { web_search: {} }, false],
    [native('web_search_20250305', { max_uses: 2 }), { web_search: {} }, false],
    [native('google_search'), { web_search: {} }, false],
    [native('url_content_extraction'), { url_content_extraction: {} }, true],
    [native('web_fetch_20250910'), { url_content_extraction: {} }, false],
    [native('image_generate'), { image_generate: {} }, true],
    [native('image_generation', { size: 'auto' }), { image_generate: {} }, false],
    [native('code_interpreter', { container: { type: 'auto' } }), { code_interpreter: {} }, false],
    [native('model_3d_generate'), { model_3d_generate: {} }, true],
  ]
  test.each(natives)('%j', (tool, wire, own) => {
    expect(encode({ tools: [tool] })['tools']).toEqual([wire])
    const { native_tools: how } = gigachatV2Support
    const request = { model: 'm', messages: [hello], stream: false, tools: [tool] }
    expect(typeof how === 'object' && how.when?.(request)).toBe(!own)
  })
})

describe('the conversation', () => {
  const call = { function_call: { name: 'f', arguments: { a: 1 } } }
  const conversation = [
    hello,
    calling([`gch_${state}`, 'f', '{"a":1}'], ['2', 'g', '']),
    say('tool', 'sunny', { toolCallId: '2' }),
    say('tool', '{"b": 2}', { toolCallId: `gch_${state}` }),
  ]

  test('results are told by `function` as texts of JSON', () => {
    expect(encode({ messages: conversation })['messages']).toEqual([
      { role: 'user', content: [{ text: 'hello' }] },
      { role: 'assistant', functions_state_id: state, content: [call] },
      { role: 'function', content: [{ function_result: { name: 'f', result: '{"b": 2}' } }] },
      { role: 'assistant', content: [{ function_call: { name: 'g', arguments: {} } }] },
      {
        role: 'function',
        content: [{ function_result: { name: 'g', result: '{"result":"sunny"}' } }],
      },
    ])
  })

  test('or by `tool` as JSON, with the state of the call', () => {
    expect(encode({ messages: conversation }, 'tool')['messages']).toEqual([
      { role: 'user', content: [{ text: 'hello' }] },
      { role: 'assistant', tools_state_id: state, content: [call] },
      {
        role: 'tool',
        tools_state_id: state,
        content: [{ function_result: { name: 'f', result: { b: 2 } } }],
      },
      { role: 'assistant', content: [{ function_call: { name: 'g', arguments: {} } }] },
      {
        role: 'tool',
        content: [{ function_result: { name: 'g', result: { result: 'sunny' } } }],
      },
    ])
  })

  const signed = (dialect: string): Message => ({
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm' },
      { type: 'native', dialect: 'gigachat-v2', part: { files: [{ id: 'i' }, {}, null] } },
      { type: 'text', text: 'Here.', signature: { dialect, value: 's' } },
    ],
  })

  test('what the service made goes back to it, and its thoughts do not', () => {
    const content = [{ text: 'Here.' }, { files: [{ id: 'i' }] }]
    expect(encode({ messages: [hello, signed('gigachat-v2')] })['messages']).toContainEqual({
      role: 'assistant',
      functions_state_id: 's',
      content,
    })
    expect(encode({ messages: [hello, signed('gemini')] })['messages']).toContainEqual({
      role: 'assistant',
      content,
    })
  })

  test('files and images go by their ids', () => {
    const parts: Message['parts'] = [
      { type: 'text', text: 'what are' },
      { type: 'image', fileId: '1' },
      { type: 'file', fileId: '2' },
      { type: 'text', text: 'these' },
    ]
    expect(encode({ messages: [{ role: 'user', parts }] })['messages']).toEqual([
      {
        role: 'user',
        content: [{ text: 'what are\nthese' }, { files: [{ id: '1' }, { id: '2' }] }],
      },
    ])
  })

  test('instructions are joined at the beginning, and an empty turn has a text', () => {
    const messages = [say('user', ''), say('system', 'a'), say('developer', 'b')]
    expect(encode({ messages })['messages']).toEqual([
      { role: 'system', content: [{ text: 'a\n\nb' }] },
      { role: 'user', content: [{ text: '' }] },
    ])
  })
})

describe('what is refused', () => {
  const foreign: Message = {
    role: 'assistant',
    parts: [{ type: 'native', dialect: 'gemini', part: { files: [] } }],
  }
  const cases: [name: string, request: Partial<ChatRequest>, code: string, path: string][] = [
    [
      'an image as data',
      { messages: [{ role: 'user', parts: [{ type: 'image', url: 'data:image/png;base64,' }] }] },
      'UNSUPPORTED_FEATURE',
      'messages[0].content[0]',
    ],
    [
      'content of another vendor',
      { messages: [hello, foreign] },
      'UNSUPPORTED_FEATURE',
      'messages[1].content[0]',
    ],
    [
      'a tool that it has nothing like',
      { tools: [f, native('file_search')] },
      'UNSUPPORTED_FEATURE',
      'tools[1]',
    ],
    ['a custom tool', { tools: [{ kind: 'custom', name: 'c' }] }, 'UNSUPPORTED_FEATURE', 'tools'],
    [
      'any of several',
      { tools: [f, native('web_search')], toolChoice: { mode: 'required' } },
      'UNSUPPORTED_FEATURE',
      'tool_choice',
    ],
    [
      'JSON without a schema',
      { responseFormat: { type: 'json_object' } },
      'UNSUPPORTED_FEATURE',
      'response_format',
    ],
    [
      'a result of no call',
      { messages: [hello, say('tool', '1', { toolCallId: '1' })] },
      'INVALID_REQUEST',
      'messages[1]',
    ],
  ]
  test.each(cases)('%s', (_name, request, code, path) => {
    expect(failureOf(request)).toMatchObject({ code, path })
  })
})
