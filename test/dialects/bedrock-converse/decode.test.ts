import { describe, expect, it } from 'vitest'
import { decodeConverseBody } from '../../../src/dialects/bedrock-converse/decode-body.ts'
import {
  decodeBedrockError,
  decodeException,
} from '../../../src/dialects/bedrock-converse/decode-error.ts'
import { decodeConverseEvents } from '../../../src/dialects/bedrock-converse/decode-events.ts'
import { finishReason } from '../../../src/dialects/bedrock-converse/finish-reason.ts'
import { decodeUsage } from '../../../src/dialects/bedrock-converse/usage.ts'
import { collect } from '../../../src/protocol/collect.ts'
import { streamOf } from '../../support/recorded.ts'

const dialect = 'bedrock-converse'
const usage = { inputTokens: 5, outputTokens: 7, totalTokens: 12 }

function answerWith(content: unknown[], rest: object = {}): unknown {
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    usage,
    ...rest,
  }
}

type Event = [type: string, payload: object]

function events(...list: Event[]) {
  const lines = list.map(([type, payload]) =>
    JSON.stringify({ type, exception: false, payload: { ...payload, p: 'abc' } }),
  )
  return decodeConverseEvents(streamOf(lines))
}

const delta = (contentBlockIndex: number, value: object): Event => [
  'contentBlockDelta',
  { contentBlockIndex, delta: value },
]
const start = (contentBlockIndex: number, value: object): Event => [
  'contentBlockStart',
  { contentBlockIndex, start: value },
]
const stop = (contentBlockIndex: number): Event => ['contentBlockStop', { contentBlockIndex }]
const ending: Event[] = [
  ['messageStop', { stopReason: 'end_turn' }],
  ['metadata', { usage, metrics: { latencyMs: 1 } }],
]

describe('a whole answer', () => {
  it('has its blocks as parts, in order', async () => {
    const { choices, extra } = await collect(
      decodeConverseBody(
        answerWith(
          [
            { reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } } },
            { reasoningContent: { redactedContent: 'c2VhbA==' } },
            { text: 'One' },
            { toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } },
            { toolUse: { toolUseId: 't2', name: 'g', type: 'server_tool_use', input: {} } },
            { toolResult: { toolUseId: 't2', content: [] } },
            {
              citationsContent: {
                content: [{ text: 'Two' }],
                citations: [{ title: 'T', location: { web: { url: 'https://e.com' } } }],
              },
            },
          ],
          { stopReason: 'tool_use', metrics: { latencyMs: 1 }, trace: { guardrail: {} } },
        ),
      ),
    )
    expect(choices).toMatchObject([
      {
        content: 'OneTwo',
        reasoning: 'hm',
        toolCalls: [{ id: 't1', name: 'f', arguments: '{"a":1}' }],
        annotations: [{ dialect, url: 'https://e.com', title: 'T' }],
        finishReason: { unified: 'tool_calls', raw: 'tool_use' },
        parts: [
          { type: 'reasoning', text: 'hm', signature: { dialect, value: 'c2ln' } },
          { type: 'reasoning', text: '', sealed: { dialect, value: 'c2VhbA==' } },
          { type: 'text', text: 'One' },
          { type: 'tool-call', index: 0 },
          { type: 'native', dialect, part: { toolUse: { toolUseId: 't2' } } },
          { type: 'native', dialect, part: { toolResult: { toolUseId: 't2' } } },
          { type: 'text', text: 'Two' },
        ],
      },
    ])
    expect(extra?.members).toEqual({ metrics: { latencyMs: 1 }, trace: { guardrail: {} } })
  })

  it.each([{}, { output: {} }, 'no', null, { output: { message: {} } }])('%j is none', (body) => {
    expect(() => decodeConverseBody(body)).toThrow(
      expect.objectContaining({ code: 'PROVIDER_ERROR' }),
    )
  })

  it('says which stop sequence it was', async () => {
    const rest = {
      stopReason: 'stop_sequence',
      additionalModelResponseFields: { stop_sequence: 'END' },
    }
    const { choices } = await collect(decodeConverseBody(answerWith([{ text: 'x' }], rest)))
    expect(choices[0]?.finishReason).toEqual({
      unified: 'stop',
      raw: 'stop_sequence',
      stopSequence: 'END',
    })
  })
})

describe('a stream', () => {
  it('opens texts and thoughts with what is in them, and keeps blocks apart', async () => {
    const { choices, usage: counted } = await collect(
      events(
        ['messageStart', { role: 'assistant' }],
        delta(0, { text: '' }),
        stop(0),
        delta(1, { reasoningContent: { text: 'h' } }),
        delta(1, { reasoningContent: { text: 'm' } }),
        delta(1, { reasoningContent: { signature: 'c2ln' } }),
        stop(1),
        delta(2, { reasoningContent: { redactedContent: Buffer.from('se').toString('base64') } }),
        delta(2, { reasoningContent: { redactedContent: Buffer.from('al').toString('base64') } }),
        stop(2),
        delta(3, { text: 'One' }),
        stop(3),
        delta(4, { text: 'Two' }),
        delta(4, { citation: { source: 'https://e.com/a', title: 'A' } }),
        stop(4),
        ...ending,
      ),
    )
    expect(choices[0]?.parts).toMatchObject([
      { type: 'reasoning', text: 'hm', signature: { dialect, value: 'c2ln' } },
      { type: 'reasoning', text: '', sealed: { value: Buffer.from('seal').toString('base64') } },
      { type: 'text', text: 'One' },
      { type: 'text', text: 'Two', annotations: [{ url: 'https://e.com/a' }] },
    ])
    expect(counted).toMatchObject({ inputTokens: 5, outputTokens: 7, totalTokens: 12 })
  })

  it('has calls whose ids may repeat and whose arguments may be missing', async () => {
    const call = { toolUse: { toolUseId: 'same', name: 'f' } }
    const { choices } = await collect(
      events(
        start(0, call),
        delta(0, { toolUse: { input: '' } }),
        stop(0),
        start(1, call),
        delta(1, { toolUse: { input: '{"a"' } }),
        delta(1, { toolUse: { input: ':1}' } }),
        stop(1),
        ...ending,
      ),
    )
    expect(choices[0]?.toolCalls.map((each) => each.arguments)).toEqual(['{}', '{"a":1}'])
    expect(choices[0]?.finishReason.unified).toBe('tool_calls')
  })

  it('gathers what only this dialect knows', async () => {
    const { choices } = await collect(
      events(
        start(0, { toolUse: { toolUseId: 't', name: 'code', type: 'server_tool_use' } }),
        delta(0, { toolUse: { input: '{"x":1}' } }),
        stop(0),
        start(1, { toolResult: { toolUseId: 't', status: 'success' } }),
        delta(1, { toolResult: [{ json: { out: 1 } }] }),
        stop(1),
        start(2, { image: { format: 'png' } }),
        delta(2, { image: { source: { bytes: 'AA==' } } }),
        stop(2),
        ...ending,
      ),
    )
    expect(choices[0]?.parts).toEqual([
      {
        type: 'native',
        dialect,
        part: {
          toolUse: { toolUseId: 't', name: 'code', type: 'server_tool_use', input: { x: 1 } },
        },
      },
      {
        type: 'native',
        dialect,
        part: {
          toolResult: { toolUseId: 't', status: 'success', content: [{ json: { out: 1 } }] },
        },
      },
      { type: 'native', dialect, part: { image: { format: 'png', source: { bytes: 'AA==' } } } },
    ])
  })

  it('may say things that came later than this', async () => {
    const answer = await collect(
      events(['somethingNew', { a: 1 }], delta(0, { text: 'x' }), ...ending),
    )
    expect(answer.choices[0]?.content).toBe('x')
  })

  it.each([
    ['nothing', []],
    ['no stop', [delta(0, { text: 'x' })]],
    ['no usage', [delta(0, { text: 'x' }), ending[0]]],
    ['no reason', [delta(0, { text: 'x' }), ending[1]]],
  ])('with %s at its end is cut off', async (_what, list) => {
    const given = list.filter((each): each is Event => each !== undefined)
    await expect(collect(events(...given))).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
  })

  it('with an exception is a failure, after what came before it', async () => {
    const said: string[] = []
    const lines = [
      JSON.stringify({
        type: 'contentBlockDelta',
        payload: { contentBlockIndex: 0, delta: { text: 'x' } },
      }),
      JSON.stringify({ type: 'throttlingException', exception: true, payload: { message: 'no' } }),
    ]
    const read = async (): Promise<void> => {
      for await (const { type } of decodeConverseEvents(streamOf(lines))) said.push(type)
    }
    await expect(read()).rejects.toMatchObject({ code: 'PROVIDER_RATE_LIMITED' })
    expect(said).toEqual(['part-start', 'text-delta'])
  })
})

describe('the words', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['tool_use', 'tool_calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'],
    ['malformed_model_output', 'error'],
    ['malformed_tool_use', 'error'],
    ['something_new', 'other'],
    [undefined, 'other'],
  ])('%s is %s', (raw, unified) => {
    expect(finishReason(raw, { called: false, additional: undefined })).toEqual(
      raw === undefined ? { unified } : { unified, raw },
    )
  })

  it('of usage are disjoint already', () => {
    const raw = {
      inputTokens: 433,
      outputTokens: 16,
      totalTokens: 3201,
      cacheReadInputTokens: 2752,
      cacheWriteInputTokens: 0,
      cacheReadInputTokenCount: 2752,
    }
    expect(decodeUsage(raw)).toEqual({
      inputTokens: 433,
      cachedInputTokens: 2752,
      cacheWriteTokens: 0,
      outputTokens: 16,
      totalTokens: 3201,
      estimated: false,
      raw: { dialect, body: raw },
    })
    for (const none of [{}, null, 'x', { inputTokens: -1 }])
      expect(decodeUsage(none)).toBeUndefined()
  })
})

describe('a failure', () => {
  const header = (type: string) => ({ 'x-amzn-errortype': `${type}:http://internal.amazon.com/` })
  it.each([
    [
      400,
      header('ValidationException'),
      { message: 'The provided model identifier is invalid.' },
      'MODEL_NOT_FOUND',
      true,
    ],
    [
      400,
      header('ValidationException'),
      { message: "Invocation of model ID x with on-demand throughput isn't supported." },
      'MODEL_NOT_FOUND',
      true,
    ],
    [
      400,
      header('ValidationException'),
      { message: 'The model returned the following errors: Input Tokens Exceeded: …' },
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [
      400,
      {},
      { message: 'prompt is too long: 9 tokens > 8 maximum' },
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [
      400,
      header('ValidationException'),
      { message: 'Malformed input request' },
      'INVALID_REQUEST',
      false,
    ],
    [400, header('ServiceQuotaExceededException'), { message: 'x' }, 'PROVIDER_RATE_LIMITED', true],
    [403, {}, { Message: 'Authentication failed' }, 'PROVIDER_AUTH', true],
    [403, header('AccessDeniedException'), { message: 'no' }, 'PROVIDER_AUTH', true],
    [400, {}, { __type: 'com.amazon#ExpiredTokenException', message: 'x' }, 'PROVIDER_AUTH', true],
    [404, header('ResourceNotFoundException'), { message: 'x' }, 'MODEL_NOT_FOUND', true],
    [408, header('ModelTimeoutException'), { message: 'x' }, 'PROVIDER_TIMEOUT', true],
    [424, header('ModelErrorException'), { message: 'x' }, 'PROVIDER_ERROR', true],
    [429, header('ThrottlingException'), { message: 'x' }, 'PROVIDER_RATE_LIMITED', true],
    [429, header('ModelNotReadyException'), { message: 'x' }, 'PROVIDER_UNAVAILABLE', true],
    [500, header('InternalServerException'), { message: 'x' }, 'PROVIDER_ERROR', true],
    [503, {}, '<html>', 'PROVIDER_UNAVAILABLE', true],
    [418, {}, {}, 'INVALID_REQUEST', false],
  ])('%i %j %j is %s', (status, headers, body, code, failover) => {
    expect(decodeBedrockError({ status, headers, body })).toMatchObject({
      code,
      failover,
      upstreamStatus: status,
    })
  })

  it.each([
    ['throttlingException', 'PROVIDER_RATE_LIMITED'],
    ['modelStreamErrorException', 'PROVIDER_ERROR'],
    ['modelTimeoutException', 'PROVIDER_TIMEOUT'],
    ['serviceUnavailableException', 'PROVIDER_UNAVAILABLE'],
    ['internalServerException', 'PROVIDER_ERROR'],
    ['validationException', 'INVALID_REQUEST'],
    ['InternalFailure', 'PROVIDER_ERROR'],
  ])('amid a stream: %s is %s', (type, code) => {
    expect(decodeException(type, { message: 'x' }).code).toBe(code)
  })

  it('tells no names of the account', () => {
    const body = { message: 'Malformed arn:aws:bedrock:us-east-1:123456789012:x and AKIAABCDEF' }
    const { message } = decodeBedrockError({ status: 400, headers: {}, body })
    expect(message).toContain('Malformed [redacted] and [redacted]')
  })
})
