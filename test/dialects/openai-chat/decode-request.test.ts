import { describe, expect, it } from 'vitest'
import {
  type DecodedChatRequest,
  decodeChatRequest,
} from '../../../src/dialects/openai-chat/decode-request.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { ChatRequest, Message } from '../../../src/protocol/request.ts'

const user = { role: 'user', content: 'Hello' }

function decode(members: Record<string, unknown>): DecodedChatRequest {
  return decodeChatRequest({ model: 'openai/gpt-4o-mini', messages: [user], ...members })
}

function requestOf(members: Record<string, unknown>): ChatRequest {
  return decode(members).request
}

/** Makes the call that a tool message answers. */
const caller = {
  role: 'assistant',
  tool_calls: [{ id: 'call_1', function: { name: 'f', arguments: '{}' } }],
}

function messageOf(message: unknown): Message | undefined {
  return requestOf({ messages: [caller, message] }).messages[1]
}

function failure(body: unknown): GatewayError {
  try {
    decodeChatRequest(body)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('the request was accepted')
}

describe('a completion request', () => {
  it('needs no more than a model and a message', () => {
    const { request, includeUsage, xrouter } = decode({})
    expect(request).toEqual({
      model: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
      stream: false,
      passthrough: { dialect: 'openai-chat', members: {} },
    })
    expect(includeUsage).toBe(false)
    expect(xrouter).toBeUndefined()
  })

  const tuning: [name: string, members: Record<string, unknown>, expected: Partial<ChatRequest>][] =
    [
      ['temperature', { temperature: 0 }, { temperature: 0 }],
      ['top_p', { top_p: 0.5 }, { topP: 0.5 }],
      ['max_tokens', { max_tokens: 12 }, { maxTokens: 12 }],
      ['max_completion_tokens', { max_completion_tokens: 12 }, { maxTokens: 12 }],
      ['both limits, equal', { max_tokens: 9, max_completion_tokens: 9 }, { maxTokens: 9 }],
      ['frequency_penalty', { frequency_penalty: -2 }, { frequencyPenalty: -2 }],
      ['presence_penalty', { presence_penalty: 2 }, { presencePenalty: 2 }],
      ['one stop word', { stop: 'END' }, { stop: ['END'] }],
      ['stop words', { stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
      ['seed', { seed: -42 }, { seed: -42 }],
      ['n', { n: 128 }, { choices: 128 }],
      ['parallel_tool_calls', { parallel_tool_calls: false }, { parallelToolCalls: false }],
      ['reasoning_effort', { reasoning_effort: 'xhigh' }, { reasoningEffort: 'xhigh' }],
      ['logprobs', { logprobs: true, top_logprobs: 20 }, { logprobs: true, topLogprobs: 20 }],
      ['stream', { stream: true }, { stream: true }],
    ]
  it.each(tuning)('reads %s', (_name, members, expected) => {
    expect(requestOf(members)).toMatchObject(expected)
  })

  it('takes null for absent', () => {
    const nulls = [
      'stream',
      'stream_options',
      'temperature',
      'top_p',
      'max_tokens',
      'max_completion_tokens',
      'frequency_penalty',
      'presence_penalty',
      'stop',
      'seed',
      'n',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'response_format',
      'reasoning_effort',
      'logprobs',
      'top_logprobs',
    ]
    const members = Object.fromEntries(nulls.map((name) => [name, null]))
    expect(requestOf(members)).toEqual(requestOf({}))
  })

  it('remembers how the client spelt the limit of tokens', () => {
    expect(requestOf({ max_tokens: 5 }).passthrough?.spellings).toEqual({ maxTokens: 'max_tokens' })
    expect(requestOf({ max_completion_tokens: 5 }).passthrough?.spellings).toEqual({
      maxTokens: 'max_completion_tokens',
    })
    expect(requestOf({}).passthrough?.spellings).toBeUndefined()
  })

  it('reads include_usage and forgets the other options of the stream', () => {
    const options = { include_usage: true, include_obfuscation: false }
    const { includeUsage, request } = decode({ stream: true, stream_options: options })
    expect(includeUsage).toBe(true)
    expect(request.passthrough?.members).toEqual({})
  })

  it('hands out the xrouter member as it came and never passes it on', () => {
    const hints = { fallbacks: ['demo/echo'], unknown: 1 }
    const { request, xrouter } = decode({ xrouter: hints })
    expect(xrouter).toEqual(hints)
    expect(request.passthrough?.members).toEqual({})
  })

  it('keeps members that it does not know for upstreams of the same dialect', () => {
    const unknown = {
      logit_bias: { '50256': -100 },
      metadata: { a: 'b' },
      functions: [{ name: 'f', parameters: {} }],
      function_call: { name: 'f' },
      reasoning: { effort: 'low', exclude: true },
      verbosity: 'low',
    }
    expect(requestOf(unknown).passthrough).toEqual({ dialect: 'openai-chat', members: unknown })
  })

  it('reads the object `reasoning` of servers that copied OpenAI', () => {
    const request = requestOf({ reasoning: { effort: 'low', max_tokens: 9, summary: 'auto' } })
    expect(request).toMatchObject({
      reasoningEffort: 'low',
      reasoningBudgetTokens: 9,
      reasoningSummary: 'auto',
      passthrough: { members: {}, spellings: { reasoning: 'reasoning.effort' } },
    })
  })
})

describe('messages', () => {
  const cases: [name: string, wire: unknown, expected: Message][] = [
    [
      'system',
      { role: 'system', content: 'Be brief.', name: 'ops' },
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }], name: 'ops' },
    ],
    [
      'developer',
      { role: 'developer', content: '' },
      { role: 'developer', parts: [{ type: 'text', text: '' }] },
    ],
    [
      'user with null members',
      { role: 'user', content: 'Hi', name: null, tool_calls: null, tool_call_id: null },
      { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
    ],
    [
      'tool',
      { role: 'tool', tool_call_id: 'call_1', content: '42' },
      { role: 'tool', toolCallId: 'call_1', parts: [{ type: 'text', text: '42' }] },
    ],
    [
      'the deprecated function role',
      { role: 'function', name: 'f', content: null },
      { role: 'tool', name: 'f', parts: [] },
    ],
    ['assistant without content', { role: 'assistant' }, { role: 'assistant', parts: [] }],
    [
      'assistant with calls',
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } },
          { id: 'call_2', function: { name: 'now', arguments: '' } },
          { id: 'call_3', type: 'custom', custom: { name: 'shell', input: 'ls -l' } },
        ],
      },
      {
        role: 'assistant',
        parts: [],
        toolCalls: [
          { id: 'call_1', kind: 'function', name: 'add', arguments: '{"a": 1}' },
          { id: 'call_2', kind: 'function', name: 'now', arguments: '' },
          { id: 'call_3', kind: 'custom', name: 'shell', arguments: 'ls -l' },
        ],
      },
    ],
    [
      'assistant with the deprecated call',
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      {
        role: 'assistant',
        parts: [],
        toolCalls: [{ id: '', kind: 'function_call', name: 'f', arguments: '{}' }],
      },
    ],
    [
      'assistant with a refusal',
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'assistant', parts: [{ type: 'refusal', text: 'No.' }] },
    ],
    [
      'assistant with reasoning_content',
      { role: 'assistant', content: 'A', reasoning_content: 'because' },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'because' },
          { type: 'text', text: 'A' },
        ],
      },
    ],
    [
      'assistant with reasoning, spelt so',
      { role: 'assistant', content: 'A', reasoning: 'because', reasoning_details: [{ x: 1 }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'because' },
          { type: 'text', text: 'A' },
        ],
        extra: { reasoning: 'because', reasoning_details: [{ x: 1 }] },
      },
    ],
    [
      'assistant with audio and other members',
      { role: 'assistant', content: null, audio: { id: 'audio_1' }, annotations: [] },
      { role: 'assistant', parts: [], extra: { audio: { id: 'audio_1' }, annotations: [] } },
    ],
  ]
  it.each(cases)('%s', (_name, wire, expected) => {
    expect(messageOf(wire)).toEqual(expected)
  })

  const parts: [name: string, wire: unknown, expected: Message['parts'][number]][] = [
    ['text', { type: 'text', text: 'a' }, { type: 'text', text: 'a' }],
    [
      'text with a cache mark',
      { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'text', text: 'a', extra: { prompt_cache_breakpoint: { mode: 'explicit' } } },
    ],
    [
      'image',
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      { type: 'image', url: 'https://example.com/a.png', detail: 'low' },
    ],
    [
      'image in the request, with a null and unknown members',
      {
        type: 'image_url',
        image_url: { url: 'DATA:image/png;base64,AA', detail: null, x: 1 },
        y: 2,
      },
      { type: 'image', url: 'DATA:image/png;base64,AA', extra: { y: 2, image_url: { x: 1 } } },
    ],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'audio', data: 'AAAA', format: 'wav' },
    ],
    [
      'file by id',
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'file', fileId: 'file-1' },
    ],
    [
      'file in the request',
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
      { type: 'file', url: 'data:application/pdf;base64,AA', name: 'a.pdf' },
    ],
    ['refusal', { type: 'refusal', refusal: 'No.' }, { type: 'refusal', text: 'No.' }],
  ]
  it.each(parts)('content part: %s', (_name, wire, expected) => {
    expect(messageOf({ role: 'user', content: [wire] })?.parts).toEqual([expected])
  })
})

describe('tools', () => {
  it('reads functions, custom tools and the tools of one provider', () => {
    const search = { type: 'web_search', web_search: { size: 'low' } }
    const { tools } = requestOf({
      tools: [
        {
          type: 'function',
          function: {
            name: 'add',
            description: 'Adds',
            parameters: { type: 'object' },
            strict: true,
          },
        },
        {
          type: 'function',
          function: { name: 'now', description: null, strict: null, x: 1 },
          y: 2,
        },
        { type: 'custom', custom: { name: 'sh', description: 'Shell', format: { type: 'text' } } },
        search,
      ],
    })
    expect(tools).toEqual([
      {
        kind: 'function',
        name: 'add',
        description: 'Adds',
        parameters: { type: 'object' },
        strict: true,
      },
      { kind: 'function', name: 'now', extra: { y: 2, function: { x: 1 } } },
      { kind: 'custom', name: 'sh', description: 'Shell', format: { type: 'text' } },
      { kind: 'native', type: 'web_search', definition: search },
    ])
  })

  const allowed = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }
  const marked = { type: 'function', function: { name: 'add' }, x: 1 }
  const choices: [wire: unknown, expected: ChatRequest['toolChoice']][] = [
    ['none', { mode: 'none' }],
    ['auto', { mode: 'auto' }],
    ['required', { mode: 'required' }],
    [
      { type: 'function', function: { name: 'add' } },
      { mode: 'tool', kind: 'function', name: 'add' },
    ],
    [
      { type: 'custom', custom: { name: 'sh' } },
      { mode: 'tool', kind: 'custom', name: 'sh' },
    ],
    [allowed, { mode: 'native', definition: allowed }],
    [marked, { mode: 'native', definition: marked }],
  ]
  it.each(choices)('reads the tool choice %j', (wire, expected) => {
    expect(requestOf({ tool_choice: wire }).toolChoice).toEqual(expected)
  })

  const grammar = { type: 'grammar', grammar: 'root ::= "a"' }
  const wider = { type: 'json_schema', json_schema: { name: 'a', x: 1 } }
  const formats: [wire: unknown, expected: ChatRequest['responseFormat']][] = [
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json_object' }],
    [
      { type: 'json_schema', json_schema: { name: 'a' } },
      { type: 'json_schema', name: 'a' },
    ],
    [
      {
        type: 'json_schema',
        json_schema: { name: 'a', description: 'b', schema: { type: 'object' }, strict: true },
      },
      {
        type: 'json_schema',
        name: 'a',
        description: 'b',
        schema: { type: 'object' },
        strict: true,
      },
    ],
    [grammar, { type: 'native', definition: grammar }],
    [wider, { type: 'native', definition: wider }],
    [
      { type: 'json_object', x: 1 },
      { type: 'native', definition: { type: 'json_object', x: 1 } },
    ],
  ]
  it.each(formats)('reads the response format %j', (wire, expected) => {
    expect(requestOf({ response_format: wire }).responseFormat).toEqual(expected)
  })
})

describe('a request that is wrong', () => {
  const inBody: [members: Record<string, unknown>, path: string, says: RegExp][] = [
    [{ model: undefined }, 'model', /string/],
    [{ model: '' }, 'model', /1 char/],
    [{ messages: undefined }, 'messages', /array/],
    [{ messages: [] }, 'messages', />=1/],
    [{ messages: 'hi' }, 'messages', /array/],
    [{ stream: 'yes' }, 'stream', /boolean/],
    [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage', /boolean/],
    [{ temperature: 2.1 }, 'temperature', /<=2/],
    [{ temperature: -1 }, 'temperature', />=0/],
    [{ temperature: '1' }, 'temperature', /number/],
    [{ top_p: 1.1 }, 'top_p', /<=1/],
    [{ max_tokens: 0 }, 'max_tokens', />=1/],
    [{ max_tokens: 1.5 }, 'max_tokens', /int/],
    [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens', /send one/],
    [{ frequency_penalty: 3 }, 'frequency_penalty', /<=2/],
    [{ presence_penalty: -3 }, 'presence_penalty', />=-2/],
    [{ stop: [1] }, 'stop', /array of strings/],
    [{ seed: 0.5 }, 'seed', /int/],
    [{ n: 0 }, 'n', />=1/],
    [{ n: 129 }, 'n', /<=128/],
    [{ logprobs: 5 }, 'logprobs', /boolean/],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs', /<=20/],
    [{ top_logprobs: 2 }, 'top_logprobs', /needs logprobs/],
    [{ tools: {} }, 'tools', /array/],
    [{ tools: [1] }, 'tools[0]', /object/],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function', /object/],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name', /string/],
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'tools[0].function.parameters',
      /./,
    ],
    [{ tools: [{ type: 'custom', custom: { name: 1 } }] }, 'tools[0].custom.name', /string/],
    [{ tool_choice: 'any' }, 'tool_choice', /"any".*auto/],
    [{ tool_choice: 1 }, 'tool_choice', /object/],
    [{ tool_choice: { type: 'function', name: 'f' } }, 'tool_choice.function', /object/],
    [{ response_format: 'json' }, 'response_format', /object/],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema', /object/],
    [
      { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      'response_format.json_schema.name',
      /string/,
    ],
    [{ reasoning_effort: 1 }, 'reasoning_effort', /string/],
  ]
  it.each(inBody)('%j is refused at %s', (members, path, says) => {
    const error = failure({ model: 'm', messages: [user], ...members })
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', status: 400, failover: false, path })
    expect(error.message).toContain(`'${path}'`)
    expect(error.message).toMatch(says)
  })

  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const inMessage: [message: unknown, path: string, says: RegExp][] = [
    ['hello', '', /object/],
    [{ content: 'x' }, '.role', /string/],
    [{ role: 'robot', content: 'x' }, '.role', /"robot" is not a role; use one of system/],
    [{ role: 'constructor', content: 'x' }, '.role', /is not a role/],
    [{ role: 'user' }, '.content', /string or an array/],
    [{ role: 'user', content: null }, '.content', /string or an array/],
    [{ role: 'user', content: {} }, '.content', /string or an array/],
    [{ role: 'user', content: [] }, '.content', /at least one/],
    [{ role: 'user', content: 'x', name: 1 }, '.name', /string/],
    [{ role: 'tool', content: 'x' }, '.tool_call_id', /must name the call/],
    [{ role: 'user', content: 'x', tool_call_id: 'c' }, '.tool_call_id', /only a tool message/],
    [{ role: 'function', content: 'x' }, '.name', /must name its function/],
    [{ role: 'user', content: 'x', tool_calls: [call] }, '.tool_calls', /only an assistant/],
    [{ role: 'user', content: 'x', refusal: 'No' }, '.refusal', /only an assistant/],
    [{ role: 'assistant', tool_calls: {} }, '.tool_calls', /array/],
    [{ role: 'assistant', tool_calls: [{ ...call, id: 1 }] }, '.tool_calls[0].id', /string/],
    [
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: {} } }] },
      '.tool_calls[0].function.arguments',
      /string/,
    ],
    [
      { role: 'assistant', tool_calls: [call, { id: 'c', type: 'mcp' }] },
      '.tool_calls[1].type',
      /"mcp".*function or custom/,
    ],
    [
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f' } }] },
      '.tool_calls[0].custom.input',
      /string/,
    ],
    [{ role: 'assistant', function_call: { name: 'f' } }, '.function_call.arguments', /string/],
  ]
  it.each(inMessage)('the message %j is refused at %s', (message, path, says) => {
    const error = failure({ model: 'm', messages: [user, message] })
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', path: `messages[1]${path}` })
    expect(error.message).toMatch(says)
  })

  const inPart: [part: unknown, path: string, says: RegExp][] = [
    ['text', '', /object/],
    [{ text: 'x' }, '.type', /string/],
    [{ type: 'video_url' }, '.type', /"video_url" is not a kind of content; use one of text/],
    [{ type: 'constructor' }, '.type', /is not a kind of content/],
    [{ type: 'text' }, '.text', /string/],
    [{ type: 'image_url', image_url: 'https://example.com' }, '.image_url', /object/],
    [{ type: 'image_url', image_url: {} }, '.image_url.url', /string/],
    [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }, '.image_url.url', /https:/],
    [{ type: 'input_audio', input_audio: { data: 'A' } }, '.input_audio.format', /string/],
    [{ type: 'file', file: {} }, '.file', /either file_id or file_data/],
    [{ type: 'file', file: { file_id: 'a', file_data: 'data:,b' } }, '.file', /either/],
    [{ type: 'file', file: { file_data: 'AAAA' } }, '.file.file_data', /data: URL/],
    [{ type: 'refusal', text: 'No' }, '.refusal', /string/],
  ]
  it.each(inPart)('the part %j is refused at %s', (part, path, says) => {
    const content = [{ type: 'text', text: 'a' }, part]
    const error = failure({ model: 'm', messages: [{ role: 'user', content }] })
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      path: `messages[0].content[1]${path}`,
    })
    expect(error.message).toMatch(says)
  })

  it.each([[null], ['text'], [[]], [1]])('the body %j is no object', (body) => {
    expect(failure(body)).toMatchObject({ code: 'INVALID_REQUEST', path: undefined })
  })

  it('is not quoted at length', () => {
    const long = 'x'.repeat(10_000)
    const bodies = [
      { model: 'm', messages: [{ role: long, content: 'a' }] },
      { model: 'm', messages: [user], tool_choice: long },
      { model: 'm', messages: [{ role: 'user', content: [{ type: long }] }] },
      { model: 'm', messages: [user], temperature: long },
    ]
    for (const body of bodies) expect(failure(body).message.length).toBeLessThan(250)
  })
})
