import { describe, expect, test } from 'vitest'
import { decodeMessageBody } from '../../../src/dialects/anthropic-messages/decode-events.ts'
import { collect } from '../../../src/protocol/collect.ts'
import { closed, delta, ended, eventsOf, opened, start, stop } from './wire.ts'

const text = [
  opened({ type: 'text', text: '' }),
  delta({ type: 'text_delta', text: 'hi' }),
  closed(),
]

describe('a stream', () => {
  test('pings and events that are not known say nothing', async () => {
    const frames = [start, { type: 'ping' }, ...text, { type: 'news' }, ended(), stop]
    expect(await eventsOf(frames)).toEqual(await eventsOf([start, ...text, ended(), stop]))
  })

  test('the start may be said twice', async () => {
    const frames = [start, start, ...text, ended(), stop]
    expect(await eventsOf(frames)).toEqual(await eventsOf([start, ...text, ended(), stop]))
  })

  test.each([
    ['amid a block', text.slice(0, 2)],
    ['between two blocks', text],
    ['after the end', [...text, ended()]],
  ])('a second answer is a failure %s', async (_where, before) => {
    await expect(eventsOf([start, ...before, start])).rejects.toMatchObject({
      code: 'UPSTREAM_TRUNCATED',
    })
  })

  test.each([
    ['nothing at all', []],
    ['a start', [start]],
    ['an open block', [start, ...text.slice(0, 2)]],
    ['no stop', [start, ...text, ended()]],
  ])('an end after %s is a truncated answer', async (_what, frames) => {
    await expect(eventsOf(frames)).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
  })

  test('usage is the last known value of each count', async () => {
    const late = ended('end_turn', {
      input_tokens: 61,
      cache_read_input_tokens: null,
      output_tokens: 9,
    })
    const { usage } = await collect(await eventsOf([start, ...text, late, stop]))
    expect(usage).toMatchObject({
      inputTokens: 61,
      cachedInputTokens: 0,
      outputTokens: 9,
      raw: { body: { input_tokens: 61, cache_read_input_tokens: 0, output_tokens: 9 } },
    })
  })

  test('thinking tokens are inside the output, and never more than it', async () => {
    const details = (thinking: number) =>
      ended('end_turn', { output_tokens: 9, output_tokens_details: { thinking_tokens: thinking } })
    const usageOf = async (thinking: number) =>
      (await collect(await eventsOf([start, ...text, details(thinking), stop]))).usage
    expect(await usageOf(4)).toMatchObject({ outputTokens: 5, reasoningTokens: 4 })
    expect(await usageOf(40)).toMatchObject({ outputTokens: 0, reasoningTokens: 9 })
  })

  test('before the end only the prompt is counted: the output is not made yet', async () => {
    const events = await eventsOf([start, ...text, ended(), stop])
    const reports = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
    expect(reports[0]?.outputTokens).toBeUndefined()
    expect(reports[0]?.inputTokens).toBeGreaterThan(0)
    expect(reports.at(-1)?.outputTokens).toBeGreaterThan(0)
  })

  test('a call without arguments has an empty object', async () => {
    const call = { type: 'tool_use', id: 'toolu_1', name: 'now', input: {} }
    const empty = delta({ type: 'input_json_delta', partial_json: '' })
    const events = await eventsOf([start, opened(call), empty, closed(), ended('tool_use'), stop])
    expect((await collect(events)).choices[0]).toMatchObject({
      toolCalls: [{ id: 'toolu_1', name: 'now', arguments: '{}' }],
      finishReason: { unified: 'tool_calls', raw: 'tool_use' },
    })
  })

  test('calls are counted apart from the other blocks', async () => {
    const call = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} })
    const frames = [
      start,
      ...text,
      opened(call('a'), 1),
      closed(1),
      opened(call('b'), 2),
      closed(2),
    ]
    const events = await eventsOf([...frames, ended('tool_use'), stop])
    const calls = events.filter(({ type }) => type === 'tool-call-start')
    expect(calls).toMatchObject([
      { index: 0, id: 'a' },
      { index: 1, id: 'b' },
    ])
  })

  test('a thought that is not shown keeps its signature', async () => {
    const thought = opened({ type: 'thinking', thinking: '', signature: '' })
    const proof = delta({ type: 'signature_delta', signature: 'Er' })
    const { choices } = await collect(
      await eventsOf([start, thought, proof, closed(), ended(), stop]),
    )
    expect(choices[0]?.parts).toMatchObject([
      { type: 'reasoning', text: '', signature: { dialect: 'anthropic-messages', value: 'Er' } },
    ])
  })

  test('a tool that the provider ran is kept whole, its input joined', async () => {
    const use = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
    const pieces = ['{"query":', '"cats"}'].map((partial_json) =>
      delta({ type: 'input_json_delta', partial_json }),
    )
    const events = await eventsOf([start, opened(use), ...pieces, closed(), ended(), stop])
    expect(events.find(({ type }) => type === 'native-part')).toMatchObject({
      part: { ...use, input: { query: 'cats' } },
    })
  })

  test.each([
    ['overloaded_error', 'PROVIDER_UNAVAILABLE'],
    ['rate_limit_error', 'PROVIDER_RATE_LIMITED'],
    ['api_error', 'PROVIDER_ERROR'],
  ])('an event of an error is a failure: %s', async (type, code) => {
    const error = { type: 'error', error: { type, message: 'x' } }
    await expect(eventsOf([start, ...text, error])).rejects.toMatchObject({ code })
  })

  test('a refusal has its explanation', async () => {
    const refused = {
      type: 'message_delta',
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', explanation: 'No.' } },
      usage: { output_tokens: 1 },
    }
    const { choices, extra } = await collect(await eventsOf([start, refused, stop]))
    expect(choices[0]).toMatchObject({
      refusal: 'No.',
      content: null,
      finishReason: { unified: 'content_filter' },
    })
    expect(extra?.members).toEqual({ stop_details: { type: 'refusal', explanation: 'No.' } })
  })
})

describe('a whole answer', () => {
  test.each([[null], ['text'], [[]], [{}], [{ type: 'message' }]])('%j is none', (body) => {
    expect(() => decodeMessageBody(body)).toThrow(/without choices/)
  })

  test('may be a failure under status 200', () => {
    const body = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    expect(() => decodeMessageBody(body)).toThrow(/overloaded/)
  })
})
