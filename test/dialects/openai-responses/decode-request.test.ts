import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { decodeResponsesRequest } from '../../../src/dialects/openai-responses/decode-request.ts'
import { encodeResponsesRequest } from '../../../src/dialects/openai-responses/encode-request.ts'
import { sealContent } from '../../../src/dialects/openai-responses/sealed-content.ts'

function decode(members: object) {
  return decodeResponsesRequest({ model: 'm', input: 'hello', ...members }).request
}

function refusal(members: object): { path: string | undefined; message: string } {
  try {
    decode(members)
  } catch (error) {
    if (error instanceof GatewayError) return { path: error.path, message: error.message }
    throw error
  }
  throw new Error('it was taken')
}

const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }

describe('a request', () => {
  test('has its members in our words', () => {
    expect(
      decode({
        instructions: 'be brief',
        max_output_tokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        reasoning: { effort: 'low', summary: 'auto', context: 'auto' },
        text: { format: { type: 'json_schema', name: 's', schema: {} }, verbosity: 'low' },
        tools: [{ type: 'function', name: 'f', parameters: {} }, { type: 'web_search' }],
        tool_choice: { type: 'function', name: 'f' },
        include: ['reasoning.encrypted_content', 'message.output_text.logprobs', 'other'],
        top_logprobs: 2,
        user: 'u',
        metadata: { a: 'b' },
        truncation: 'disabled',
      }),
    ).toMatchObject({
      messages: [
        { role: 'system', parts: [{ type: 'text', text: 'be brief' }] },
        { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
      ],
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      reasoningEffort: 'low',
      reasoningSummary: 'auto',
      responseFormat: { type: 'json_schema', name: 's', schema: {} },
      tools: [
        { kind: 'function', name: 'f', parameters: {} },
        { kind: 'native', type: 'web_search' },
      ],
      toolChoice: { mode: 'tool', kind: 'function', name: 'f' },
      logprobs: true,
      topLogprobs: 2,
      endUserId: 'u',
      passthrough: {
        members: {
          metadata: { a: 'b' },
          text: { verbosity: 'low' },
          reasoning: { context: 'auto' },
          include: ['other'],
        },
        spellings: { system: 'instructions' },
      },
    })
  })

  test('makes one turn of what the assistant does in a row', () => {
    const { messages } = decode({
      input: [
        { role: 'user', content: 'q' },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
        { role: 'assistant', content: 'let me see' },
        call,
        { ...call, call_id: 'call_2' },
        { type: 'function_call_output', call_id: 'call_1', output: 'one' },
        {
          type: 'function_call_output',
          call_id: 'call_2',
          output: [{ type: 'input_text', text: 'two' }],
        },
      ],
    })
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool'])
    expect(messages[1]?.parts.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'tool-call',
      'tool-call',
    ])
    expect(messages[1]?.toolCalls?.map(({ id }) => id)).toEqual(['call_1', 'call_2'])
    expect(messages[3]).toMatchObject({
      toolCallId: 'call_2',
      parts: [{ type: 'text', text: 'two' }],
    })
  })

  test('gives signatures back to the calls and texts that they are of', () => {
    const signature = { dialect: 'another', value: 'proof' }
    const { messages } = decode({
      input: [
        {
          type: 'reasoning',
          summary: [],
          encrypted_content: sealContent({ signature, of: { call: 'call_1' } }),
        },
        call,
        { role: 'assistant', content: 'said' },
        {
          type: 'reasoning',
          summary: [],
          encrypted_content: sealContent({ signature, of: 'text' }),
        },
        {
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: 'hm' }],
          encrypted_content: sealContent({ signature }),
        },
      ],
    })
    expect(messages).toMatchObject([
      {
        toolCalls: [{ id: 'call_1', signature }],
        parts: [
          { type: 'tool-call' },
          { type: 'text', text: 'said', signature },
          { type: 'reasoning', text: 'hm', signature },
        ],
      },
    ])
  })

  test('leaves out an envelope of ours that was changed, and says so', () => {
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      encrypted_content: 'xrouter.1.nonsense',
    }
    const decoded = decodeResponsesRequest({
      model: 'm',
      input: [{ role: 'user', content: 'q' }, item],
    })
    expect(decoded.request.messages).toHaveLength(1)
    expect(decoded.warnings).toEqual([expect.stringContaining('input[1].encrypted_content')])
  })

  test('keeps a grammar in the form of chat, and gives it back flat', () => {
    const format = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' }
    const request = decode({ tools: [{ type: 'custom', name: 'c', format }] })
    expect(request.tools).toEqual([
      {
        kind: 'custom',
        name: 'c',
        format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
      },
    ])
    const { tools } = encodeResponsesRequest(request, { model: 'm', reasons: false })
    expect(tools).toEqual([{ type: 'custom', name: 'c', format }])
  })

  test('takes bare base64 for a file by the ending of its name', () => {
    const file = { type: 'input_file', file_data: 'AAAA', filename: 'a.pdf' }
    expect(decode({ input: [{ role: 'user', content: [file] }] }).messages[0]?.parts).toEqual([
      { type: 'file', url: 'data:application/pdf;base64,AAAA', name: 'a.pdf' },
    ])
  })
})

describe('what is wrong is a 400 that names its place', () => {
  test.each<[object, string]>([
    [{ model: '' }, 'model'],
    [{ input: undefined }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: 7 }, 'input'],
    [{ background: true }, 'background'],
    [{ conversation: { id: 'c' } }, 'conversation'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user', content: 7 }] }, 'input[0].content'],
    [{ input: [{ role: 'user', content: [{ type: 'smell' }] }] }, 'input[0].content[0].type'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0]'],
    [{ input: [{ role: 'user', content: [{ type: 'input_file' }] }] }, 'input[0].content[0]'],
    [{ input: [{ ...call, arguments: undefined }] }, 'input[0].arguments'],
    [{ input: [{ ...call, name: '' }] }, 'input[0].name'],
    [{ input: [{ type: 'function_call_output', call_id: 'x', output: '' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0].id'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ tool_choice: 'perhaps' }, 'tool_choice'],
    [{ text: { format: { type: 'json_schema' } } }, 'text.format.name'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ top_logprobs: 21 }, 'top_logprobs'],
  ])('%j', (members, path) => {
    expect(refusal(members).path).toBe(path)
  })
})

describe('a request of another dialect, for an upstream of this one', () => {
  const request = {
    model: 'x',
    stream: false,
    passthrough: { dialect: 'openai-chat', members: { metadata: { a: 'b' }, logit_bias: {} } },
  }

  test('is stored nowhere, means no strictness, and keeps what was sealed here alone', () => {
    const body = encodeResponsesRequest(
      {
        ...request,
        tools: [{ kind: 'function', name: 'f' }],
        responseFormat: { type: 'json_schema', name: 's', schema: {} },
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'q' }] },
          {
            role: 'assistant',
            parts: [
              {
                type: 'reasoning',
                text: 'mine',
                sealed: { dialect: 'openai-responses', value: 'v' },
              },
              { type: 'reasoning', text: 'theirs', sealed: { dialect: 'another', value: 'w' } },
              { type: 'text', text: 'a' },
            ],
            toolCalls: [{ id: 'call_1', kind: 'custom', name: 'c', arguments: 'in' }],
          },
          { role: 'tool', toolCallId: 'call_1', parts: [{ type: 'text', text: 'out' }] },
        ],
      },
      { model: 'gpt-5', reasons: true },
    )
    expect(body).toEqual({
      model: 'gpt-5',
      input: [
        { role: 'user', content: 'q' },
        {
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: 'mine' }],
          encrypted_content: 'v',
        },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
        { type: 'custom_tool_call', call_id: 'call_1', name: 'c', input: 'in' },
        { type: 'custom_tool_call_output', call_id: 'call_1', output: 'out' },
      ],
      store: false,
      include: ['reasoning.encrypted_content'],
      tools: [{ type: 'function', name: 'f', parameters: null, strict: false }],
      text: { format: { type: 'json_schema', name: 's', schema: {}, strict: false } },
      metadata: { a: 'b' },
    })
  })

  test.each([
    [
      'sound',
      { role: 'user' as const, parts: [{ type: 'audio' as const, data: 'AAAA', format: 'wav' }] },
    ],
    [
      'of another vendor',
      {
        role: 'assistant' as const,
        parts: [{ type: 'native' as const, dialect: 'another', part: {} }],
      },
    ],
    ['without an id', { role: 'tool' as const, name: 'f', parts: [] }],
  ])('refuses %s so that another deployment may take it', (words, message) => {
    const encode = () =>
      encodeResponsesRequest({ ...request, messages: [message] }, { model: 'm', reasons: false })
    expect(encode).toThrow(words)
    expect(encode).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', failover: true }))
  })
})
