import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { ResponseToolCall } from '../../../src/protocol/response.ts'
import { word } from './arbitraries.ts'
import { chunk, contentOf, delta, finish, type Members } from './wire.ts'

const calls = (...items: unknown[]): Members => delta({ tool_calls: items })
const called = (id: string, name: string, written: string | null): Members => ({
  id,
  type: 'function',
  function: { name, arguments: written },
})
const piece = (written: unknown): Members => ({ function: { arguments: written } })
const call = (id: string, name: string, written: string): ResponseToolCall => ({
  id,
  kind: 'function',
  name,
  arguments: written,
})

async function callsOf(frames: Members[]): Promise<ResponseToolCall[]> {
  const { choices } = await collect(await contentOf([...frames, finish('tool_calls')]))
  return choices.flatMap((choice) => choice.toolCalls)
}

describe('tool calls in a stream', () => {
  it('open, grow and end in order', async () => {
    const frames = [
      calls({ index: 0, ...called('call_a', 'add', '') }),
      calls({ index: 0, ...piece('{"a"') }),
      calls({ index: 0, ...piece(':1}') }),
      calls({ index: 1, ...called('call_b', 'now', '') }),
      calls({ index: 1, ...piece('{}') }),
      finish('tool_calls'),
    ]
    const expected: ChatEvent[] = [
      { type: 'tool-call-start', choice: 0, index: 0, id: 'call_a', kind: 'function', name: 'add' },
      { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"a"' },
      { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: ':1}' },
      { type: 'tool-call-end', choice: 0, index: 0 },
      { type: 'tool-call-start', choice: 0, index: 1, id: 'call_b', kind: 'function', name: 'now' },
      { type: 'tool-call-delta', choice: 0, index: 1, argumentsDelta: '{}' },
      { type: 'tool-call-end', choice: 0, index: 1 },
      { type: 'finish', choice: 0, reason: { unified: 'tool_calls', raw: 'tool_calls' } },
    ]
    expect(await contentOf(frames)).toEqual(expected)
  })

  const variants: [name: string, frames: Members[], expected: ResponseToolCall[]][] = [
    [
      'the role and the call in one delta',
      [delta({ role: 'assistant', tool_calls: [{ index: 0, ...called('a', 'f', '{}') }] })],
      [call('a', 'f', '{}')],
    ],
    [
      'an index that starts at 1',
      [calls({ index: 1, ...called('a', 'f', '') }), calls({ index: 1, ...piece('{}') })],
      [call('a', 'f', '{}')],
    ],
    [
      'a repeated id, type and name',
      [
        calls({ index: 0, ...called('a', 'f', '{') }),
        calls({ index: 0, ...called('a', 'f', '}') }),
      ],
      [call('a', 'f', '{}')],
    ],
    [
      'an id that changes from piece to piece',
      [calls({ index: 0, ...called('a', 'f', '{') }), calls({ index: 0, id: 'b', ...piece('}') })],
      [call('a', 'f', '{}')],
    ],
    [
      'null and empty arguments',
      [
        calls({ index: 0, ...called('a', 'f', null) }),
        calls({ index: 0, ...piece(null) }),
        calls({ index: 0, ...piece('') }),
      ],
      [call('a', 'f', '{}')],
    ],
    [
      'arguments as an object',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: { a: 1 } } })],
      [call('a', 'f', '{"a":1}')],
    ],
    [
      'all calls whole in one delta',
      [
        calls(
          { index: 0, ...called('a', 'f', '{}') },
          { index: 1, ...called('b', 'g', '{"x":2}') },
        ),
      ],
      [call('a', 'f', '{}'), call('b', 'g', '{"x":2}')],
    ],
    [
      'pieces of two calls in turn',
      [
        calls({ index: 0, ...called('a', 'f', '{') }, { index: 1, ...called('b', 'g', '[') }),
        calls({ index: 0, ...piece('}') }, { index: 1, ...piece(']') }),
      ],
      [call('a', 'f', '{}'), call('b', 'g', '[]')],
    ],
    [
      'one index for all calls',
      [
        calls({ index: 0, ...called('a', 'f', '{}') }),
        calls({ index: 0, ...called('b', 'g', '{}') }),
      ],
      [call('a', 'f', '{}'), call('b', 'g', '{}')],
    ],
    [
      'no index, pieces known by their id',
      [
        calls(called('a', 'f', '{')),
        calls(called('b', 'g', '[')),
        calls({ id: 'a', ...piece('}') }, { id: 'b', ...piece(']') }),
      ],
      [call('a', 'f', '{}'), call('b', 'g', '[]')],
    ],
    [
      'no index and no id: pieces belong to the last call',
      [calls(called('a', 'f', '{')), calls(piece('}')), calls(called('b', 'g', '{}'))],
      [call('a', 'f', '{}'), call('b', 'g', '{}')],
    ],
    [
      'a name that comes after the id and the first arguments',
      [
        calls({ index: 0, id: 'a', function: { arguments: '{' } }),
        calls({ index: 0, function: { name: 'f', arguments: '}' } }),
      ],
      [call('a', 'f', '{}')],
    ],
    [
      'a call without a name',
      [calls({ index: 0, id: 'a', function: { arguments: '{}' } })],
      [call('a', '', '{}')],
    ],
    [
      'custom tools',
      [
        calls({ index: 0, id: 'a', type: 'custom', custom: { name: 'sh', input: '' } }),
        calls({ index: 0, custom: { input: 'ls' } }),
      ],
      [{ id: 'a', kind: 'custom', name: 'sh', arguments: 'ls' }],
    ],
    [
      'the deprecated single call',
      [
        delta({ function_call: { name: 'f', arguments: '' } }),
        delta({ function_call: { arguments: '{}' } }),
      ],
      [{ id: '', kind: 'function_call', name: 'f', arguments: '{}' }],
    ],
    [
      'members of other vendors',
      [calls({ index: 0, ...called('a', 'f', '{}'), extra_content: { google: {} }, x: null })],
      [
        {
          ...call('a', 'f', '{}'),
          extra: { dialect: 'openai-chat', members: { extra_content: { google: {} } } },
        },
      ],
    ],
    ['null, and what is no call', [calls(null, 1), delta({ tool_calls: null })], []],
  ]
  it.each(variants)('with %s', async (_name, frames, expected) => {
    expect(await callsOf(frames)).toEqual(expected)
  })

  it('without arguments stay without them where the answer was cut', async () => {
    const frames = [calls({ index: 0, ...called('a', 'f', '') }), finish('length')]
    const { choices } = await collect(await contentOf(frames))
    expect(choices[0]?.toolCalls).toEqual([call('a', 'f', '')])
  })

  it('get an id of their own where the upstream gives none', async () => {
    const first = { index: 0, function: { name: 'f', arguments: '{}' } }
    const made = await callsOf([calls(first, { ...first, index: 1, id: '' })])
    const ids = made.map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{24}$/)
  })

  it('belong to their choice', async () => {
    const { choices } = await collect(
      await contentOf([
        chunk([
          { index: 0, delta: { tool_calls: [{ index: 0, ...called('a', 'f', '{') }] } },
          { index: 1, delta: { tool_calls: [{ index: 0, ...called('b', 'g', '[') }] } },
        ]),
        chunk([
          { index: 1, delta: { tool_calls: [{ index: 0, ...piece(']') }] } },
          { index: 0, delta: { tool_calls: [{ index: 0, ...piece('}') }] } },
        ]),
        chunk([
          { index: 0, delta: {}, finish_reason: 'tool_calls' },
          { index: 1, delta: {}, finish_reason: 'tool_calls' },
        ]),
      ]),
    )
    expect(choices.map(({ toolCalls }) => toolCalls)).toEqual([
      [call('a', 'f', '{}')],
      [call('b', 'g', '[]')],
    ])
  })

  const ends: [raw: string, unified: string][] = [
    ['stop', 'tool_calls'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
  ]
  it.each(ends)('and the finish reason %s end a choice with %s', async (raw, unified) => {
    const frames = [calls({ index: 0, ...called('a', 'f', '{}') }), finish(raw)]
    expect((await contentOf(frames)).at(-1)).toMatchObject({ reason: { unified, raw } })
  })

  it('end a choice for which nobody gave a reason', async () => {
    const frames = [calls({ index: 0, ...called('a', 'f', '{}') }), '[DONE]']
    expect((await contentOf(frames)).slice(-2)).toEqual([
      { type: 'tool-call-end', choice: 0, index: 0 },
      { type: 'finish', choice: 0, reason: { unified: 'tool_calls' } },
    ])
  })
})

/** A call and the places at which its arguments are cut. */
const cutCall = fc.record({
  id: fc.uuid(),
  name: word,
  pieces: fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 6 }),
})

it('arguments survive any fragmentation, from any first index', async () => {
  const several = fc.array(cutCall, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(several, fc.nat(3), async (made, from) => {
      const frames = made.flatMap(({ id, name, pieces }, position) => [
        calls({ index: from + position, ...called(id, name, '') }),
        ...pieces.map((written) => calls({ index: from + position, ...piece(written) })),
      ])
      const expected = made.map(({ id, name, pieces }) => call(id, name, pieces.join('') || '{}'))
      expect(await callsOf(frames)).toEqual(expected)
    }),
  )
})

it('every call is opened once, before its arguments, and ended once, after them', async () => {
  const several = fc.array(cutCall, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(several, async (made) => {
      const frames = made.flatMap(({ id, name, pieces }, index) => [
        calls({ index, ...called(id, name, '') }),
        ...pieces.map((written) => calls({ index, ...piece(written) })),
      ])
      const events = await contentOf([...frames, finish('tool_calls')])
      made.forEach((_, index) => {
        const kinds = events
          .filter((event) => 'index' in event && event.index === index)
          .map(({ type }) => type)
        expect(kinds.at(0)).toBe('tool-call-start')
        expect(kinds.at(-1)).toBe('tool-call-end')
        expect(kinds.slice(1, -1).every((type) => type === 'tool-call-delta')).toBe(true)
      })
    }),
  )
})
