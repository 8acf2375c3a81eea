import { describe, expect, test } from 'vitest'
import { messageHeaders } from '../../../src/dialects/anthropic-messages/chat-api.ts'
import { encodeMessageRequest } from '../../../src/dialects/anthropic-messages/encode-request.ts'
import { anthropicSupport } from '../../../src/dialects/anthropic-messages/support.ts'
import type { ChatRequest, Message, ToolCall } from '../../../src/protocol/request.ts'
import { asked, said } from './wire.ts'

const newest = 'claude-opus-5'
const older = 'claude-sonnet-4-5'

function encoded(members: Partial<ChatRequest>, model = older) {
  return encodeMessageRequest(asked(members), { model })
}

function turns(messages: Message[], model = older) {
  return encoded({ messages }, model)
}

const call = (id: string, written = '{}'): ToolCall => ({
  id,
  kind: 'function',
  name: 'f',
  arguments: written,
})
const result = (toolCallId: string, text = 'x'): Message => ({ ...said('tool', text), toolCallId })

describe('the conversation', () => {
  test('instructions stand beside it; later ones amid it where the model knows that', () => {
    const messages = [
      said('system', 'a'),
      said('developer', 'b'),
      said('user', 'hello'),
      said('system', 'c'),
    ]
    const text = (written: string) => ({ type: 'text', text: written })
    expect(turns(messages)).toMatchObject({ system: [text('a'), text('b'), text('c')] })
    expect(turns(messages, newest)).toMatchObject({
      system: [text('a'), text('b')],
      messages: [{ role: 'user' }, { role: 'system', content: [text('c')] }],
    })
  })

  test('all results of a turn come first in one turn of the user', () => {
    const messages = [
      said('user', 'hello'),
      { role: 'assistant' as const, parts: [], toolCalls: [call('a'), call('b', '{"x":1}')] },
      result('b', 'two'),
      { ...result('a', 'one'), isError: true },
      said('user', 'and?'),
    ]
    expect(turns(messages)['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'f', input: {} },
          { type: 'tool_use', id: 'b', name: 'f', input: { x: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'b', content: 'two' },
          { type: 'tool_result', tool_use_id: 'a', content: 'one', is_error: true },
          { type: 'text', text: 'and?' },
        ],
      },
    ])
  })

  test('ids of other providers are written in the letters that the wire knows', () => {
    const id = 'call:1/ü'
    const messages = [
      said('user', 'hello'),
      { role: 'assistant' as const, parts: [], toolCalls: [call(id)] },
      result(id),
    ]
    expect(JSON.stringify(turns(messages))).toContain('"tool_use_id":"call_1__"')
  })

  test('empty texts are left out, and turns of nothing else', () => {
    const messages = [said('user', 'hello'), said('assistant', ' '), said('user', 'again')]
    expect(turns(messages)['messages']).toHaveLength(2)
    expect(() => turns([said('user', '')])).toThrow(/there is no text/)
  })

  test.each<[string, Message[], string]>([
    ['a result without its call', [said('user', 'x'), result('a')], 'messages[1]'],
    [
      'a call without its result',
      [
        said('user', 'x'),
        { role: 'assistant', parts: [], toolCalls: [call('a')] },
        said('user', 'y'),
      ],
      'messages[1].tool_calls[0]',
    ],
    [
      'arguments that are no object',
      [
        said('user', 'x'),
        { role: 'assistant', parts: [], toolCalls: [call('a', '[1')] },
        result('a'),
      ],
      'messages[1].tool_calls[0]',
    ],
  ])('%s is named', (_what, messages, path) => {
    expect(() => turns(messages)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', path }),
    )
  })

  test('only thoughts of this dialect go back', () => {
    const thought = (dialect: string) => ({
      type: 'reasoning' as const,
      text: 'hm',
      signature: { dialect, value: 's' },
    })
    const parts = [
      thought('gemini'),
      thought('anthropic-messages'),
      { type: 'reasoning' as const, text: 'unsigned' },
      {
        type: 'reasoning' as const,
        text: '',
        sealed: { dialect: 'anthropic-messages', value: 'd' },
      },
      { type: 'text' as const, text: 'so' },
    ]
    const body = turns([said('user', 'x'), { role: 'assistant', parts }, said('user', 'y')])
    expect(body['messages']).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
          { type: 'text', text: 'so' },
        ],
      },
      {},
    ])
  })

  test.each([
    ['https://e.com/a.png', { type: 'url', url: 'https://e.com/a.png' }],
    ['data:image/jpg;base64,AA==', { type: 'base64', media_type: 'image/jpeg', data: 'AA==' }],
  ])('an image of %s', (url, source) => {
    const body = turns([{ role: 'user', parts: [{ type: 'image', url }] }])
    expect(body['messages']).toMatchObject([{ content: [{ type: 'image', source }] }])
  })

  test.each(['data:image/bmp;base64,AA==', 'data:application/zip;base64,AA=='])(
    'another deployment may take %s',
    (url) => {
      const isImage = url.startsWith('data:image')
      const part = isImage ? { type: 'image' as const, url } : { type: 'file' as const, url }
      expect(() => turns([{ role: 'user', parts: [part] }])).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', failover: true }),
      )
    },
  )

  test('a file of text is a document of text', () => {
    const file = { type: 'file' as const, url: 'data:text/csv,a%2Cb', name: 'a.csv' }
    expect(turns([{ role: 'user', parts: [file] }])['messages']).toMatchObject([
      {
        content: [
          {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'a,b' },
            title: 'a.csv',
          },
        ],
      },
    ])
  })
})

describe('thinking', () => {
  test.each<[string, Partial<ChatRequest>, object | undefined, string | undefined]>([
    [newest, { reasoningEffort: 'minimal' }, { type: 'adaptive' }, 'low'],
    [newest, { reasoningEffort: 'xhigh' }, { type: 'adaptive' }, 'xhigh'],
    [newest, { reasoningBudgetTokens: 2000 }, { type: 'adaptive' }, undefined],
    [newest, { reasoningEffort: 'none' }, { type: 'disabled' }, undefined],
    ['claude-sonnet-4-6', { reasoningEffort: 'xhigh' }, { type: 'adaptive' }, 'max'],
    [
      'claude-sonnet-4-6',
      { reasoningBudgetTokens: 2000 },
      { type: 'enabled', budget_tokens: 2000 },
      undefined,
    ],
    [older, { reasoningEffort: 'medium' }, { type: 'enabled', budget_tokens: 4096 }, undefined],
    [
      older,
      { reasoningEffort: 'high', maxTokens: 3000 },
      { type: 'enabled', budget_tokens: 2999 },
      undefined,
    ],
    [older, { reasoningEffort: 'high', maxTokens: 1000 }, undefined, undefined],
    ['claude-3-haiku-20240307', { reasoningEffort: 'high' }, undefined, undefined],
  ])('%s with %j', (model, members, thinking, effort) => {
    const body = encoded(members, model)
    expect(body['thinking']).toEqual(thinking)
    expect(body['output_config']).toEqual(effort === undefined ? undefined : { effort })
  })

  test('not beside a forced tool, and not after a call of another provider', () => {
    const tools = [{ kind: 'function' as const, name: 'f' }]
    const forced = { reasoningEffort: 'high', tools, toolChoice: { mode: 'required' as const } }
    expect(encoded(forced)['thinking']).toBeUndefined()
    const messages = [
      said('user', 'x'),
      { role: 'assistant' as const, parts: [], toolCalls: [call('a')] },
      result('a'),
    ]
    const foreign = asked({ reasoningEffort: 'high', messages })
    expect(encodeMessageRequest(foreign, { model: older })['thinking']).toBeUndefined()
    const how = anthropicSupport(older).reasoning_effort
    expect(typeof how === 'object' && how.when?.(foreign)).toBe(true)
  })

  test('what tunes a model is left out while it thinks', () => {
    const body = encoded({ reasoningEffort: 'low', temperature: 0.5, topK: 3 })
    expect(body).not.toHaveProperty('temperature')
    expect(body).not.toHaveProperty('top_k')
  })
})

describe('the other members', () => {
  test.each([
    [older, undefined, 8192],
    [older, 64_000, 64_000],
  ])('%s has a limit always', (model, maxOutputTokens, limit) => {
    expect(encodeMessageRequest(asked(), { model, maxOutputTokens })['max_tokens']).toBe(limit)
  })

  test.each<[Partial<ChatRequest>, object | undefined]>([
    [{ toolChoice: { mode: 'required' } }, { type: 'any' }],
    [{ toolChoice: { mode: 'none' }, parallelToolCalls: false }, { type: 'none' }],
    [{ parallelToolCalls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ parallelToolCalls: true }, undefined],
    [
      { toolChoice: { mode: 'tool', kind: 'function', name: 'f' }, parallelToolCalls: false },
      { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    ],
  ])('the choice of a tool: %j', (members, choice) => {
    const tools = [{ kind: 'function' as const, name: 'f' }]
    expect(encoded({ tools, ...members })['tool_choice']).toEqual(choice)
  })

  test('temperatures above 1 are 1, and top_p does not stand beside one', () => {
    const body = encoded({ temperature: 1.7, topP: 0.5 })
    expect(body['temperature']).toBe(1)
    expect(body).not.toHaveProperty('top_p')
    expect(encoded({ temperature: 0 })['temperature']).toBe(0)
    expect(encoded({ temperature: 0.5 }, newest)).not.toHaveProperty('temperature')
  })

  test('schemas are closed, at every depth', () => {
    const schema = {
      type: 'object',
      properties: { properties: { type: 'array', items: { type: 'object' } } },
      $defs: { d: { type: 'object', additionalProperties: true } },
    }
    const responseFormat = { type: 'json_schema' as const, name: 's', schema }
    expect(encoded({ responseFormat })['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          ...schema,
          additionalProperties: false,
          properties: {
            properties: { type: 'array', items: { type: 'object', additionalProperties: false } },
          },
          $defs: { d: { type: 'object', additionalProperties: false } },
        },
      },
    })
  })

  test('members of another dialect are not sent', () => {
    const body = encoded({ passthrough: { dialect: 'openai-chat', members: { store: true } } })
    expect(body).not.toHaveProperty('store')
  })

  test('betas are the client’s own, and the one that files by id need', () => {
    const headers = { 'anthropic-beta': 'a, b' }
    const own = { dialect: 'anthropic-messages', members: {}, headers }
    expect(messageHeaders(asked({ passthrough: own }))['anthropic-beta']).toBe('a,b')
    const foreign = { ...own, dialect: 'other' }
    expect(messageHeaders(asked({ passthrough: foreign }))).toEqual({
      'anthropic-version': '2023-06-01',
    })
    const messages: Message[] = [{ role: 'user', parts: [{ type: 'file', fileId: 'file_1' }] }]
    expect(messageHeaders(asked({ messages }))['anthropic-beta']).toBe('files-api-2025-04-14')
  })
})
