import { describe, expect, test } from 'vitest'
import { anthropicMessagesDoor } from '../../../src/dialects/anthropic-messages/chat-door.ts'
import { decodeMessageRequest } from '../../../src/dialects/anthropic-messages/decode-request.ts'
import { createEventEncoder } from '../../../src/dialects/anthropic-messages/encode-events.ts'
import { encodeMessage } from '../../../src/dialects/anthropic-messages/encode-response.ts'
import { errorCodes, errorTable, GatewayError } from '../../../src/errors.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'

const context = { id: 'req_1', created: 1, model: 'provider/model' }
const choice = 0
const end: ChatEvent = {
  type: 'end',
  settlement: {
    requestId: 'r',
    status: 'succeeded',
    attempts: [],
    usage: { inputTokens: 3, outputTokens: 4, estimated: true },
  },
}
const proof = { dialect: 'gemini', value: 'sig' }

/** An answer of a provider whose answers are no lists of parts. */
const foreign: ChatEvent[] = [
  { type: 'response-start', id: 'chatcmpl-1' },
  { type: 'warning', message: 'careful' },
  { type: 'reasoning-delta', choice, text: 'hm' },
  { type: 'reasoning-delta', choice, text: '', signature: proof },
  { type: 'text-delta', choice, text: 'hello' },
  { type: 'text-delta', choice: 1, text: 'another choice' },
  { type: 'tool-call-start', choice, index: 0, id: 'call_1', kind: 'function', name: 'f' },
  { type: 'tool-call-delta', choice, index: 0, argumentsDelta: '{"a":1}' },
  { type: 'tool-call-end', choice, index: 0 },
  { type: 'native-part', choice, dialect: 'openai-responses', part: { type: 'web_search_call' } },
  { type: 'finish', choice, reason: { unified: 'tool_calls', raw: 'tool_calls' } },
  end,
]

const content = [
  { type: 'thinking', thinking: 'hm', signature: 'xr1.gemini.sig' },
  { type: 'text', text: 'hello' },
  { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } },
  {
    type: 'redacted_thinking',
    data: `xr1p.openai-responses.${Buffer.from('{"type":"web_search_call"}').toString('base64url')}`,
  },
]

describe('an answer of another dialect', () => {
  test('is a whole message', async () => {
    expect(encodeMessage(await collect(foreign), context)).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'provider/model',
      content,
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 3,
        output_tokens: 4,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
      },
      xrouter: { warnings: ['careful'] },
    })
  })

  test('is a stream of blocks', () => {
    const sent = foreign.flatMap(createEventEncoder(context))
    expect(sent.map(({ type, index }) => [type, index])).toEqual([
      ['message_start', undefined],
      ['content_block_start', 0],
      ['content_block_delta', 0],
      ['content_block_delta', 0],
      ['content_block_stop', 0],
      ['content_block_start', 1],
      ['content_block_delta', 1],
      ['content_block_stop', 1],
      ['content_block_start', 2],
      ['content_block_delta', 2],
      ['content_block_stop', 2],
      ['content_block_start', 3],
      ['content_block_stop', 3],
      ['message_delta', undefined],
      ['message_stop', undefined],
    ])
    expect(sent[0]).toMatchObject({ message: { xrouter: { warnings: ['careful'] } } })
    expect(sent.at(-2)).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { input_tokens: 3, output_tokens: 4 },
    })
  })

  test('comes back in the next turn with its own signatures and parts', () => {
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1' }] },
    ]
    const { request } = decodeMessageRequest({ model: 'm', max_tokens: 1, messages }, {})
    expect(request.messages[1]?.parts[0]).toEqual({
      type: 'reasoning',
      text: 'hm',
      signature: proof,
    })
    expect(request.messages[1]?.parts.at(-1)).toEqual({
      type: 'native',
      dialect: 'openai-responses',
      part: { type: 'web_search_call' },
    })
  })

  test('sealed thoughts that only look like a part of another dialect stay as they came', () => {
    const data = ['xr1p.openai-responses.bm8', 'xr1p.openai-responses.!', 'xr1p.']
    const blocks = data.map((each) => ({ type: 'redacted_thinking', data: each }))
    const messages = [{ role: 'assistant', content: blocks }]
    const { request } = decodeMessageRequest({ model: 'm', max_tokens: 1, messages }, {})
    expect(request.messages[0]?.parts).toEqual(
      data.map((value) => ({
        type: 'reasoning',
        text: '',
        sealed: { dialect: 'anthropic-messages', value },
      })),
    )
  })

  test('a call of a custom tool has its text in an object, streamed and whole', async () => {
    const pieces = ['say "h', 'i"', '\n{', '\ud83d', '\ude00']
    const input = pieces.join('')
    const custom: ChatEvent[] = [
      { type: 'tool-call-start', choice, index: 0, id: 'c', kind: 'custom', name: 'sh' },
      ...pieces.map((argumentsDelta): ChatEvent => {
        return { type: 'tool-call-delta', choice, index: 0, argumentsDelta }
      }),
      { type: 'tool-call-end', choice, index: 0 },
      end,
    ]
    const sent = custom.flatMap(createEventEncoder(context)).flatMap(({ delta }) => delta ?? [])
    const json = sent.map((delta) => Object(delta).partial_json ?? '').join('')
    expect(JSON.parse(json)).toEqual({ input })
    expect(encodeMessage(await collect(custom), context)['content']).toEqual([
      { type: 'tool_use', id: 'c', name: 'sh', input: { input } },
    ])
  })

  test('shows no members of its calls that only their own dialect knows', async () => {
    const start: ChatEvent = {
      type: 'tool-call-start',
      choice,
      index: 0,
      id: 'c',
      kind: 'function',
      name: 'f',
      extra: { dialect: 'openai-responses', members: { id: 'fc_1', namespace: 'x' } },
    }
    const block = { type: 'tool_use', id: 'c', name: 'f', input: {} }
    expect([start].flatMap(createEventEncoder(context))[1]?.['content_block']).toEqual(block)
    expect(encodeMessage(await collect([start]), context)['content']).toEqual([block])
  })

  test('what is cited before any text stands on the first text, or on an empty one', async () => {
    const url = 'https://a.example'
    const raw = { type: 'url_citation' }
    const cited: ChatEvent = {
      type: 'annotations',
      choice,
      annotations: [{ dialect: 'openai-chat', raw, url }],
    }
    const citations = [expect.objectContaining({ url })]
    const text: ChatEvent = { type: 'text-delta', choice, text: 'hello' }
    const contentOf = async (...events: ChatEvent[]) =>
      encodeMessage(await collect(events), context)['content']
    expect(await contentOf(cited, text)).toEqual([{ type: 'text', text: 'hello', citations }])
    expect(await contentOf(cited)).toEqual([{ type: 'text', text: '', citations }])
  })

  test('a signed text keeps its signature, streamed and whole', async () => {
    const signed: ChatEvent[] = [
      { type: 'text-delta', choice, text: 'hello' },
      { type: 'text-delta', choice, text: '', signature: proof },
      end,
    ]
    const starts = signed
      .flatMap(createEventEncoder(context))
      .flatMap((event) => event['content_block'] ?? [])
    expect(starts).toEqual([
      { type: 'text', text: '' },
      { type: 'text', text: '', signature: 'xr1.gemini.sig' },
    ])
    expect(encodeMessage(await collect(signed), context)['content']).toEqual([
      { type: 'text', text: 'hello', signature: 'xr1.gemini.sig' },
    ])
    const messages = [{ role: 'assistant', content: starts }]
    const { request } = decodeMessageRequest({ model: 'm', max_tokens: 1, messages }, {})
    expect(request.messages[0]?.parts[1]).toEqual({ type: 'text', text: '', signature: proof })
  })

  test('what comes amid a call waits until it has ended', () => {
    const start = (index: number): ChatEvent => ({
      type: 'tool-call-start',
      choice,
      index,
      id: `call_${index}`,
      kind: 'function',
      name: `f${index}`,
    })
    const piece = (index: number, argumentsDelta: string): ChatEvent => ({
      type: 'tool-call-delta',
      choice,
      index,
      argumentsDelta,
    })
    const close = (index: number): ChatEvent => ({ type: 'tool-call-end', choice, index })
    const mixed: ChatEvent[] = [
      start(0),
      start(1),
      piece(1, '{"b":'),
      { type: 'reasoning-delta', choice, text: 'hm' },
      piece(0, '{"a":'),
      piece(1, '2}'),
      piece(0, '1}'),
      close(1),
      { type: 'text-delta', choice, text: 'done' },
      close(0),
      end,
    ]
    const sent = mixed.flatMap(createEventEncoder(context))
    const blocks = sent.flatMap(({ content_block: block }) => block ?? [])
    expect(blocks).toMatchObject([
      { name: 'f0' },
      { name: 'f1' },
      { type: 'thinking' },
      { type: 'text' },
    ])
    const input = (at: number): string =>
      sent
        .map(({ index, delta }) => (index === at ? (Object(delta).partial_json ?? '') : ''))
        .join('')
    expect([input(0), input(1)]).toEqual(['{"a":1}', '{"b":2}'])
  })

  test('a call that never ends holds nothing back', () => {
    const [begin, ...rest] = foreign.filter(({ type }) => type !== 'tool-call-end')
    const sent = [begin ?? end, ...rest].flatMap(createEventEncoder(context))
    expect(sent.flatMap(({ content_block: block }) => block ?? [])).toHaveLength(4)
    expect(sent.at(-1)).toEqual({ type: 'message_stop' })
  })

  test('arguments that are no JSON are shown as they are', async () => {
    const broken = foreign.map((event) =>
      event.type === 'tool-call-delta' ? { ...event, argumentsDelta: '{"a' } : event,
    )
    expect(encodeMessage(await collect(broken), context)['content']).toMatchObject([
      {},
      {},
      { input: { INVALID_JSON: '{"a' } },
      {},
    ])
  })

  test.each([
    ['stop', undefined, 'end_turn'],
    ['stop', 'END', 'stop_sequence'],
    ['length', undefined, 'max_tokens'],
    ['content_filter', undefined, 'refusal'],
    ['refusal', undefined, 'refusal'],
    ['other', undefined, 'end_turn'],
  ] as const)('ended by %s (%s) it is %s', async (unified, stopSequence, word) => {
    const reason = { unified, raw: unified, ...(stopSequence && { stopSequence }) }
    const response = await collect([{ type: 'finish', choice, reason }])
    expect(encodeMessage(response, context)).toMatchObject({
      stop_reason: word,
      stop_sequence: stopSequence ?? null,
    })
  })
})

describe('a refusal of another dialect', () => {
  const refusal = (text: string): ChatEvent => ({ type: 'refusal-delta', choice: 0, text })
  const ended = (unified: 'stop' | 'length'): ChatEvent => ({
    type: 'finish',
    choice: 0,
    reason: { unified, raw: unified },
  })

  test.each([
    ['stop', 'refusal'],
    ['length', 'max_tokens'],
  ] as const)('ended by %s is %s, and told in words and in the details', async (unified, word) => {
    const events = [refusal('I will '), refusal('not.'), ended(unified)]
    const told = {
      stop_reason: word,
      stop_details: { type: 'refusal', category: null, explanation: 'I will not.' },
    }
    const message = encodeMessage(await collect(events), context)
    expect(message).toMatchObject({ ...told, content: [{ type: 'text', text: 'I will not.' }] })
    const sent = [...events, end].flatMap(createEventEncoder(context))
    expect(sent.find(({ type }) => type === 'message_delta')).toMatchObject({ delta: told })
    expect(sent.filter(({ type }) => type === 'content_block_delta')).toHaveLength(2)
  })

  test('what is no refusal has no details', async () => {
    const events: ChatEvent[] = [{ type: 'text-delta', choice: 0, text: 'a' }, ended('stop')]
    const message = encodeMessage(await collect(events), context)
    expect(message['stop_reason']).toBe('end_turn')
    expect(message).not.toHaveProperty('stop_details')
  })
})

describe('a failure', () => {
  test.each(errorCodes)('%s has a type that fits its status', (code) => {
    const error = new GatewayError({ code, message: 'm', path: 'a.b' })
    const { body, status } = anthropicMessagesDoor.encodeError(error, 'req_1')
    const byStatus: Record<number, string> = {
      400: 'invalid_request_error',
      401: 'authentication_error',
      402: 'billing_error',
      403: 'permission_error',
      404: 'not_found_error',
      409: 'conflict_error',
      413: 'request_too_large',
      429: 'rate_limit_error',
      499: 'invalid_request_error',
      503: 'overloaded_error',
      504: 'timeout_error',
    }
    expect(status).toBeUndefined()
    expect(body).toEqual({
      type: 'error',
      error: {
        type:
          code === 'NOT_CACHED' ? 'invalid_request_error' : (byStatus[error.status] ?? 'api_error'),
        message: 'm',
        details: { error_code: errorTable[code].openaiCode, param: 'a.b' },
      },
      request_id: 'req_1',
    })
  })
})
