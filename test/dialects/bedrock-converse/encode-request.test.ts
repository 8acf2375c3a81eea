import { describe, expect, it } from 'vitest'
import { bedrockChatApi } from '../../../src/dialects/bedrock-converse/chat-api.ts'
import { encodeConverseRequest } from '../../../src/dialects/bedrock-converse/encode-request.ts'
import { modelTraits } from '../../../src/dialects/bedrock-converse/model-traits.ts'
import { bedrockSupportOf } from '../../../src/dialects/bedrock-converse/support.ts'
import type { Support } from '../../../src/protocol/features.ts'
import type { ChatRequest, ContentPart, Message } from '../../../src/protocol/request.ts'

const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const sonnet4 = 'eu.anthropic.claude-sonnet-4-20250514-v1:0'
const adaptive = 'global.anthropic.claude-opus-5'
const nova = 'us.amazon.nova-2-lite-v1:0'
const oss = 'openai.gpt-oss-120b-1:0'
const mistral = 'mistral.mistral-large-3-675b-instruct'

const text = (value: string): ContentPart => ({ type: 'text', text: value })
const user: Message = { role: 'user', parts: [text('hi')] }
const weather = { kind: 'function' as const, name: 'weather', parameters: { type: 'object' } }

function encode(rest: Partial<ChatRequest>, model = claude): Record<string, unknown> {
  return encodeConverseRequest({ model: 'm', messages: [user], stream: false, ...rest }, model)
}

function turns(messages: Message[], rest: Partial<ChatRequest> = {}, model = claude): unknown {
  return encode({ messages, ...rest }, model)['messages']
}

/** Whether a client is told of what becomes of the request. */
function isTold(word: Support, request: ChatRequest): boolean {
  return typeof word === 'object' && (word.when?.(request) ?? true)
}

const call = (id: string, name = 'weather', written = '{"city":"Oslo"}') => ({
  id,
  kind: 'function' as const,
  name,
  arguments: written,
})

describe('the path', () => {
  it.each([
    ['anthropic.claude-v1:0', 'anthropic.claude-v1%3A0'],
    ['arn:aws:bedrock:eu-1:1:x/y', 'arn%3Aaws%3Abedrock%3Aeu-1%3A1%3Ax%2Fy'],
    ['../../else', '..%2F..%2Felse'],
  ])('%s is one step of it', (model, step) => {
    const chat = bedrockChatApi()
    const request = { model: 'm', messages: [user], stream: false }
    expect(chat.path(model, request)).toBe(`/model/${step}/converse`)
    expect(chat.path(model, { ...request, stream: true })).toBe(`/model/${step}/converse-stream`)
  })
})

describe('what depends on the vendor', () => {
  it.each([
    ['anthropic.claude-3-5-haiku-20241022-v1:0', 'claude', 'none'],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', 'claude', 'budget'],
    ['eu.anthropic.claude-sonnet-4-20250514-v1:0', 'claude', 'budget'],
    [claude, 'claude', 'budget'],
    ['us.anthropic.claude-opus-4-1-20250805-v1:0', 'claude', 'budget'],
    ['us.anthropic.claude-sonnet-4-6', 'claude', 'adaptive'],
    ['anthropic.claude-opus-4-6-v1', 'claude', 'adaptive'],
    [adaptive, 'claude', 'adaptive'],
    ['anthropic.claude-fable-5', 'claude', 'adaptive'],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6',
      'claude',
      'adaptive',
    ],
    ['amazon.nova-pro-v1:0', 'nova', 'none'],
    [nova, 'nova', 'levels'],
    [oss, 'gpt-oss', 'effort'],
    [mistral, 'mistral', 'none'],
    ['deepseek.v3.2', 'other', 'none'],
  ])('%s', (model, family, reasoning) => {
    expect(modelTraits(model)).toMatchObject({ family, reasoning })
  })

  it.each([
    [claude, { reasoningEffort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 2_048 } }],
    [
      claude,
      { reasoningEffort: 'high', maxTokens: 4_000 },
      { thinking: { type: 'enabled', budget_tokens: 3_999 } },
    ],
    [claude, { reasoningEffort: 'high', maxTokens: 1_000 }, undefined],
    [
      claude,
      { reasoningBudgetTokens: 500 },
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [claude, { reasoningBudgetTokens: 0 }, undefined],
    [claude, { reasoningEffort: 'none' }, undefined],
    [
      adaptive,
      { reasoningEffort: 'minimal' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    ],
    [
      adaptive,
      { reasoningEffort: 'max' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
    ],
    [
      nova,
      { reasoningEffort: 'xhigh' },
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
    ],
    [nova, { reasoningEffort: 'none' }, undefined],
    [oss, { reasoningEffort: 'medium' }, { reasoning_effort: 'medium' }],
    [mistral, { reasoningEffort: 'medium' }, undefined],
    [claude, { topK: 5 }, { top_k: 5 }],
    [nova, { topK: 5 }, { inferenceConfig: { topK: 5 } }],
    [mistral, { topK: 5 }, undefined],
  ])('%s is told %j in its own fields', (model, asked, fields) => {
    expect(encode(asked, model)['additionalModelRequestFields']).toEqual(fields)
  })

  it('nothing is set of sampling beside Claude’s thinking', () => {
    const sampling = { temperature: 0.5, topP: 0.5, topK: 5 }
    const body = encode({ ...sampling, reasoningEffort: 'low' })
    expect(body).not.toHaveProperty('inferenceConfig')
    expect(JSON.stringify(body)).not.toContain('top_k')
    expect(encode(sampling, sonnet4)['inferenceConfig']).toEqual({ temperature: 0.5, topP: 0.5 })
    const { temperature, top_p: topP } = bedrockSupportOf(sonnet4)
    for (const word of [temperature, topP]) {
      const request = { model: 'm', messages: [user], stream: false, ...sampling }
      expect(isTold(word, { ...request, reasoningEffort: 'low' })).toBe(true)
      expect(isTold(word, request)).toBe(false)
    }
  })

  it('newer generations of Claude take a temperature without top_p, and the newest neither', () => {
    const sampling = { temperature: 0.5, topP: 0.5, topK: 5 }
    const request = { model: 'm', messages: [user], stream: false, ...sampling }
    expect(encode(sampling)['inferenceConfig']).toEqual({ temperature: 0.5 })
    expect(encode({ topP: 0.5 })['inferenceConfig']).toEqual({ topP: 0.5 })
    expect(isTold(bedrockSupportOf(claude).top_p, request)).toBe(true)
    expect(isTold(bedrockSupportOf(claude).temperature, request)).toBe(false)
    const newest = encode(sampling, adaptive)
    expect(newest).toEqual({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] })
    const { temperature, top_p: topP, top_k: topK } = bedrockSupportOf(adaptive)
    expect([temperature, topP, topK]).toEqual(['ignored', 'ignored', 'ignored'])
    const all = { temperature: 0.5, topP: 0.5 }
    expect(encode(sampling, nova)['inferenceConfig']).toEqual(all)
  })

  it.each([claude, adaptive])('%s is not told to think where it would refuse to', (model) => {
    const tools = [weather]
    const forced = { tools, reasoningEffort: 'low', toolChoice: { mode: 'required' as const } }
    const fields = (rest: Partial<ChatRequest>) =>
      encode(rest, model)['additionalModelRequestFields']
    expect(fields(forced)).toBeUndefined()
    const asked: Message = { role: 'assistant', parts: [], toolCalls: [call('c1')] }
    const result: Message = { role: 'tool', parts: [text('sunny')], toolCallId: 'c1' }
    const foreign = { tools, reasoningEffort: 'low', messages: [user, asked, result] }
    expect(fields(foreign)).toBeUndefined()
    const signature = { dialect: 'bedrock-converse', value: 's' }
    const thought: ContentPart = { type: 'reasoning', text: 'hm', signature }
    const own = { ...foreign, messages: [user, { ...asked, parts: [thought] }, result] }
    expect(fields(own)).toHaveProperty('thinking')
    const word = bedrockSupportOf(model).reasoning_effort
    const request = { model: 'm', stream: false, messages: [user] }
    expect(isTold(word, { ...request, ...forced })).toBe(true)
    expect(isTold(word, { ...request, ...foreign })).toBe(true)
  })

  it('Claude’s schemas name all members, and its older generations know none', () => {
    const schema = { type: 'object', properties: { a: { type: 'object' } } }
    const responseFormat = { type: 'json_schema' as const, name: 'n', schema }
    const closed = (model: string) =>
      JSON.stringify(encode({ responseFormat }, model)).match(/additionalProperties/g)
    expect([closed(claude)?.length, closed(nova)]).toEqual([2, null])
    const request = { model: 'm', messages: [user], stream: false, responseFormat }
    expect(isTold(bedrockSupportOf(claude).json_schema, request)).toBe(true)
    expect(bedrockSupportOf('anthropic.claude-3-haiku-20240307-v1:0').json_schema).toBe('refused')
    expect(bedrockSupportOf('anthropic.claude-v2:1').json_schema).toBe('refused')
    expect(bedrockSupportOf(nova).json_schema).toBe('native')
  })

  it.each([
    [undefined, { type: 'auto' }],
    [{ mode: 'required' as const }, { type: 'any' }],
    [
      { mode: 'tool' as const, kind: 'function' as const, name: 'weather' },
      { type: 'tool', name: 'weather' },
    ],
  ])('Claude alone can be held to one call at a time: %j', (toolChoice, choice) => {
    const asked = { tools: [weather], toolChoice, parallelToolCalls: false }
    expect(encode(asked)['additionalModelRequestFields']).toEqual({
      tool_choice: { ...choice, disable_parallel_tool_use: true },
    })
    expect(encode(asked, nova)).not.toHaveProperty('additionalModelRequestFields')
  })
})

describe('settings', () => {
  it('have their names, and only those that were given', () => {
    expect(encode({})).toEqual({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] })
    const asked = { maxTokens: 5, temperature: 1.5, topP: 0.9, stop: ['END'] }
    expect(encode(asked, sonnet4)).toMatchObject({
      inferenceConfig: { maxTokens: 5, temperature: 1, topP: 0.9, stopSequences: ['END'] },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
    })
    expect(encode({ stop: ['END'] }, nova)).not.toHaveProperty('additionalModelResponseFieldPaths')
  })

  it('a schema is a string', () => {
    const schema = { type: 'object' }
    const format = { type: 'json_schema' as const, name: 'n', description: 'd', schema }
    expect(encode({ responseFormat: format }, nova)['outputConfig']).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { schema: '{"type":"object"}', name: 'n', description: 'd' } },
      },
    })
    expect(encode({ responseFormat: { type: 'text' } })).not.toHaveProperty('outputConfig')
  })

  it('the operator’s guardrail goes with every request', () => {
    const request = { model: 'm', messages: [user], stream: false }
    const body = encodeConverseRequest(request, claude, {
      guardrail: { id: 'g', version: 'DRAFT' },
    })
    expect(body['guardrailConfig']).toEqual({
      guardrailIdentifier: 'g',
      guardrailVersion: 'DRAFT',
      trace: 'enabled',
    })
  })

  it('members of this dialect go as they came, those of others do not', () => {
    const members = { serviceTier: { type: 'flex' } }
    expect(encode({ passthrough: { dialect: 'bedrock-converse', members } })).toMatchObject(members)
    expect(encode({ passthrough: { dialect: 'openai-chat', members } })).not.toHaveProperty(
      'serviceTier',
    )
  })
})

describe('tools', () => {
  it('have a schema, a description that is not blank, and marks of the cache after them', () => {
    const tools = [
      { ...weather, description: ' ', strict: true, cache: { ttl: '1h' } },
      { kind: 'function' as const, name: 'bare', description: 'does nothing' },
    ]
    expect(encode({ tools })['toolConfig']).toEqual({
      tools: [
        { toolSpec: { name: 'weather', inputSchema: { json: { type: 'object' } }, strict: true } },
        { cachePoint: { type: 'default', ttl: '1h' } },
        {
          toolSpec: {
            name: 'bare',
            description: 'does nothing',
            inputSchema: { json: { type: 'object', properties: {} } },
          },
        },
      ],
    })
  })

  it.each([
    [{ mode: 'auto' as const }, { auto: {} }],
    [{ mode: 'required' as const }, { any: {} }],
    [{ mode: 'tool' as const, kind: 'function' as const, name: 'f' }, { tool: { name: 'f' } }],
  ])('%j', (toolChoice, choice) => {
    expect(encode({ tools: [weather], toolChoice })['toolConfig']).toMatchObject({
      toolChoice: choice,
    })
  })

  it('that may not be called are not sent', () => {
    expect(encode({ tools: [weather], toolChoice: { mode: 'none' } })).not.toHaveProperty(
      'toolConfig',
    )
  })
})

describe('a conversation', () => {
  it('has instructions apart, and turns that alternate', () => {
    const body = encode({
      messages: [
        { role: 'system', parts: [{ ...text('be brief'), cache: {} }] },
        user,
        { role: 'user', parts: [text('there')] },
        { role: 'developer', parts: [text('and kind')] },
        { role: 'assistant', parts: [text('hello'), text('  ')] },
        user,
      ],
    })
    expect(body).toEqual({
      system: [{ text: 'be brief' }, { cachePoint: { type: 'default' } }, { text: 'and kind' }],
      messages: [
        { role: 'user', content: [{ text: 'hi' }, { text: 'there' }] },
        { role: 'assistant', content: [{ text: 'hello' }] },
        { role: 'user', content: [{ text: 'hi' }] },
      ],
    })
  })

  it('has calls in their place, and results together in the order of the calls', () => {
    const messages: Message[] = [
      user,
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', index: 1 }, text('and')],
        toolCalls: [call('a'), call('b', 'other', '')],
      },
      { role: 'tool', toolCallId: 'b', parts: [text('two')], isError: true },
      { role: 'tool', toolCallId: 'a', parts: [] },
      user,
    ]
    expect(turns(messages, { tools: [weather] })).toEqual([
      { role: 'user', content: [{ text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { toolUse: { toolUseId: 'b', name: 'other', input: {} } },
          { text: 'and' },
          { toolUse: { toolUseId: 'a', name: 'weather', input: { city: 'Oslo' } } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'a', content: [] } },
          { toolResult: { toolUseId: 'b', content: [{ text: 'two' }], status: 'error' } },
          { text: 'hi' },
        ],
      },
    ])
  })

  it('without tools tells calls and results as text', () => {
    const messages: Message[] = [
      user,
      { role: 'assistant', parts: [], toolCalls: [call('a')] },
      { role: 'tool', toolCallId: 'a', parts: [text('sunny')] },
    ]
    expect(turns(messages)).toEqual([
      { role: 'user', content: [{ text: 'hi' }] },
      { role: 'assistant', content: [{ text: 'Called weather with {"city":"Oslo"}' }] },
      { role: 'user', content: [{ text: 'Result of weather:' }, { text: 'sunny' }] },
    ])
  })

  it.each([
    [claude, 'call/with spaces', /^tooluse_[0-9a-f]{32}$/],
    [claude, 'x'.repeat(65), /^tooluse_[0-9a-f]{32}$/],
    [claude, 'tooluse_Ab-1.2:3', /^tooluse_Ab-1\.2:3$/],
    [mistral, 'tooluse_Ab', /^[0-9a-f]{9}$/],
    [mistral, 'Abc123xyz', /^Abc123xyz$/],
  ])('%s takes the id %s in its own form', (model, id, form) => {
    const messages: Message[] = [
      user,
      { role: 'assistant', parts: [], toolCalls: [call(id)] },
      { role: 'tool', toolCallId: id, parts: [text('1')] },
    ]
    const sent = JSON.stringify(turns(messages, { tools: [weather] }, model))
    const ids = [...sent.matchAll(/"toolUseId":"([^"]+)"/g)].map(([, each = '']) => each)
    expect(ids.length).toBe(2)
    expect(ids[0]).toBe(ids[1])
    expect(ids[0]).toMatch(form)
  })

  it('only thoughts that were signed on this wire go back', () => {
    const own = { dialect: 'bedrock-converse', value: 'c2ln' }
    const foreign = { dialect: 'gemini', value: 'c2ln' }
    const parts: ContentPart[] = [
      { type: 'reasoning', text: 'unsigned' },
      { type: 'reasoning', text: 'foreign', signature: foreign },
      { type: 'reasoning', text: '', sealed: foreign },
      { type: 'reasoning', text: 'own', signature: own },
      { type: 'reasoning', text: '', sealed: own },
      { type: 'native', dialect: 'bedrock-converse', part: { toolResult: { content: [] } } },
      { type: 'refusal', text: 'No.' },
    ]
    expect(turns([user, { role: 'assistant', parts }])).toMatchObject([
      {},
      {
        content: [
          { reasoningContent: { reasoningText: { text: 'own', signature: 'c2ln' } } },
          { reasoningContent: { redactedContent: 'c2ln' } },
          { toolResult: { content: [] } },
          { text: 'No.' },
        ],
      },
    ])
  })

  it.each([
    [
      { type: 'image', url: 'data:image/jpg;base64,AA==' },
      { image: { format: 'jpeg', source: { bytes: 'AA==' } } },
    ],
    [
      { type: 'image', url: 'data:;base64,AA==', mediaType: 'image/webp' },
      { image: { format: 'webp', source: { bytes: 'AA==' } } },
    ],
    [
      { type: 'file', url: 'data:text/plain,hi%21' },
      { document: { format: 'txt', name: 'document', source: { bytes: 'aGkh' } } },
    ],
    [
      { type: 'file', name: 'my  file(1).md', url: 'data:text/markdown;base64,AA==' },
      { document: { format: 'md', name: 'my file(1)', source: { bytes: 'AA==' } } },
    ],
    [
      { type: 'file', url: 'data:image/gif;base64,AA==' },
      { image: { format: 'gif', source: { bytes: 'AA==' } } },
    ],
    [
      { type: 'audio', data: 'AA==', format: 'mp3' },
      { audio: { format: 'mp3', source: { bytes: 'AA==' } } },
    ],
  ] satisfies [ContentPart, object][])('%j is bytes', (part, block) => {
    expect(turns([{ role: 'user', parts: [part] }])).toEqual([{ role: 'user', content: [block] }])
  })
})

describe('what cannot be told is refused by its place', () => {
  const toolTurn = (written: string): Message[] => [
    user,
    { role: 'assistant', parts: [], toolCalls: [call('a', 'weather', written)] },
  ]
  it.each([
    [
      'an address',
      [{ role: 'user', parts: [{ type: 'image', url: 'https://e.com/a.png' }] }],
      'messages[0].content[0]',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'another kind of image',
      [{ role: 'user', parts: [{ type: 'image', url: 'data:image/bmp;base64,AA==' }] }],
      'messages[0].content[0]',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'another kind of file',
      [{ role: 'user', parts: [{ type: 'file', url: 'data:application/zip;base64,AA==' }] }],
      'messages[0].content[0]',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'a broken address',
      [{ role: 'user', parts: [{ type: 'file', url: 'data:nothing' }] }],
      'messages[0].content[0]',
      'INVALID_REQUEST',
    ],
    [
      'an id',
      [{ role: 'user', parts: [{ type: 'file', fileId: 'f' }] }],
      'messages[0].content[0]',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'content of another vendor',
      [{ role: 'user', parts: [{ type: 'native', dialect: 'x', part: {} }] }],
      'messages[0].content[0]',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'arguments that are no JSON',
      toolTurn('{"city"'),
      'messages[1].tool_calls[0].function.arguments',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'arguments that are no object',
      toolTurn('[1]'),
      'messages[1].tool_calls[0].function.arguments',
      'UNSUPPORTED_FEATURE',
    ],
    [
      'a result without its call',
      [user, { role: 'tool', toolCallId: 'z', parts: [] }],
      'messages[1].tool_call_id',
      'INVALID_REQUEST',
    ],
    [
      'nothing but instructions',
      [{ role: 'system', parts: [text('x')] }],
      'messages',
      'UNSUPPORTED_FEATURE',
    ],
  ] satisfies [string, Message[], string, string][])('%s', (_what, messages, path, code) => {
    expect(() => encode({ messages, tools: [weather] })).toThrow(
      expect.objectContaining({ path, code }),
    )
  })
})
