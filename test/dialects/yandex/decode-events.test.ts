import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeYandexBody, decodeYandexEvents } from '../../../src/dialects/yandex/decode-events.ts'
import { ndjsonLines } from '../../../src/lib/ndjson.ts'
import { collect } from '../../../src/protocol/collect.ts'
import { calls, counts, decode, line } from './wire.ts'

const started = { type: 'response-start', model: '09.02.2025' }
const said = (text: string) => ({ type: 'text-delta', choice: 0, text })
const finished = (unified: string, raw: string) => ({
  type: 'finish',
  choice: 0,
  reason: { unified, raw: `ALTERNATIVE_STATUS_${raw}` },
})

describe('a cumulative stream', () => {
  test('becomes the pieces that each line adds', async () => {
    const { events, error } = await decode([
      line({ text: 'Один' }),
      line({ text: 'Один, два' }),
      line({ text: 'Один, два' }),
      line({ text: 'Один, два, три.', status: 'FINAL' }),
    ])
    expect(error).toBeUndefined()
    expect(events).toEqual([
      started,
      said('Один'),
      said(', два'),
      said(', три.'),
      finished('stop', 'FINAL'),
    ])
  })

  test.each([true, false])('has its lines in `result` or bare (%s)', async (wrapped) => {
    const { events } = await decode([
      line({ text: 'a' }, wrapped),
      line({ text: 'ab', status: 'FINAL' }, wrapped),
    ])
    expect(events).toEqual([started, said('a'), said('b'), finished('stop', 'FINAL')])
  })

  test.each([
    ['FINAL', 'stop'],
    ['TRUNCATED_FINAL', 'length'],
    ['CONTENT_FILTER', 'content_filter'],
    ['TOOL_CALLS', 'tool_calls'],
    ['SOMETHING_NEW', 'other'],
  ])('%s ends it as %s', async (status, unified) => {
    const { events, error } = await decode([line({ text: 'a' }), line({ text: 'a', status })])
    expect(error).toBeUndefined()
    expect(events.at(-1)).toEqual(finished(unified, status))
  })

  test('an empty answer is an answer', async () => {
    const { events } = await decode([line({ text: '', status: 'FINAL' })])
    expect(events).toEqual([started, said(''), finished('stop', 'FINAL')])
  })

  test('white space that the last line takes off again is no replacement', async () => {
    const { events } = await decode([line({ text: 'a \n' }), line({ text: 'a', status: 'FINAL' })])
    expect(events).toEqual([started, said('a \n'), finished('stop', 'FINAL')])
  })

  test('nothing after the final status counts', async () => {
    const { events, error } = await decode([
      line({ text: 'a', status: 'FINAL' }),
      line({ text: 'abc', status: 'FINAL' }),
      'no JSON',
    ])
    expect([events, error]).toEqual([[started, said('a'), finished('stop', 'FINAL')], undefined])
  })

  test('several alternatives are several choices', async () => {
    const both = (texts: string[], status: string) =>
      JSON.stringify({
        result: {
          alternatives: texts.map((text) => ({
            message: { role: 'assistant', text },
            status: `ALTERNATIVE_STATUS_${status}`,
          })),
        },
      })
    const { events } = await decode([both(['a', 'x'], 'PARTIAL'), both(['ab', 'xy'], 'FINAL')])
    const { choices } = await collect(events)
    expect(choices.map(({ content }) => content)).toEqual(['ab', 'xy'])
  })
})

describe('the content filter', () => {
  test('that replaces the text never splices it: its words are a refusal', async () => {
    const { events } = await decode([
      line({ text: 'Чтобы собрать' }),
      line({ text: 'Я не могу это обсуждать.', status: 'CONTENT_FILTER' }),
    ])
    expect(events).toEqual([
      started,
      said('Чтобы собрать'),
      { type: 'refusal-delta', choice: 0, text: 'Я не могу это обсуждать.' },
      finished('content_filter', 'CONTENT_FILTER'),
    ])
  })

  test('that speaks before anything was said is the answer', async () => {
    const { events } = await decode([line({ text: 'Нет.', status: 'CONTENT_FILTER' })])
    expect(events).toEqual([started, said('Нет.'), finished('content_filter', 'CONTENT_FILTER')])
  })

  test('is believed over a status that does not name it', async () => {
    const { events } = await decode([
      line({ text: 'abc' }),
      line({ text: 'xyz' }),
      line({ text: 'xyz', status: 'FINAL' }),
    ])
    expect(events).toEqual([
      started,
      said('abc'),
      { type: 'refusal-delta', choice: 0, text: 'xyz' },
      finished('content_filter', 'FINAL'),
    ])
  })
})

describe('tool calls', () => {
  test('get ids, arguments as text, and come once, whatever the lines repeat', async () => {
    const list = calls(['weather', { city: 'Омск', days: 2 }], ['weather', {}])
    const { events } = await decode([
      line({ text: 'Сейчас.' }),
      line({ toolCallList: calls(['weather', {}]) }),
      line({ toolCallList: list, status: 'TOOL_CALLS' }),
    ])
    const { choices } = await collect(events)
    expect(choices).toMatchObject([
      {
        content: 'Сейчас.',
        toolCalls: [
          { kind: 'function', name: 'weather', arguments: '{"city":"Омск","days":2}' },
          { kind: 'function', name: 'weather', arguments: '{}' },
        ],
        finishReason: { unified: 'tool_calls' },
      },
    ])
    const ids = choices.flatMap(({ toolCalls }) => toolCalls.map(({ id }) => id))
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^[\w-]{8,40}$/)
  })

  test('make a final status the end of calls', async () => {
    const { events } = await decode([line({ toolCallList: calls(['f', {}]), status: 'FINAL' })])
    expect(events.at(-1)).toEqual(finished('tool_calls', 'FINAL'))
  })
})

describe('usage', () => {
  test('is reported before the text that it counts, in disjoint classes', async () => {
    const { events } = await decode([
      line({ text: 'a', usage: counts(15, 101, 100) }),
      line({ text: 'ab', usage: counts(15, 110, 100), status: 'FINAL' }),
    ])
    expect(events.map(({ type }) => type)).toEqual([
      'response-start',
      'usage',
      'text-delta',
      'usage',
      'text-delta',
      'finish',
    ])
    const { usage } = await collect(events)
    expect(usage).toEqual({
      inputTokens: 15,
      outputTokens: 10,
      reasoningTokens: 100,
      totalTokens: 125,
      estimated: false,
      raw: { dialect: 'yandex', body: counts(15, 110, 100) },
    })
  })

  test.each([
    ['no details', counts(1, 2), { inputTokens: 1, outputTokens: 2, totalTokens: 3 }],
    [
      'empty details, which say nothing',
      { ...counts(1, 2), completionTokensDetails: {} },
      { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    ],
    ['numbers', { inputTextTokens: 4 }, { inputTokens: 4 }],
    ['no numbers', { inputTextTokens: 'many', completionTokens: '2' }, { outputTokens: 2 }],
  ])('%s', (_what, usage, expected) => {
    const events = decodeYandexBody(JSON.parse(line({ text: 'a', status: 'FINAL', usage })))
    const report = events.find((event) => event.type === 'usage')
    expect(report).toEqual({
      type: 'usage',
      usage: { ...expected, estimated: false, raw: { dialect: 'yandex', body: usage } },
    })
  })
})

describe('an answer that is not whole', () => {
  test.each([
    ['nothing at all', [], 'UPSTREAM_TRUNCATED'],
    ['only partial lines', [line({ text: 'a' }), line({ text: 'ab' })], 'UPSTREAM_TRUNCATED'],
    ['calls without a final status', [line({ toolCallList: {} })], 'UPSTREAM_TRUNCATED'],
    ['a line that is no JSON', [line({ text: 'a' }), '<html>'], 'PROVIDER_ERROR'],
    ['a line of something else', [line({ text: 'a' }), '{"hello":1}'], 'PROVIDER_ERROR'],
    [
      'an error amid the stream',
      [
        line({ text: 'a' }),
        '{"error":{"grpcCode":8,"httpCode":429,"message":"quota","httpStatus":"Too Many Requests","details":[]}}',
      ],
      'PROVIDER_RATE_LIMITED',
    ],
    [
      'an error in the spelling of the gateway in front',
      ['{"error":{"grpc_code":14,"http_code":503,"message":"x"}}'],
      'PROVIDER_UNAVAILABLE',
    ],
  ])('%s', async (_what, lines, code) => {
    const { events, error } = await decode(lines)
    expect(error).toMatchObject({ code })
    const text = lines.filter((each) => each.includes('"text"')).length > 0
    expect(events.some((event) => event.type === 'text-delta')).toBe(text)
    expect(events.some((event) => event.type === 'finish')).toBe(false)
  })

  test.each([
    ['a body that is not final', JSON.parse(line({ text: 'a' })), 'UPSTREAM_TRUNCATED'],
    ['a body of something else', { choices: [] }, 'PROVIDER_ERROR'],
    ['a body that is no object', [], 'PROVIDER_ERROR'],
    ['a body without alternatives', { result: { alternatives: [] } }, 'UPSTREAM_TRUNCATED'],
    ['an error under status 200', { error: { grpcCode: 16, message: 'x' } }, 'PROVIDER_AUTH'],
  ])('%s', (_what, body, code) => {
    expect(() => decodeYandexBody(body)).toThrow(expect.objectContaining({ code }))
  })
})

/** The answers that a growing text can be cut into. */
const growing = fc
  .array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1, maxLength: 8 })
  .map((pieces) => pieces.map((_piece, index) => pieces.slice(0, index + 1).join('')))

describe('for every text and every split of its bytes', () => {
  test('the deltas join to the text, streamed and whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        growing,
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        async (texts, sizes) => {
          const text = texts.at(-1) ?? ''
          const lines = [
            ...texts.map((each) => line({ text: each })),
            line({ text, status: 'FINAL' }),
          ]
          async function* body(): AsyncGenerator<Uint8Array> {
            let bytes: Uint8Array = Buffer.from(lines.map((each) => `${each}\n`).join(''))
            while (bytes.length > 0) {
              const { value: size = 1 } = sizes.next()
              yield bytes.subarray(0, size)
              bytes = bytes.subarray(size)
            }
          }
          const limits = { bufferCharsMax: 1e6, onOversized: () => new Error('oversized') }
          const { choices } = await collect(decodeYandexEvents(ndjsonLines(body(), limits)))
          const whole = await collect(decodeYandexBody(JSON.parse(lines.at(-1) ?? '')))
          expect(choices[0]?.content).toBe(text)
          expect(choices).toEqual(whole.choices)
        },
      ),
    )
  })

  test('the last word is the answer, or stands beside it as a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1 }), async (texts) => {
        const lines = texts.map((text, index) =>
          line({ text, status: index === texts.length - 1 ? 'CONTENT_FILTER' : 'PARTIAL' }),
        )
        const { events } = await decode(lines)
        const { choices } = await collect(events)
        const last = texts.at(-1) ?? ''
        const [choice] = choices
        const answer = choice?.refusal ?? (last === '' ? last : (choice?.content ?? null))
        expect(answer?.trimEnd()).toBe(last.trimEnd())
      }),
    )
  })
})
