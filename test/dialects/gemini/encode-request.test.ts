import { describe, expect, test } from 'vitest'
import { encodeGeminiRequest } from '../../../src/dialects/gemini/encode-request.ts'
import type { ChatRequest, ContentPart, Message, ToolCall } from '../../../src/protocol/request.ts'
import { request, user } from './wire.ts'

const flash = 'gemini-2.5-flash'
const third = 'gemini-3-flash-preview'

function encode(members: Partial<ChatRequest>, model = flash) {
  return encodeGeminiRequest(request(members), model)
}

function contents(messages: Message[], model = flash): unknown {
  return encode({ messages }, model)['contents']
}

function partsOf(...parts: ContentPart[]): unknown {
  const [content] = [contents([user(...parts)])].flat()
  return Object(content).parts
}

function call(id: string, members: Partial<ToolCall> = {}): ToolCall {
  return { id, kind: 'function', name: 'f', arguments: '{}', ...members }
}

function result(toolCallId: string, ...parts: (string | ContentPart)[]): Message {
  return { ...user(...parts), role: 'tool', toolCallId }
}

test('a plain request has nothing but its contents', () => {
  expect(encode({})).toEqual({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] })
})

describe('settings', () => {
  test('have the names of this wire', () => {
    const { generationConfig } = encode({
      temperature: 0,
      topP: 0.5,
      topK: 40,
      maxTokens: 100,
      stop: ['END'],
      seed: 7,
      choices: 2,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      logprobs: true,
      topLogprobs: 3,
    })
    expect(generationConfig).toEqual({
      temperature: 0,
      topP: 0.5,
      topK: 40,
      maxOutputTokens: 100,
      stopSequences: ['END'],
      seed: 7,
      candidateCount: 2,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      responseLogprobs: true,
      logprobs: 3,
    })
  })

  test('without alternatives ask for the chosen tokens alone', () => {
    const { generationConfig } = encode({ logprobs: true, topLogprobs: 0 })
    expect(generationConfig).toEqual({ responseLogprobs: true })
  })

  test('of the filter go along', () => {
    const safetySettings = { HARM_CATEGORY_HARASSMENT: 'OFF' }
    expect(encodeGeminiRequest(request(), flash, { safetySettings })).toMatchObject({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    })
  })
})

describe('thinking', () => {
  const pro = 'gemini-2.5-pro'
  const thirdPro = 'gemini-3.1-pro-preview'

  test.each([
    [flash, { reasoningEffort: 'none' }, { thinkingBudget: 0 }],
    [flash, { reasoningEffort: 'low' }, { thinkingBudget: 1_024, includeThoughts: true }],
    [flash, { reasoningEffort: 'xhigh' }, { thinkingBudget: 24_576, includeThoughts: true }],
    [flash, { reasoningBudgetTokens: 500 }, { thinkingBudget: 500, includeThoughts: true }],
    [
      flash,
      { reasoningEffort: 'low', reasoningBudgetTokens: 9 },
      { thinkingBudget: 9, includeThoughts: true },
    ],
    [flash, { reasoningSummary: 'auto' }, { includeThoughts: true }],
    [flash, { reasoningSummary: 'omitted' }, undefined],
    [flash, { reasoningEffort: 'high', reasoningSummary: 'omitted' }, { thinkingBudget: 24_576 }],
    [pro, { reasoningEffort: 'none' }, { thinkingBudget: 128 }],
    [third, { reasoningEffort: 'none' }, { thinkingLevel: 'MINIMAL' }],
    [third, { reasoningEffort: 'medium' }, { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    [third, { reasoningBudgetTokens: 500 }, { thinkingBudget: 500, includeThoughts: true }],
    [
      third,
      { reasoningEffort: 'low', reasoningBudgetTokens: 9 },
      { thinkingLevel: 'LOW', includeThoughts: true },
    ],
    [thirdPro, { reasoningEffort: 'minimal' }, { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-flash-latest', { reasoningEffort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.0-flash', { reasoningEffort: 'high' }, undefined],
    ['gemma-3-27b-it', { reasoningEffort: 'high' }, undefined],
    ['gemini-2.5-flash-preview-tts', { reasoningBudgetTokens: 9 }, undefined],
  ])('%s with %j: %j', (model, asked, thinkingConfig) => {
    const config = encode(asked, model)['generationConfig']
    expect(config).toEqual(thinkingConfig && { thinkingConfig })
  })

  test.each([flash, third])('%s: an effort that nobody knows is refused', (model) => {
    expect(() => encode({ reasoningEffort: 'utmost' }, model)).toThrow(/'reasoning_effort'/)
  })
})

describe('the form of the answer', () => {
  test('is JSON, or JSON by a schema as it is', () => {
    const schema = { type: 'object', $defs: { a: {} }, properties: { a: { $ref: '#/$defs/a' } } }
    const json = { responseMimeType: 'application/json' }
    expect(encode({ responseFormat: { type: 'json_object' } })).toMatchObject({
      generationConfig: json,
    })
    const byName = { type: 'json_schema' as const, name: 's' }
    const { generationConfig } = encode({ responseFormat: { ...byName, schema } })
    expect(generationConfig).toEqual({ ...json, responseJsonSchema: schema })
    const described = encode({ responseFormat: { ...byName, schema, description: 'a place' } })
    expect(described).toMatchObject({
      generationConfig: { responseJsonSchema: { description: 'a place', ...schema } },
    })
    expect(encode({ responseFormat: { type: 'text' } })).not.toHaveProperty('generationConfig')
  })

  test('cannot be JSON beside tools before the third generation', () => {
    const both: Partial<ChatRequest> = {
      tools: [{ kind: 'function', name: 'f' }],
      responseFormat: { type: 'json_object' },
    }
    expect(() => encode(both)).toThrow(/'response_format'/)
    expect(() => encode(both, third)).not.toThrow()
  })
})

describe('tools', () => {
  const tools: ChatRequest['tools'] = [
    { kind: 'function', name: 'f', description: 'does', parameters: { type: 'object' } },
    { kind: 'function', name: 'g' },
  ]
  const declarations = [
    { name: 'f', description: 'does', parametersJsonSchema: { type: 'object' } },
    { name: 'g' },
  ]

  test.each([
    [undefined, undefined],
    [{ mode: 'auto' as const }, { mode: 'AUTO' }],
    [{ mode: 'none' as const }, { mode: 'NONE' }],
    [{ mode: 'required' as const }, { mode: 'ANY' }],
    [
      { mode: 'tool' as const, kind: 'function' as const, name: 'g' },
      { mode: 'ANY', allowedFunctionNames: ['g'] },
    ],
  ])('are declared, and chosen as %j', (toolChoice, functionCallingConfig) => {
    expect(encode({ tools, toolChoice })).toEqual({
      contents: expect.anything(),
      tools: [{ functionDeclarations: declarations }],
      ...(functionCallingConfig && { toolConfig: { functionCallingConfig } }),
    })
  })

  test('that are strict are validated', () => {
    const strict: ChatRequest['tools'] = [{ kind: 'function', name: 'f', strict: true }]
    const validated = { toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } } }
    expect(encode({ tools: strict })).toMatchObject(validated)
    expect(encode({ tools: strict, toolChoice: { mode: 'auto' } })).toMatchObject(validated)
  })

  const native = (type: string, settings: object = {}) => ({
    kind: 'native' as const,
    type,
    definition: { type, ...settings },
  })

  test.each([
    [
      native('google_search', { excludeDomains: ['a'] }),
      { googleSearch: { excludeDomains: ['a'] } },
    ],
    [native('code_execution'), { codeExecution: {} }],
    [native('web_search_preview', { search_context_size: 'low' }), { googleSearch: {} }],
    [native('web_search_20250305', { max_uses: 5 }), { googleSearch: {} }],
    [native('code_interpreter'), { codeExecution: {} }],
    [native('web_fetch_20250910'), { urlContext: {} }],
  ])('of the service stand for %j', (tool, encoded) => {
    expect(encode({ tools: [tool], toolChoice: { mode: 'auto' } })).toEqual({
      contents: expect.anything(),
      tools: [encoded],
    })
  })

  test('of the service beside functions are announced to models that mix them', () => {
    const mixed = { tools: [...tools, native('google_search')] }
    expect(encode(mixed, third)).toMatchObject({
      tools: [{ googleSearch: {} }, { functionDeclarations: declarations }],
      toolConfig: { includeServerSideToolInvocations: true },
    })
    expect(encode(mixed)).not.toHaveProperty('toolConfig')
  })

  test.each([
    [[native('computer_use_preview')], /'tools\[0\]'/],
    [[...tools, { kind: 'custom' as const, name: 'c' }], /'tools\[2\]'/],
  ])('that it has not are refused with their place', (list, message) => {
    expect(() => encode({ tools: list })).toThrow(message)
  })
})

describe('the conversation', () => {
  test('has its instructions apart', () => {
    const system = (role: 'system' | 'developer', text: string): Message => ({
      ...user(text),
      role,
    })
    expect(
      encode({ messages: [system('system', 'a'), user('hi'), system('developer', 'b')] }),
    ).toEqual({
      systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    })
  })

  test('skips a turn in which nothing was said', () => {
    const silent: Message = { role: 'assistant', parts: [{ type: 'text', text: '' }] }
    expect(contents([user('a'), silent, user('b')])).toEqual([
      { role: 'user', parts: [{ text: 'a' }] },
      { role: 'user', parts: [{ text: 'b' }] },
    ])
    expect(contents([user('')])).toEqual([{ role: 'user', parts: [{ text: '' }] }])
  })

  test('has the calls of a turn where they stood, the others at the end', () => {
    const turn: Message = {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'tool-call', index: 1 },
        { type: 'refusal', text: 'b' },
      ],
      toolCalls: [call('1'), call('2', { arguments: '{"x":1}' })],
    }
    expect(contents([user('q'), turn])).toMatchObject([
      {},
      {
        role: 'model',
        parts: [
          { text: 'a' },
          { functionCall: { id: '2', name: 'f', args: { x: 1 } } },
          { text: 'b' },
          { functionCall: { id: '1', name: 'f', args: {} } },
        ],
      },
    ])
  })

  test('joins results in one turn, in the order of their calls', () => {
    const turn: Message = { role: 'assistant', parts: [], toolCalls: [call('1'), call('2')] }
    const failed = { ...result('1', 'no such city'), isError: true }
    expect(contents([user('q'), turn, result('2', '{"sky":"blue"}'), failed, user('so?')])).toEqual(
      [
        expect.anything(),
        expect.anything(),
        {
          role: 'user',
          parts: [
            {
              functionResponse: { id: '1', name: 'f', response: { error: 'no such city' } },
            },
            { functionResponse: { id: '2', name: 'f', response: { sky: 'blue' } } },
          ],
        },
        { role: 'user', parts: [{ text: 'so?' }] },
      ],
    )
  })

  test.each([
    ['text', '4', { result: '4' }],
    ['a list', '[1]', { result: '[1]' }],
    ['an object', '{"a":1}', { a: 1 }],
    ['nothing', '', { result: '' }],
  ])('wraps a result that is %s', (_what, text, response) => {
    const turn: Message = { role: 'assistant', parts: [], toolCalls: [call('1')] }
    expect(contents([user('q'), turn, result('1', text)])).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { response } }] },
    ])
  })

  test('has files in results for models that read them', () => {
    const turn: Message = { role: 'assistant', parts: [], toolCalls: [call('1')] }
    const picture: ContentPart = { type: 'image', url: 'data:image/png;base64,AA==' }
    const messages = [user('q'), turn, result('1', 'see', picture)]
    expect(contents(messages, third)).toMatchObject([
      {},
      {},
      {
        parts: [
          {
            functionResponse: {
              response: { result: 'see' },
              parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }],
            },
          },
        ],
      },
    ])
    expect(() => contents(messages)).toThrow(/'messages\[2\]\.content'/)
  })

  test('finds the function of OpenAI’s deprecated call by its name', () => {
    const turn: Message = {
      role: 'assistant',
      parts: [],
      toolCalls: [call('', { kind: 'function_call' })],
    }
    const answered: Message = { ...user('1'), role: 'tool', name: 'f' }
    expect(contents([user('q'), turn, answered])).toMatchObject([
      {},
      { parts: [{ functionCall: { name: 'f', args: {} } }] },
      { parts: [{ functionResponse: { name: 'f', response: { result: '1' } } }] },
    ])
  })

  test.each([
    ['a result without its call', [user('q'), result('9', '1')], 'messages[1].tool_call_id'],
    [
      'a call of a custom tool',
      [
        user('q'),
        { role: 'assistant' as const, parts: [], toolCalls: [call('1', { kind: 'custom' })] },
      ],
      'messages[1].tool_calls[0]',
    ],
    [
      'arguments that are no object',
      [
        user('q'),
        { role: 'assistant' as const, parts: [], toolCalls: [call('1', { arguments: '7' })] },
      ],
      'messages[1].tool_calls[0].function.arguments',
    ],
    [
      'content of another vendor',
      [user({ type: 'native', dialect: 'anthropic-messages', part: {} })],
      'messages[0].content[0]',
    ],
    ['instructions alone', [{ ...user('a'), role: 'system' as const }], 'messages'],
  ])('with %s is refused with its place', (_what, messages, path) => {
    expect(() => contents(messages)).toThrow(`'${path}'`)
  })
})

describe('signatures', () => {
  const own = { dialect: 'gemini', value: 'SIG' }
  const foreign = { dialect: 'anthropic-messages', value: 'other' }
  const turn = (...toolCalls: ToolCall[]): Message => ({ role: 'assistant', parts: [], toolCalls })

  function signaturesOf(message: Message, model: string): unknown[] {
    const [, content] = [contents([user('q'), message], model)].flat()
    return Object(content).parts.map((part: { thoughtSignature?: string }) => part.thoughtSignature)
  }

  test('of its own go back on calls, texts and thoughts', () => {
    const message: Message = {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'hm', signature: own },
        { type: 'text', text: 'a', signature: own },
        { type: 'text', text: '', signature: own },
      ],
      toolCalls: [call('1', { signature: own })],
    }
    expect(contents([user('q'), message])).toMatchObject([
      {},
      {
        parts: [
          { text: 'hm', thought: true, thoughtSignature: 'SIG' },
          { text: 'a', thoughtSignature: 'SIG' },
          { text: '', thoughtSignature: 'SIG' },
          { functionCall: { id: '1' }, thoughtSignature: 'SIG' },
        ],
      },
    ])
  })

  test('of others, and unsigned thoughts, do not', () => {
    const message: Message = {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'hm', signature: foreign },
        { type: 'reasoning', text: 'hm' },
        { type: 'reasoning', text: '', sealed: foreign },
        { type: 'text', text: 'a', signature: foreign },
      ],
    }
    expect(contents([user('q'), message])).toMatchObject([{}, { parts: [{ text: 'a' }] }])
    expect(JSON.stringify(contents([user('q'), message]))).not.toContain('other')
  })

  const skip = 'skip_thought_signature_validator'

  test.each([
    [third, [call('1'), call('2')], [skip, undefined]],
    [third, [call('1', { signature: foreign })], [skip]],
    [third, [call('1', { signature: own }), call('2')], ['SIG', undefined]],
    ['gemini-pro-latest', [call('1')], [skip]],
    [flash, [call('1')], [undefined]],
    [flash, [call('1', { signature: own })], ['SIG']],
  ])(
    '%s: a call that nobody signed has the word for it where one is wanted',
    (model, calls, wanted) => {
      expect(signaturesOf(turn(...calls), model)).toEqual(wanted)
    },
  )
})

describe('files', () => {
  test.each([
    [
      { type: 'image', url: 'data:image/png;base64,AA==' },
      { inlineData: { mimeType: 'image/png', data: 'AA==' } },
    ],
    [
      { type: 'file', url: 'data:text/csv;charset=utf-8;base64,QQ==' },
      { inlineData: { mimeType: 'text/csv', data: 'QQ==' } },
    ],
    [
      { type: 'file', url: 'data:,a%20b' },
      { inlineData: { mimeType: 'text/plain', data: 'YSBi' } },
    ],
    [
      { type: 'file', url: 'data:text/plain,100%' },
      { inlineData: { mimeType: 'text/plain', data: 'MTAwJQ==' } },
    ],
    [
      { type: 'file', url: 'data:;base64,AA==', mediaType: 'application/pdf' },
      { inlineData: { mimeType: 'application/pdf', data: 'AA==' } },
    ],
    [
      { type: 'image', url: 'https://example.com/a.JPG?x=1' },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.com/a.JPG?x=1' } },
    ],
    [
      { type: 'image', url: 'https://example.com/picture' },
      { fileData: { fileUri: 'https://example.com/picture' } },
    ],
    [
      { type: 'file', url: 'https://example.com/a', mediaType: 'application/pdf' },
      { fileData: { mimeType: 'application/pdf', fileUri: 'https://example.com/a' } },
    ],
    [
      { type: 'file', url: 'https://youtu.be/lCdaVNyHtjU' },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://youtu.be/lCdaVNyHtjU' } },
    ],
    [
      { type: 'file', fileId: 'files/abc' },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
    [
      { type: 'image', fileId: 'https://host/v1beta/files/abc' },
      { fileData: { fileUri: 'https://host/v1beta/files/abc' } },
    ],
    [
      { type: 'audio', data: 'AA==', format: 'mp3' },
      { inlineData: { mimeType: 'audio/mp3', data: 'AA==' } },
    ],
  ] satisfies [ContentPart, object][])('%j', (part, encoded) => {
    expect(partsOf(part)).toEqual([encoded])
  })

  test('that are no data: URL are refused with their place', () => {
    expect(() => partsOf({ type: 'image', url: 'data:nothing' })).toThrow(
      /'messages\[0\]\.content\[0\]'/,
    )
  })

  test.each([
    [['low', 'low'], 'MEDIA_RESOLUTION_LOW'],
    [['low', 'high'], 'MEDIA_RESOLUTION_HIGH'],
    [['low', 'auto'], undefined],
    [['auto'], undefined],
  ])('with the details %j are read at %s', (details, mediaResolution) => {
    const images = details.map((detail): ContentPart => ({
      type: 'image',
      url: 'https://example.com/a.png',
      detail,
    }))
    const { generationConfig } = encode({ messages: [user(...images)] })
    expect(generationConfig).toEqual(mediaResolution && { mediaResolution })
  })
})
