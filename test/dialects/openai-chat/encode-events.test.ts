import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Chunk, createChunkEncoder } from '../../../src/dialects/openai-chat/encode-events.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { ChatEvent, FinishReason } from '../../../src/protocol/event.ts'
import type { Settlement } from '../../../src/protocol/settlement.ts'
import type { Usage } from '../../../src/protocol/usage.ts'

type Members = Record<string, unknown>

const context = { id: 'chatcmpl-1', created: 7, model: 'openai/gpt-4o-mini' }
const head = { ...context, object: 'chat.completion.chunk' }
const settlement: Settlement = { requestId: 'r', status: 'succeeded', attempts: [] }
const end: ChatEvent = { type: 'end', settlement }
const stop: ChatEvent = { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } }
const hello: ChatEvent = { type: 'text-delta', choice: 0, text: 'Hello' }
const usage: Usage = { inputTokens: 3, outputTokens: 4, estimated: false }
const counts = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

function encode(events: ChatEvent[], includeUsage = false): Chunk[] {
  return events.flatMap(createChunkEncoder({ ...context, includeUsage }))
}

/** The choices of all chunks but the opening one of each choice. */
function choices(events: ChatEvent[]): unknown[] {
  return encode(events)
    .flatMap((chunk) => chunk['choices'])
    .filter(
      (choice) => ![opening(0), opening(0, null)].some((each) => isDeepStrictEqual(each, choice)),
    )
}

function opening(index: number, content: '' | null = ''): unknown {
  return { index, finish_reason: null, delta: { role: 'assistant', content } }
}

function delta(members: Members, beside: Members = {}): Members {
  return { index: 0, finish_reason: null, delta: members, ...beside }
}

describe('chunks for a client', () => {
  it('open with the role, carry the text and close with the reason', () => {
    expect(encode([{ type: 'response-start', id: 'up-1', model: 'm' }, hello, stop, end])).toEqual([
      { ...head, choices: [opening(0)] },
      { ...head, choices: [delta({ content: 'Hello' })] },
      { ...head, choices: [delta({}, { finish_reason: 'stop' })] },
    ])
  })

  it('are made one event at a time', () => {
    const next = createChunkEncoder({ ...context, includeUsage: false })
    expect(next(hello)).toHaveLength(2)
    expect(next(hello)).toHaveLength(1)
    expect(next({ type: 'tool-call-end', choice: 0, index: 0 })).toEqual([])
    expect(next(stop)).toHaveLength(1)
    expect(next(end)).toEqual([])
  })

  it('open each choice by itself', () => {
    const other: ChatEvent = { type: 'text-delta', choice: 1, text: 'Hi' }
    expect(choices([hello, other, hello])).toEqual([
      delta({ content: 'Hello' }),
      opening(1),
      { ...delta({ content: 'Hi' }), index: 1 },
      delta({ content: 'Hello' }),
    ])
  })

  it('open a choice with null content where a call or a refusal comes first', () => {
    const call: ChatEvent = {
      type: 'tool-call-start',
      choice: 0,
      index: 0,
      id: 'call_1',
      kind: 'function',
      name: 'f',
    }
    const refusal: ChatEvent = { type: 'refusal-delta', choice: 0, text: 'No.' }
    for (const first of [call, refusal]) {
      expect(encode([first])[0]).toEqual({ ...head, choices: [opening(0, null)] })
    }
  })

  it('open a choice that says nothing', () => {
    expect(encode([{ type: 'text-delta', choice: 0, text: '' }])).toEqual([
      { ...head, choices: [opening(0)] },
    ])
    expect(encode([stop])).toHaveLength(2)
  })

  const said: [name: string, event: ChatEvent, expected: unknown][] = [
    [
      'reasoning',
      { type: 'reasoning-delta', choice: 0, text: 'hm' },
      delta({ reasoning_content: 'hm' }),
    ],
    ['a refusal', { type: 'refusal-delta', choice: 0, text: 'No.' }, delta({ refusal: 'No.' })],
    [
      'annotations',
      {
        type: 'annotations',
        choice: 0,
        annotations: [{ dialect: 'openai-chat', raw: { type: 'url_citation' } }],
      },
      delta({ annotations: [{ type: 'url_citation' }] }),
    ],
    [
      'speech',
      { type: 'audio', choice: 0, audio: { data: 'AA' } },
      delta({ audio: { data: 'AA' } }),
    ],
    [
      'log probabilities',
      {
        type: 'text-delta',
        choice: 0,
        text: '',
        logprobs: [
          {
            token: 'a',
            logprob: -1,
            bytes: [97],
            topLogprobs: [{ token: 'b', logprob: -2, bytes: null }],
          },
        ],
      },
      delta(
        { content: '' },
        {
          logprobs: {
            content: [
              {
                token: 'a',
                logprob: -1,
                bytes: [97],
                top_logprobs: [{ token: 'b', logprob: -2, bytes: null }],
              },
            ],
            refusal: null,
          },
        },
      ),
    ],
    [
      'log probabilities of a refusal',
      {
        type: 'refusal-delta',
        choice: 0,
        text: 'No',
        logprobs: [{ token: 'No', logprob: 0, bytes: null, topLogprobs: [] }],
      },
      delta(
        { refusal: 'No' },
        {
          logprobs: {
            content: null,
            refusal: [{ token: 'No', logprob: 0, bytes: null, top_logprobs: [] }],
          },
        },
      ),
    ],
  ]
  it.each(said)('carry %s', (_name, event, expected) => {
    expect(choices([event])).toEqual([expected])
  })

  it('say nothing of an empty thought', () => {
    expect(encode([{ type: 'reasoning-delta', choice: 0, text: '' }])).toEqual([])
  })

  it('say nothing of what goes on inside the gateway', () => {
    const error = new GatewayError({ code: 'PROVIDER_ERROR', message: 'x' })
    const attempt = { number: 1, provider: 'openai', model: 'openai/m' }
    const failed = { ...attempt, status: 'failed', startedAt: new Date(0), latencyMs: 1 } as const
    expect(
      encode([
        { type: 'attempt-start', ...attempt },
        { type: 'attempt-failed', attempt: failed },
        { type: 'error', error, settlement },
      ]),
    ).toEqual([])
  })
})

describe('tool calls in chunks', () => {
  const call = (kind: 'function' | 'custom' | 'function_call'): ChatEvent[] => [
    { type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', kind, name: 'f' },
    { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"a"' },
    { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: ':1}' },
    { type: 'tool-call-end', choice: 0, index: 0 },
    { type: 'finish', choice: 0, reason: { unified: 'tool_calls', raw: 'x' } },
  ]

  it('open with all but the arguments', () => {
    const opened = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'f', arguments: '' },
    }
    expect(choices(call('function'))).toEqual([
      delta({ tool_calls: [opened] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      delta({}, { finish_reason: 'tool_calls' }),
    ])
  })

  it('may be of custom tools', () => {
    expect(choices(call('custom'))).toEqual([
      delta({
        tool_calls: [{ index: 0, id: 'call_1', type: 'custom', custom: { name: 'f', input: '' } }],
      }),
      delta({ tool_calls: [{ index: 0, custom: { input: '{"a"' } }] }),
      delta({ tool_calls: [{ index: 0, custom: { input: ':1}' } }] }),
      delta({}, { finish_reason: 'tool_calls' }),
    ])
  })

  it('may be the deprecated single call', () => {
    expect(choices(call('function_call'))).toEqual([
      delta({ function_call: { name: 'f', arguments: '' } }),
      delta({ function_call: { arguments: '{"a"' } }),
      delta({ function_call: { arguments: ':1}' } }),
      delta({}, { finish_reason: 'function_call' }),
    ])
  })

  it('show what other vendors add, but never over their own members', () => {
    const [start] = call('function')
    if (start?.type !== 'tool-call-start') throw new Error('no call')
    const members = { extra_content: { google: {} }, index: 9, id: 'other' }
    const extra = { dialect: 'openai-chat', members }
    expect(choices([{ ...start, extra }])).toEqual([
      delta({
        tool_calls: [
          {
            extra_content: { google: {} },
            index: 0,
            id: 'call_1',
            type: 'function',
            function: { name: 'f', arguments: '' },
          },
        ],
      }),
    ])
  })
})

describe('the finish reason in a chunk', () => {
  const cases: [reason: FinishReason, word: string][] = [
    [{ unified: 'stop', raw: 'end_turn' }, 'stop'],
    [{ unified: 'length', raw: 'max_tokens' }, 'length'],
    [{ unified: 'tool_calls', raw: 'stop' }, 'tool_calls'],
    [{ unified: 'content_filter' }, 'content_filter'],
    [{ unified: 'refusal', raw: 'refusal' }, 'stop'],
    [{ unified: 'cancelled' }, 'stop'],
    [{ unified: 'error', raw: 'error' }, 'stop'],
    [{ unified: 'other', raw: 'eos' }, 'stop'],
    [{ unified: 'other', raw: 'length' }, 'length'],
    [{ unified: 'other' }, 'stop'],
  ]
  it.each(cases)('%j is %s', (reason, word) => {
    expect(choices([{ type: 'finish', choice: 0, reason }])).toEqual([
      delta({}, { finish_reason: word }),
    ])
  })
})

describe('the end of the chunks', () => {
  it('is the usage, where the client asked for it; all others have null', () => {
    const chunks = encode([hello, { type: 'usage', usage }, stop, end], true)
    expect(chunks.slice(0, -1).map((chunk) => chunk['usage'])).toEqual([null, null, null])
    expect(chunks.at(-1)).toEqual({ ...head, choices: [], usage: counts })
  })

  it('has the usage of the last report, else that of the settlement', () => {
    const later = { ...usage, outputTokens: 9 }
    const reports: ChatEvent[] = [
      { type: 'usage', usage },
      { type: 'usage', usage: later },
    ]
    expect(encode([...reports, end], true)).toMatchObject([{ usage: { completion_tokens: 9 } }])
    const settled: ChatEvent = { type: 'end', settlement: { ...settlement, usage } }
    expect(encode([settled], true)).toMatchObject([{ usage: counts }])
  })

  it('is nothing where the usage is unknown or was not asked for', () => {
    expect(encode([stop, end], true)).toHaveLength(2)
    const chunks = encode([{ type: 'usage', usage }, stop, end])
    expect(chunks).toHaveLength(2)
    for (const chunk of chunks) expect(chunk).not.toHaveProperty('usage')
  })

  const warnings: ChatEvent[] = [
    { type: 'warning', message: 'seed was ignored' },
    { type: 'warning', message: 'n was ignored' },
  ]
  const told = { warnings: ['seed was ignored', 'n was ignored'] }

  it('carries the warnings in the usage chunk', () => {
    const chunks = encode([...warnings, stop, { type: 'usage', usage }, end], true)
    expect(chunks.filter((chunk) => 'xrouter' in chunk)).toEqual([
      { ...head, choices: [], usage: counts, xrouter: told },
    ])
    expect(chunks.at(-1)).toHaveProperty('xrouter')
  })

  it('carries the warnings in a chunk of their own where there is no usage chunk', () => {
    expect(encode([...warnings, stop, end]).at(-1)).toEqual({ ...head, choices: [], xrouter: told })
    expect(encode([...warnings, stop, end], true).at(-1)).toEqual({
      ...head,
      choices: [],
      usage: null,
      xrouter: told,
    })
  })
})

describe('members that only this dialect knows', () => {
  const dialect = 'openai-chat'
  const inMessage = (members: Record<string, unknown>): ChatEvent => {
    return { type: 'extra', dialect, choice: 0, place: 'message', members }
  }
  const inChoice = (members: Record<string, unknown>): ChatEvent => {
    return { type: 'extra', dialect, choice: 0, place: 'choice', members }
  }

  it('stand in the chunk of what they came with', () => {
    const native = inChoice({ native_finish_reason: 'STOP' })
    expect(choices([inMessage({ channel: 'analysis' }), hello, native, stop])).toEqual([
      delta({ channel: 'analysis', content: 'Hello' }),
      delta({}, { native_finish_reason: 'STOP', finish_reason: 'stop' }),
    ])
  })

  it('are never merged when they come twice', () => {
    expect(choices([inMessage({ a: 'x' }), inMessage({ a: 'y', b: 1 }), hello])).toEqual([
      delta({ a: 'x' }),
      delta({ a: 'y', b: 1, content: 'Hello' }),
    ])
  })

  it('are sent on their own when nothing follows', () => {
    const late = [hello, stop, inMessage({ a: 1 }), inChoice({ b: 2 }), end]
    expect(choices(late).at(-1)).toEqual(delta({ a: 1 }, { b: 2 }))
  })

  it('never stand over the members that we set', () => {
    const sly = [inMessage({ content: 'x' }), inChoice({ index: 9, finish_reason: 'x' }), hello]
    expect(choices(sly)[0]).toMatchObject({ delta: { content: 'Hello' } })
    const top: ChatEvent = { type: 'extra', dialect, members: { id: 'x', choices: 'x' } }
    expect(encode([top, hello])[0]).toEqual({ ...head, choices: [opening(0)] })
  })

  it('stand on every chunk when they are plain, and once when they are not', () => {
    const members = { service_tier: 'default', prompt_filter_results: [{}] }
    const changed: ChatEvent = { type: 'extra', dialect, members: { service_tier: 'flex' } }
    const chunks = encode([{ type: 'extra', dialect, members }, hello, changed, stop])
    expect(chunks).toMatchObject([
      { service_tier: 'default', prompt_filter_results: [{}] },
      { service_tier: 'default' },
      { service_tier: 'flex' },
    ])
    expect(chunks[1]).not.toHaveProperty('prompt_filter_results')
  })

  it('stand on no later chunk once they are plain no more', () => {
    const plain: ChatEvent = { type: 'extra', dialect, members: { x_groq: 'a' } }
    const more: ChatEvent = { type: 'extra', dialect, members: { x_groq: { id: 'b' } } }
    const chunks = encode([plain, hello, more, hello, stop])
    expect(chunks.map((chunk) => chunk['x_groq'])).toEqual(['a', 'a', { id: 'b' }, undefined])
  })

  it('of the answer come in a last chunk when nothing follows', () => {
    const late: ChatEvent = { type: 'extra', dialect, members: { moderation: { a: 1 } } }
    expect(encode([hello, stop, { type: 'usage', usage }, late, end]).at(-1)).toEqual({
      ...head,
      choices: [],
      moderation: { a: 1 },
    })
  })

  it('of the answer are never merged when they come twice', () => {
    const moderation = (verdict: number): ChatEvent => {
      return { type: 'extra', dialect, members: { moderation: { verdict } } }
    }
    expect(encode([moderation(1), moderation(2), end])).toMatchObject([
      { choices: [], moderation: { verdict: 1 } },
      { choices: [], moderation: { verdict: 2 } },
    ])
  })

  it('of a usage chunk for which the client did not ask are left out with it', () => {
    const late: ChatEvent = { type: 'extra', dialect, members: { time_info: { total: 1 } } }
    const events: ChatEvent[] = [hello, stop, late, { type: 'usage', usage }, end]
    expect(encode(events)).toHaveLength(3)
    expect(encode(events, true).at(-1)).toMatchObject({ time_info: { total: 1 }, usage: counts })
  })

  it('of other dialects are not shown', () => {
    const foreign: ChatEvent[] = [
      { type: 'extra', dialect: 'gemini', members: { safety: 1 } },
      { type: 'extra', dialect: 'gemini', choice: 0, place: 'message', members: { parts: 1 } },
    ]
    expect(JSON.stringify(encode([...foreign, hello, stop, end]))).not.toMatch(/safety|parts/)
  })
})
