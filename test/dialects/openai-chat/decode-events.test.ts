import { describe, expect, it, vi } from 'vitest'
import { decodeChatEvents } from '../../../src/dialects/openai-chat/decode-events.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { chunk, contentOf, delta, done, eventsOf, finish, type Members, outcomeOf } from './wire.ts'

const usage = { prompt_tokens: 13, completion_tokens: 11, total_tokens: 24 }
const decodedUsage = {
  inputTokens: 13,
  outputTokens: 11,
  totalTokens: 24,
  estimated: false,
  raw: { dialect: 'openai-chat', body: usage },
}
const stop: ChatEvent = { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } }
const text = (written: string): ChatEvent => ({ type: 'text-delta', choice: 0, text: written })

describe('a stream of chunks', () => {
  it('becomes events as OpenAI itself sends it', async () => {
    const start = { role: 'assistant', content: '', refusal: null }
    expect(
      await eventsOf([
        { ...delta(start), usage: null, obfuscation: 'CVQ55' },
        { ...delta({ content: 'Par' }), usage: null, obfuscation: 'E' },
        { ...delta({ content: 'is' }), usage: null },
        { ...finish('stop'), usage: null },
        chunk([], { usage }),
        done,
      ]),
    ).toEqual([
      { type: 'response-start', id: 'chatcmpl-1', model: 'gpt-5-2025-08-07' },
      text('Par'),
      text('is'),
      stop,
      { type: 'usage', usage: decodedUsage },
    ])
  })

  it('keeps several choices apart', async () => {
    const events = await contentOf([
      chunk([
        { index: 0, delta: { content: 'a' } },
        { index: 1, delta: { content: 'x' } },
      ]),
      chunk([{ index: 1, delta: { content: 'y' }, finish_reason: 'length' }]),
      chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    ])
    expect(events).toEqual([
      text('a'),
      { type: 'text-delta', choice: 1, text: 'x' },
      { type: 'text-delta', choice: 1, text: 'y' },
      { type: 'finish', choice: 1, reason: { unified: 'length', raw: 'length' } },
      stop,
    ])
  })

  it('may open anonymously: the answer starts with the frame that names it', async () => {
    const filter = [{ prompt_index: 0 }]
    const empty = { choices: [], created: 0, id: '', model: '', prompt_filter_results: filter }
    expect(await eventsOf([empty, delta({ content: 'a' }), finish('stop')])).toEqual([
      { type: 'extra', dialect: 'openai-chat', members: { prompt_filter_results: filter } },
      { type: 'response-start', id: 'chatcmpl-1', model: 'gpt-5-2025-08-07' },
      text('a'),
      stop,
    ])
  })

  it('starts without a name where the upstream gives none', async () => {
    const frames = [{ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] }]
    expect(await eventsOf(frames)).toEqual([{ type: 'response-start' }, text('a'), stop])
  })

  it('may be one whole answer in a single frame', async () => {
    const whole = { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }
    expect(await contentOf([chunk([whole]), done])).toEqual([text('a'), stop])
  })

  it('drops the cumulative message beside a delta', async () => {
    const frames = [
      delta({ content: 'a' }, { message: { role: 'assistant', content: 'a' } }),
      delta({ content: 'b' }, { message: { role: 'assistant', content: 'ab' } }),
      delta({}, { finish_reason: 'stop', message: { role: 'assistant', content: 'ab' } }),
    ]
    expect(await contentOf(frames)).toEqual([text('a'), text('b'), stop])
  })

  it('stops reading at [DONE] and lets the upstream go', async () => {
    const closed = vi.fn<() => void>()
    async function* endless(): AsyncGenerator<string> {
      try {
        yield JSON.stringify(finish('stop'))
        yield ' [DONE]'
        yield 'never read'
      } finally {
        closed()
      }
    }
    const events: ChatEvent[] = []
    for await (const event of decodeChatEvents(endless())) events.push(event)
    expect(events).toContainEqual(stop)
    expect(closed).toHaveBeenCalledOnce()
  })

  it('yields each frame’s events before it asks for the next frame', async () => {
    let asked = 0
    async function* counting(): AsyncGenerator<string> {
      for (const frame of [delta({ content: 'a' }), delta({ content: 'b' }), finish('stop')]) {
        asked += 1
        yield JSON.stringify(frame)
      }
    }
    const events = decodeChatEvents(counting())
    await events.next()
    expect(await events.next()).toEqual({ done: false, value: text('a') })
    expect(asked).toBe(1)
    await events.return(undefined)
  })
})

describe('the end of a stream', () => {
  const complete: [name: string, frames: (Members | string)[]][] = [
    ['a finish reason and [DONE]', [delta({ content: 'a' }), finish('stop'), done]],
    ['a finish reason alone', [delta({ content: 'a' }), finish('stop')]],
    ['a repeated finish reason', [delta({ content: 'a' }), finish('stop'), finish('stop'), done]],
    [
      'a chunk after the finish',
      [delta({ content: 'a' }), finish('stop'), delta({ role: 'assistant', content: '' })],
    ],
    ['a finish reason with the last text', [delta({ content: 'a' }, { finish_reason: 'stop' })]],
  ]
  it.each(complete)('is complete with %s', async (_name, frames) => {
    expect(await contentOf(frames)).toEqual([text('a'), stop])
  })

  it('is complete with [DONE] alone, for a reason that nobody knows', async () => {
    expect(await contentOf([delta({ content: 'a' }), done])).toEqual([
      text('a'),
      { type: 'finish', choice: 0, reason: { unified: 'other' } },
    ])
  })

  it.each([
    ['[DONE] and nothing else', [done]],
    ['usage and [DONE]', [chunk([], { usage }), done]],
  ])('is no answer with %s', async (_name, frames) => {
    const { error } = await outcomeOf(frames)
    expect(error).toMatchObject({ code: 'PROVIDER_ERROR', failover: true })
  })

  it('takes an empty finish reason for none', async () => {
    const frames = [delta({ content: 'a' }, { finish_reason: '' }), finish('stop')]
    expect(await contentOf(frames)).toEqual([text('a'), stop])
  })

  const truncated: [name: string, frames: (Members | string)[]][] = [
    ['nothing at all', []],
    ['text alone', [delta({ content: 'a' })]],
    ['usage alone', [chunk([], { usage })]],
    [
      'one choice of two finished',
      [
        chunk([
          { index: 0, delta: { content: 'a' }, finish_reason: 'stop' },
          { index: 1, delta: { content: 'b' } },
        ]),
      ],
    ],
  ]
  it.each(truncated)('is a truncation after %s', async (_name, frames) => {
    const { error } = await outcomeOf(frames)
    expect(error).toMatchObject({ code: 'UPSTREAM_TRUNCATED', status: 502, failover: true })
  })

  const reasons: [raw: string, unified: string][] = [
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['eos', 'other'],
    ['constructor', 'other'],
  ]
  it.each(reasons)('has the reason %s, which is %s to us', async (raw, unified) => {
    expect(await contentOf([finish(raw)])).toEqual([
      { type: 'finish', choice: 0, reason: { unified, raw } },
    ])
  })
})

describe('what a stream says besides text', () => {
  const written: [name: string, members: Members, expected: ChatEvent[]][] = [
    ['null content', { content: null }, []],
    ['empty content', { content: '' }, []],
    [
      'refusal',
      { refusal: 'I cannot.' },
      [{ type: 'refusal-delta', choice: 0, text: 'I cannot.' }],
    ],
    [
      'reasoning_content',
      { reasoning_content: 'hm', content: null },
      [{ type: 'reasoning-delta', choice: 0, text: 'hm' }],
    ],
    ['reasoning', { reasoning: 'hm' }, [{ type: 'reasoning-delta', choice: 0, text: 'hm' }]],
    [
      'the same reasoning in both spellings',
      { reasoning: 'hm', reasoning_content: 'hm' },
      [{ type: 'reasoning-delta', choice: 0, text: 'hm' }],
    ],
    [
      'reasoning in one spelling and null in the other',
      { reasoning: null, reasoning_content: 'hm' },
      [{ type: 'reasoning-delta', choice: 0, text: 'hm' }],
    ],
    ['empty reasoning', { reasoning: '', reasoning_content: '' }, []],
    [
      'reasoning before content',
      { content: 'a', reasoning: 'hm' },
      [{ type: 'reasoning-delta', choice: 0, text: 'hm' }, text('a')],
    ],
    [
      'content in parts',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
          { type: 'reference', reference_ids: [1] },
        ],
      },
      [
        { type: 'reasoning-delta', choice: 0, text: 'hm' },
        text('a'),
        {
          type: 'extra',
          dialect: 'openai-chat',
          choice: 0,
          place: 'message',
          members: { content_parts: [{ type: 'reference', reference_ids: [1] }] },
        },
      ],
    ],
    [
      'annotations',
      { annotations: [{ type: 'url_citation' }] },
      [
        {
          type: 'annotations',
          choice: 0,
          annotations: [{ dialect: 'openai-chat', raw: { type: 'url_citation' } }],
        },
      ],
    ],
    ['no annotations', { annotations: [] }, []],
    [
      'audio',
      { audio: { id: 'audio_1', data: 'AA' } },
      [{ type: 'audio', choice: 0, audio: { id: 'audio_1', data: 'AA' } }],
    ],
    [
      'members of other vendors, first of all',
      { content: 'a', channel: 'analysis', reasoning_details: [{ type: 't' }], gone: null },
      [
        {
          type: 'extra',
          dialect: 'openai-chat',
          choice: 0,
          place: 'message',
          members: { channel: 'analysis', reasoning_details: [{ type: 't' }] },
        },
        text('a'),
      ],
    ],
  ]
  it.each(written)('%s', async (_name, members, expected) => {
    expect(await contentOf([delta(members), finish('stop')])).toEqual([...expected, stop])
  })

  it('keeps unknown members of a choice', async () => {
    const frame = delta({}, { finish_reason: 'stop', native_finish_reason: 'STOP', seed: null })
    expect(await contentOf([frame])).toEqual([
      {
        type: 'extra',
        dialect: 'openai-chat',
        choice: 0,
        place: 'choice',
        members: { native_finish_reason: 'STOP' },
      },
      stop,
    ])
  })

  it('says members of the answer once, and again when they change', async () => {
    const events = await contentOf([
      { ...delta({ content: 'a' }), service_tier: 'auto', system_fingerprint: null, p: 'xx' },
      { ...delta({ content: 'b' }), service_tier: 'auto', citations: ['u'] },
      { ...finish('stop'), service_tier: 'default', citations: ['u'], x_groq: { id: 'r' } },
    ])
    const members = events.flatMap((event) => (event.type === 'extra' ? [event.members] : []))
    expect(members).toEqual([
      { service_tier: 'auto' },
      { citations: ['u'] },
      { service_tier: 'default', x_groq: { id: 'r' } },
    ])
  })

  it('puts log probabilities to the text they belong to', async () => {
    const token = { token: 'Hi', logprob: -0.1, bytes: [72, 105] }
    const logprobs = { content: [{ ...token, top_logprobs: [token] }], refusal: null }
    const decoded = [{ ...token, topLogprobs: [token] }]
    expect(
      await contentOf([
        delta({ content: 'Hi' }, { logprobs }),
        delta({}, { logprobs }),
        delta({ refusal: 'No' }, { logprobs: { content: null, refusal: logprobs.content } }),
        delta({}, { finish_reason: 'stop', logprobs: { content: [], refusal: null } }),
      ]),
    ).toEqual([
      { type: 'text-delta', choice: 0, text: 'Hi', logprobs: decoded },
      { type: 'text-delta', choice: 0, text: '', logprobs: decoded },
      { type: 'refusal-delta', choice: 0, text: 'No', logprobs: decoded },
      stop,
    ])
  })

  it('reads log probabilities that are not whole', async () => {
    const logprobs = { content: [{ logprob: null }, 'x'] }
    expect((await contentOf([delta({ content: 'a' }, { logprobs }), done]))[0]).toEqual({
      type: 'text-delta',
      choice: 0,
      text: 'a',
      logprobs: [{ token: '', logprob: -9999, bytes: null, topLogprobs: [] }],
    })
  })

  it('keeps log probabilities in another vendor’s form as they are', async () => {
    const logprobs = { tokens: ['a'], token_logprobs: [-1] }
    expect((await contentOf([delta({ content: 'a' }, { logprobs }), done]))[1]).toEqual({
      type: 'extra',
      dialect: 'openai-chat',
      choice: 0,
      place: 'choice',
      members: { logprobs },
    })
  })
})

describe('usage in a stream', () => {
  const reports = (events: ChatEvent[]): unknown[] =>
    events.flatMap((event) => (event.type === 'usage' ? [event.usage.raw?.body] : []))
  const more = { prompt_tokens: 13, completion_tokens: 12, total_tokens: 25 }

  const cases: [name: string, frames: (Members | string)[], expected: unknown[]][] = [
    ['in the finish chunk', [{ ...finish('stop'), usage }], [usage]],
    ['after the finish', [finish('stop'), chunk([], { usage }), done], [usage]],
    [
      'before a last chunk without it',
      [finish('stop'), chunk([], { usage }), chunk([], { usage: null, moderation: {} })],
      [usage],
    ],
    [
      'twice, beside and inside a vendor’s member',
      [{ ...finish('stop'), usage, x_groq: { usage } }, chunk([], { usage })],
      [usage],
    ],
    ['inside a vendor’s member alone', [{ ...finish('stop'), x_groq: { usage } }], [usage]],
    [
      'cumulative in every chunk: each is the whole so far',
      [
        { ...delta({ content: 'a' }), usage },
        { ...finish('stop'), usage: more },
      ],
      [usage, more],
    ],
    ['empty', [{ ...finish('stop'), usage: {} }], []],
  ]
  it.each(cases)('%s', async (_name, frames, expected) => {
    expect(reports(await eventsOf(frames))).toEqual(expected)
  })
})

describe('a failure amid a stream', () => {
  const cases: [name: string, frame: Members | string, code: string][] = [
    [
      'OpenAI’s server error',
      { error: { message: 'The server had an error', type: 'server_error', code: null } },
      'PROVIDER_ERROR',
    ],
    [
      'a numeric code beside a choice',
      { ...delta({ content: '' }), error: { code: 400, message: 'Token limit reached' } },
      'INVALID_REQUEST',
    ],
    [
      'a status inside the error',
      { error: { message: 'x', code: 'tool_use_failed', status_code: 400 } },
      'INVALID_REQUEST',
    ],
    [
      'a numeric code of a rate limit',
      { error: { code: 429, message: 'x' } },
      'PROVIDER_RATE_LIMITED',
    ],
    ['a string beside a code', { code: 'The service is busy', error: 'busy' }, 'PROVIDER_ERROR'],
    [
      'an error object of its own kind',
      { object: 'error', message: 'x', code: 503 },
      'PROVIDER_UNAVAILABLE',
    ],
    ['an array', '[{"error":{"code":429,"message":"x"}}]', 'PROVIDER_RATE_LIMITED'],
    ['a frame that is not JSON', '<html>', 'PROVIDER_ERROR'],
    ['a frame that is no object', '1', 'PROVIDER_ERROR'],
    ['null', 'null', 'PROVIDER_ERROR'],
    [
      'a quota without credit',
      { error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'x' } },
      'PROVIDER_AUTH',
    ],
  ]
  it.each(cases)('%s', async (_name, frame, code) => {
    const { events, error } = await outcomeOf([delta({ content: 'a' }), frame, done])
    expect(error).toMatchObject({ code, upstreamStatus: undefined })
    expect(events.at(-1)).toEqual(text('a'))
  })

  it('is a failure even after a finish reason, and its usage still counts', async () => {
    const failing = { ...delta({ content: '' }), error: { code: 400, message: 'limit' }, usage }
    const { events, error } = await outcomeOf([finish('length'), failing, done])
    expect(error?.code).toBe('INVALID_REQUEST')
    expect(events.at(-1)).toEqual({ type: 'usage', usage: decodedUsage })
  })

  it('is no failure when the member is null', async () => {
    expect(await contentOf([{ ...finish('stop'), error: null }])).toEqual([stop])
  })

  it.each([{ type: 'ping' }, { choices: null }, { choices: [null, 1] }])(
    'frames without choices say nothing: %j',
    async (frame) => {
      const events = await contentOf([frame, finish('stop')])
      expect(events.filter(({ type }) => type !== 'extra')).toEqual([stop])
    },
  )
})
