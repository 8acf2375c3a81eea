import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { collect } from '../../src/protocol/collect.ts'
import { isContent, type ChatEvent } from '../../src/protocol/event.ts'

const stop = (choice: number): ChatEvent => ({
  type: 'finish',
  choice,
  reason: { unified: 'stop', raw: 'stop' },
})

describe('collect', () => {
  test('joins the deltas of several choices, each in its own order', async () => {
    const answer = await collect([
      { type: 'response-start', id: 'up_1', model: 'm-2026' },
      { type: 'text-delta', choice: 1, text: 'b' },
      { type: 'text-delta', choice: 0, text: 'a' },
      {
        type: 'reasoning-delta',
        choice: 0,
        text: 'think',
        signature: { dialect: 'd', value: 's' },
      },
      { type: 'text-delta', choice: 1, text: 'B' },
      { type: 'refusal-delta', choice: 2, text: 'No' },
      { type: 'refusal-delta', choice: 2, text: '.' },
      stop(1),
      stop(0),
      stop(2),
    ])
    expect(answer).toMatchObject({ upstreamId: 'up_1', upstreamModel: 'm-2026' })
    expect(answer.choices).toMatchObject([
      {
        index: 0,
        parts: [
          { type: 'text', text: 'a' },
          { type: 'reasoning', text: 'think', signature: { dialect: 'd', value: 's' } },
        ],
        content: 'a',
        reasoning: 'think',
        refusal: null,
      },
      { index: 1, content: 'bB', reasoning: null },
      { index: 2, content: null, refusal: 'No.' },
    ])
  })

  test('does not mix members that two dialects know', async () => {
    const extra = (dialect: string, members: Record<string, unknown>): ChatEvent[] => [
      { type: 'extra', dialect, members },
      { type: 'extra', dialect, choice: 0, place: 'message', members },
      { type: 'extra', dialect, choice: 0, place: 'choice', members },
    ]
    const answer = await collect([
      ...extra('one', { a: 1 }),
      ...extra('two', { a: 2, b: 2 }),
      ...extra('one', { c: 3 }),
      stop(0),
    ])
    const members = { a: 1, c: 3 }
    expect(answer.extra).toEqual({ dialect: 'one', members })
    expect(answer.choices[0]?.extra).toEqual({ dialect: 'one', message: members, choice: members })
  })

  test('joins the arguments of parallel tool calls by their index', async () => {
    const start = (index: number): ChatEvent => ({
      type: 'tool-call-start',
      choice: 0,
      index,
      id: `call_${index}`,
      kind: 'function',
      name: `f${index}`,
    })
    const piece = (index: number, argumentsDelta: string): ChatEvent => ({
      type: 'tool-call-delta',
      choice: 0,
      index,
      argumentsDelta,
    })
    const answer = await collect([
      start(0),
      piece(0, '{"a"'),
      start(1),
      piece(1, '{}'),
      piece(0, ':1}'),
    ])
    expect(answer.choices[0]?.toolCalls).toEqual([
      { id: 'call_0', kind: 'function', name: 'f0', arguments: '{"a":1}' },
      { id: 'call_1', kind: 'function', name: 'f1', arguments: '{}' },
    ])
  })

  test('keeps the last usage report, never the sum', async () => {
    const answer = await collect([
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 1, estimated: false } },
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 5, estimated: false } },
    ])
    expect(answer.usage).toMatchObject({ outputTokens: 5 })
  })

  test('joins log probabilities, annotations, sound and members that only one dialect knows', async () => {
    const token = (text: string) => ({ token: text, logprob: -1, bytes: null, topLogprobs: [] })
    const answer = await collect([
      { type: 'text-delta', choice: 0, text: 'a', logprobs: [token('a')] },
      { type: 'text-delta', choice: 0, text: 'b', logprobs: [token('b')] },
      { type: 'annotations', choice: 0, annotations: [{ dialect: 'd', raw: 1 }] },
      { type: 'annotations', choice: 0, annotations: [{ dialect: 'd', raw: 2 }] },
      { type: 'audio', choice: 0, audio: { id: 'x', data: 'AA', transcript: 'he' } },
      { type: 'audio', choice: 0, audio: { data: 'BB', transcript: 'y', expires_at: 1 } },
      { type: 'extra', dialect: 'd', members: { tier: 'a', list: [1] } },
      { type: 'extra', dialect: 'd', members: { tier: 'b', list: [2] } },
      { type: 'extra', dialect: 'd', choice: 0, place: 'choice', members: { native: 'x' } },
      { type: 'warning', message: 'w' },
    ])
    expect(answer.choices[0]).toMatchObject({
      logprobs: { content: [{ token: 'a' }, { token: 'b' }], refusal: null },
      annotations: [
        { dialect: 'd', raw: 1 },
        { dialect: 'd', raw: 2 },
      ],
      audio: { id: 'x', data: 'AABB', transcript: 'hey', expires_at: 1 },
      extra: { dialect: 'd', message: {}, choice: { native: 'x' } },
    })
    expect(answer.extra).toEqual({ dialect: 'd', members: { tier: 'b', list: [1, 2] } })
    expect(answer.warnings).toEqual(['w'])
  })

  test('throws the error that ends a failed answer', async () => {
    const error = new GatewayError({ code: 'UPSTREAM_TRUNCATED', message: 'cut' })
    const settlement = { requestId: 'r', status: 'failed' as const, attempts: [] }
    await expect(
      collect([
        { type: 'text-delta', choice: 0, text: 'a' },
        { type: 'error', error, settlement },
      ]),
    ).rejects.toBe(error)
  })
})

test('an answer belongs to its deployment from the first event that a client could see', () => {
  const seen: [ChatEvent, boolean][] = [
    [{ type: 'response-start' }, false],
    [{ type: 'text-delta', choice: 0, text: '' }, false],
    [{ type: 'usage', usage: { estimated: false } }, false],
    [{ type: 'warning', message: 'w' }, false],
    [{ type: 'text-delta', choice: 0, text: 'a' }, true],
    [{ type: 'reasoning-delta', choice: 0, text: 'a' }, true],
    [{ type: 'tool-call-start', choice: 0, index: 0, id: 'i', kind: 'function', name: 'f' }, true],
    [stop(0), true],
  ]
  expect(seen.map(([event]) => isContent(event))).toEqual(seen.map(([, expected]) => expected))
})
