import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { decodeCompletion } from '../../src/graphql/completion-request.ts'

const user = { role: 'user', content: 'Hello' }
const decode = (input: object) =>
  decodeCompletion({ model: 'test/words', messages: [user], ...input }, { stream: true })

function faultOf(input: object): GatewayError {
  try {
    decode(input)
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('the input was accepted')
}

describe('messages', () => {
  test('content is one text part', () => {
    expect(decode({}).request.messages).toEqual([
      expect.objectContaining({ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }),
    ])
  })

  test('parts keep their order and kind', () => {
    const parts = [
      { text: 'Look:' },
      { image: { url: 'https://example.com/a.png', detail: 'low' } },
      { file: { url: 'data:application/pdf;base64,AA==', mediaType: 'application/pdf' } },
    ]
    expect(decode({ messages: [{ role: 'user', parts }] }).request.messages[0]?.parts).toEqual([
      { type: 'text', text: 'Look:' },
      { type: 'image', url: 'https://example.com/a.png', detail: 'low' },
      {
        type: 'file',
        url: 'data:application/pdf;base64,AA==',
        mediaType: 'application/pdf',
        name: undefined,
      },
    ])
  })

  test('an earlier answer comes back with its signatures, its order and the parts of one vendor', () => {
    const signature = { dialect: 'd', value: 'c2ln' }
    const parts = [
      { reasoning: { text: 'hm', signature } },
      { reasoning: { text: '', sealed: signature } },
      { native: { dialect: 'd', part: { type: 'search' } } },
      { toolCall: 0 },
      { signedText: { text: 'It rains.', signature } },
    ]
    const toolCalls = [{ id: 'a', name: 'f', arguments: '{}', signature }]
    const messages = [
      { role: 'assistant', parts, toolCalls },
      { role: 'tool', toolCallId: 'a', content: 'no', isError: true },
    ]
    expect(decode({ messages }).request.messages).toMatchObject([
      {
        parts: [
          { type: 'reasoning', text: 'hm', signature },
          { type: 'reasoning', text: '', sealed: signature },
          { type: 'native', dialect: 'd', part: { type: 'search' } },
          { type: 'tool-call', index: 0 },
          { type: 'text', text: 'It rains.', signature },
        ],
        toolCalls: [{ id: 'a', kind: 'function', name: 'f', arguments: '{}', signature }],
      },
      { role: 'tool', toolCallId: 'a', isError: true },
    ])
  })

  test('the cache is marked at the end of a turn and at a tool', () => {
    const { request } = decode({
      messages: [
        { ...user, cache: { ttl: '1h' } },
        { ...user, cache: {} },
      ],
      tools: [{ name: 'f', cache: { ttl: null } }],
    })
    expect(request.messages.map(({ parts }) => parts[0]?.cache)).toEqual([
      { ttl: '1h' },
      { ttl: undefined },
    ])
    expect(request.tools).toMatchObject([{ name: 'f', cache: {} }])
  })

  test('files and images may be named by the id that their provider gave them', () => {
    const parts = [{ imageId: 'file-1' }, { fileId: 'file-2' }]
    expect(decode({ messages: [{ role: 'user', parts }] }).request.messages[0]?.parts).toEqual([
      { type: 'image', fileId: 'file-1' },
      { type: 'file', fileId: 'file-2' },
    ])
  })

  test.each([
    ['input.messages[0].parts[0].toolCall', { role: 'assistant', parts: [{ toolCall: 0 }] }],
    [
      'input.messages[0].parts[0].reasoning',
      { role: 'user', parts: [{ reasoning: { text: 'hm' } }] },
    ],
    ['input.messages[0].isError', { ...user, isError: true }],
  ])('%s is refused where it has no place', (path, message) => {
    expect(faultOf({ messages: [message] })).toMatchObject({ code: 'INVALID_REQUEST', path })
  })

  test('settings beyond the basic ones reach the request', () => {
    const settings = {
      topK: 40,
      frequencyPenalty: 0.5,
      presencePenalty: -0.5,
      reasoningBudgetTokens: 500,
      reasoningSummary: 'concise',
    }
    const { request } = decode({ ...settings, endUser: 'person-1' })
    expect(request).toMatchObject({ ...settings, endUserId: 'person-1' })
  })

  test('a tool turn: arguments as text stay, an object becomes text', () => {
    const messages = [
      {
        role: 'assistant',
        toolCalls: [
          { id: 'a', name: 'add', arguments: '{"a": 1 }' },
          { id: 'b', name: 'add', arguments: { a: 1 } },
        ],
      },
      { role: 'tool', toolCallId: 'a', content: '2' },
    ]
    expect(decode({ messages }).request.messages).toMatchObject([
      {
        parts: [],
        toolCalls: [
          { id: 'a', kind: 'function', name: 'add', arguments: '{"a": 1 }' },
          { id: 'b', kind: 'function', name: 'add', arguments: '{"a":1}' },
        ],
      },
      { role: 'tool', toolCallId: 'a', parts: [{ type: 'text', text: '2' }] },
    ])
  })
})

describe('settings', () => {
  test('null is the same as absent', () => {
    const { request, hints, tags } = decode({ temperature: null, tools: null, tags: null })
    expect(request.temperature).toBeUndefined()
    expect(request.tools).toBeUndefined()
    expect(hints).toEqual({ fallbacks: undefined })
    expect(tags).toBeUndefined()
  })

  test.each([
    ['none', { mode: 'none' }],
    ['auto', { mode: 'auto' }],
    ['required', { mode: 'required' }],
    [{ name: 'add' }, { mode: 'tool', kind: 'function', name: 'add' }],
    [
      { type: 'function', function: { name: 'add' } },
      { mode: 'tool', kind: 'function', name: 'add' },
    ],
  ])('toolChoice %j', (toolChoice, expected) => {
    expect(decode({ toolChoice }).request.toolChoice).toEqual(expected)
  })

  test.each([
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json_object' }],
    [
      { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
      { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: true },
    ],
  ])('responseFormat %j', (responseFormat, expected) => {
    expect(decode({ responseFormat }).request.responseFormat).toEqual(expected)
  })

  test('routing, tags and passthrough', () => {
    const { request, hints, tags } = decode({
      fallbacks: ['other/words'],
      routing: { allowProviders: ['other'], denyProviders: [] },
      tags: { team: 'a', n: 1, on: false },
      passthrough: { verbosity: 'low' },
    })
    expect(hints).toEqual({
      fallbacks: ['other/words'],
      allowProviders: ['other'],
      denyProviders: [],
    })
    expect(tags).toEqual({ team: 'a', n: 1, on: false })
    expect(request.passthrough).toEqual({ dialect: 'openai-chat', members: { verbosity: 'low' } })
    expect(request.stream).toBe(true)
  })
})

describe('faults name the member', () => {
  const message = (fields: object) => ({ messages: [{ role: 'user', ...fields }] })
  test.each([
    [{ model: '' }, 'input.model'],
    [{ messages: [] }, 'input.messages'],
    [message({}), 'input.messages[0].content'],
    [message({ content: 'a', parts: [{ text: 'b' }] }), 'input.messages[0].content'],
    [message({ parts: [] }), 'input.messages[0].parts'],
    [
      message({ parts: [{ image: { url: 'http://example.com/a.png' } }] }),
      'input.messages[0].parts[0].image.url',
    ],
    [
      message({ parts: [{ file: { url: 'file:///etc/passwd', mediaType: 'text/plain' } }] }),
      'input.messages[0].parts[0].file.url',
    ],
    [message({ role: 'tool', content: 'a' }), 'input.messages[0].toolCallId'],
    [message({ content: 'a', toolCallId: 'b' }), 'input.messages[0].toolCallId'],
    [
      message({ content: 'a', toolCalls: [{ id: 'a', name: 'b', arguments: '' }] }),
      'input.messages[0].toolCalls',
    ],
    [
      message({ role: 'assistant', toolCalls: [{ id: 'a', name: 'b', arguments: 7 }] }),
      'input.messages[0].toolCalls[0].arguments',
    ],
    [{ temperature: 2.1 }, 'input.temperature'],
    [{ temperature: -0.1 }, 'input.temperature'],
    [{ topP: 1.1 }, 'input.topP'],
    [{ maxTokens: 0 }, 'input.maxTokens'],
    [{ choices: 0 }, 'input.choices'],
    [{ topLogprobs: 21, logprobs: true }, 'input.topLogprobs'],
    [{ topLogprobs: 2 }, 'input.topLogprobs'],
    [{ tools: [{ name: '' }] }, 'input.tools[0].name'],
    [{ tools: [{ name: 'a', parameters: 'b' }] }, 'input.tools[0].parameters'],
    [{ toolChoice: 'any' }, 'input.toolChoice'],
    [{ toolChoice: { name: 'a', extra: 1 } }, 'input.toolChoice'],
    [{ responseFormat: 'json' }, 'input.responseFormat'],
    [{ responseFormat: { type: 'xml' } }, 'input.responseFormat.type'],
    [{ responseFormat: { type: 'json_schema' } }, 'input.responseFormat.json_schema'],
    [{ tags: 'a' }, 'input.tags'],
    [{ tags: { a: { b: 1 } } }, 'input.tags'],
    [{ tags: { a: 'b'.repeat(501) } }, 'input.tags'],
    [{ passthrough: ['a'] }, 'input.passthrough'],
    [{ passthrough: { model: 'other' } }, 'input.passthrough.model'],
    [{ fallbacks: [''] }, 'input.fallbacks[0]'],
    [{ routing: { allowProviders: [] } }, 'input.routing.allowProviders'],
  ])('%j', (input, path) => {
    const fault = faultOf(input)
    expect(fault.code).toBe('INVALID_REQUEST')
    expect(fault.path).toBe(path)
    expect(fault.message).toContain(`\`${path}\``)
  })
})
