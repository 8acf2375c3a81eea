import { describe, expect, test } from 'vitest'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { chunk, decode, decodeWhole, stop } from './wire.ts'

const call = (members: object, beside: object = {}) => ({ functionCall: members, ...beside })

async function choiceOf(frames: readonly unknown[]) {
  const { events, error } = await decode(frames)
  expect(error).toBeUndefined()
  const { choices } = await collect(events)
  expect(choices).toHaveLength(1)
  return choices[0]
}

function typesOf(events: readonly ChatEvent[]): string[] {
  return events.map(({ type }) => type)
}

describe('parts', () => {
  test('text, thoughts and calls come in order, and the end comes last', async () => {
    const { events } = await decode([
      chunk([{ text: 'hm', thought: true }]),
      chunk([{ text: 'Hel' }]),
      chunk([{ text: 'lo' }, call({ name: 'f', args: { a: 1 }, id: 'x1' })]),
      chunk([{ text: '' }], stop),
    ])
    expect(events).toEqual([
      { type: 'response-start', id: 'c3cpap', model: 'gemini-2.5-flash' },
      { type: 'part-start', choice: 0, kind: 'reasoning' },
      { type: 'reasoning-delta', choice: 0, text: 'hm' },
      { type: 'part-start', choice: 0, kind: 'text' },
      { type: 'text-delta', choice: 0, text: 'Hel' },
      { type: 'text-delta', choice: 0, text: 'lo' },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'x1', kind: 'function', name: 'f' },
      { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"a":1}' },
      { type: 'tool-call-end', choice: 0, index: 0 },
      { type: 'finish', choice: 0, reason: { unified: 'tool_calls', raw: 'STOP' } },
    ])
  })

  test('a signed text stays apart from what stands before and after it', async () => {
    const choice = await choiceOf([
      chunk([{ text: 'a' }, { text: 'b', thoughtSignature: 'S1' }, { text: 'c' }, { text: 'd' }]),
      chunk([{ text: '', thoughtSignature: 'S2' }], stop),
    ])
    const signature = (value: string) => ({ dialect: 'gemini', value })
    expect(choice?.parts).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', signature: signature('S1') },
      { type: 'text', text: 'cd' },
      { type: 'text', text: '', signature: signature('S2') },
    ])
    expect(choice?.content).toBe('abcd')
  })

  test('a signature without a text is a part, too', async () => {
    const choice = await choiceOf([chunk([{ text: 'a' }, { thoughtSignature: 'S' }], stop)])
    expect(choice?.parts.at(-1)).toEqual({
      type: 'text',
      text: '',
      signature: { dialect: 'gemini', value: 'S' },
    })
  })

  test('what only this wire knows is kept as it came', async () => {
    const natives = [
      { executableCode: { code: '1', language: 'PYTHON' }, thoughtSignature: 'S' },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
      { inlineData: { mimeType: 'image/png', data: 'AA==' }, thought: true },
      { toolCall: { toolType: 'FILE_SEARCH', id: 'a' } },
    ]
    const choice = await choiceOf([chunk([{ text: 'x' }, ...natives, { text: 'y' }], stop)])
    expect(choice?.parts).toEqual([
      { type: 'text', text: 'x' },
      ...natives.map((part) => ({ type: 'native', dialect: 'gemini', part })),
      { type: 'text', text: 'y' },
    ])
  })

  test('members of a text that have no place stand beside it', async () => {
    const partMetadata = { a: 1 }
    const choice = await choiceOf([chunk([{ text: 'x', partMetadata }, { text: 'y' }], stop)])
    expect(choice?.parts).toEqual([
      { type: 'text', text: 'x', extra: { dialect: 'gemini', members: { partMetadata } } },
      { type: 'text', text: 'y' },
    ])
  })

  test('an answer without any content is an empty text', async () => {
    const { events } = await decode([{ candidates: [{ content: {}, finishReason: 'MAX_TOKENS' }] }])
    expect(events).toEqual([
      { type: 'response-start' },
      { type: 'text-delta', choice: 0, text: '' },
      { type: 'finish', choice: 0, reason: { unified: 'length', raw: 'MAX_TOKENS' } },
    ])
  })
})

describe('calls', () => {
  test('without an id get one, each its own; without arguments have none', async () => {
    const choice = await choiceOf([
      chunk([call({ name: 'f' }, { thoughtSignature: 'S' }), call({ name: 'f', args: {} })], stop),
    ])
    const [first, second] = choice?.toolCalls ?? []
    expect(first).toMatchObject({
      name: 'f',
      arguments: '{}',
      signature: { dialect: 'gemini', value: 'S' },
    })
    expect(second).toMatchObject({ name: 'f', arguments: '{}' })
    expect(second).not.toHaveProperty('signature')
    expect(first?.id).toMatch(/^call_\w{20,35}$/)
    expect(second?.id).not.toBe(first?.id)
  })

  test('in pieces are put together by their places', async () => {
    const piece = (jsonPath: string, value: object, continues = true) =>
      call({
        partialArgs: [{ jsonPath, ...value }],
        ...(continues && { willContinue: true }),
      })
    const choice = await choiceOf([
      chunk([call({ name: 'cook', willContinue: true }, { thoughtSignature: 'S' })]),
      chunk([piece('$.recipe.steps[0].text', { stringValue: 'st', willContinue: true })]),
      chunk([piece('$.recipe.steps[0].text', { stringValue: 'ir' })]),
      chunk([piece('$.recipe.steps[1]', { numberValue: 2 })]),
      chunk([piece("$['odd key'].on", { boolValue: true })]),
      chunk([piece('$.none', { nullValue: 'NULL_VALUE' })]),
      chunk([call({})]),
      chunk([call({ name: 'eat', willContinue: true })]),
      chunk([piece('$.__proto__.polluted', { boolValue: true }, false)]),
      chunk([{ text: '' }], stop),
    ])
    expect(choice?.toolCalls.map(({ name, arguments: given }) => [name, given])).toEqual([
      ['cook', '{"recipe":{"steps":[{"text":"stir"},2]},"odd key":{"on":true},"none":null}'],
      ['eat', '{"__proto__":{"polluted":true}}'],
    ])
    expect(Object.keys(Object.prototype)).not.toContain('polluted')
  })

  test.each([
    ['another call', [call({ name: 'g' })]],
    ['a text', [{ text: 'so' }]],
    ['the end', []],
  ])('whose last piece did not come end with %s', async (_what, then) => {
    const { events } = await decode([
      chunk([call({ name: 'f', willContinue: true })]),
      chunk([call({ partialArgs: [{ jsonPath: '$.a', stringValue: 'b' }], willContinue: true })]),
      chunk(then, stop),
    ])
    const { choices } = await collect(events)
    expect(choices[0]?.toolCalls[0]?.arguments).toBe('{"a":"b"}')
    const ended = typesOf(events).indexOf('tool-call-end')
    expect(typesOf(events).slice(0, ended)).not.toContain('text-delta')
  })

  test('a piece that belongs to no call is nothing', async () => {
    const choice = await choiceOf([chunk([call({}), { text: 'a' }], stop)])
    expect([choice?.content, choice?.toolCalls]).toEqual(['a', []])
  })
})

describe('the end', () => {
  test.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['MODEL_ARMOR', 'content_filter'],
    ['IMAGE_SAFETY', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['LANGUAGE', 'other'],
    ['OTHER', 'other'],
    ['SOMETHING_NEW', 'other'],
  ])('%s is %s', async (raw, unified) => {
    const choice = await choiceOf([chunk([{ text: 'a' }], { finishReason: raw })])
    expect(choice?.finishReason).toEqual({ unified, raw })
  })

  test.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS'])(
    '%s without a word is a failure that another deployment may not have',
    async (finishReason) => {
      const body = { candidates: [{ content: {}, finishReason }] }
      expect((await decode([body])).error).toMatchObject({ code: 'PROVIDER_ERROR', failover: true })
      expect(() => decodeWhole(body)).toThrow(finishReason)
    },
  )

  test.each([
    ['nothing at all', []],
    ['no candidate', [{ usageMetadata: { promptTokenCount: 1 } }]],
    ['no finish reason', [chunk([{ text: 'a' }])]],
    [
      'one candidate that goes on',
      [
        { candidates: [{ index: 0, content: { parts: [{ text: 'a' }] }, ...stop }] },
        { candidates: [{ index: 1, content: { parts: [{ text: 'b' }] } }] },
      ],
    ],
  ])('a stream with %s was cut', async (_what, frames) => {
    const { events, error } = await decode(frames)
    expect(error).toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
    expect(typesOf(events)).not.toContain('finish')
  })

  test('members beside the content are kept, the last of each', async () => {
    const choice = await choiceOf([
      chunk([{ text: 'a' }], { avgLogprobs: -1, groundingMetadata: {} }),
      chunk([], { ...stop, avgLogprobs: -2, finishMessage: 'done' }),
    ])
    expect(choice?.extra).toEqual({
      dialect: 'gemini',
      message: {},
      choice: { avgLogprobs: -2, groundingMetadata: {}, finishMessage: 'done' },
    })
  })
})

describe('failures', () => {
  test('a prompt that the filter stopped has its usage, and then its reason', async () => {
    const blocked = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 14, totalTokenCount: 14 },
    }
    const { events, error } = await decode([blocked])
    expect(typesOf(events)).toEqual(['response-start', 'usage'])
    expect(error).toMatchObject({
      code: 'CONTENT_FILTERED',
      failover: false,
      message: expect.stringContaining('PROHIBITED_CONTENT'),
    })
    expect(() => decodeWhole(blocked)).toThrow(/content filter/)
  })

  test.each([
    ['a frame', { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }],
    ['a list', [{ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }]],
  ])('%s that tells of one ends the answer', async (_what, frame) => {
    const { events, error } = await decode([chunk([{ text: 'a' }]), frame])
    expect(typesOf(events)).toContain('text-delta')
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', upstreamStatus: undefined })
  })

  test.each([
    ['null', null],
    ['a number', 1],
    ['a text', 'x'],
  ])('a body that is %s is none', (_what, body) => {
    expect(() => decodeWhole(body)).toThrow(/answer without choices/)
  })

  test('a frame that is no JSON is a failure of the provider', async () => {
    expect((await decode(['{"candidates":'])).error).toMatchObject({ code: 'PROVIDER_ERROR' })
  })
})

describe('usage', () => {
  async function usageOf(raw: object) {
    const { events } = await decode([chunk([{ text: 'a' }], stop, { usageMetadata: raw })])
    return (await collect(events)).usage
  }

  test('has disjoint classes: thoughts outside, cached inside, tools beside the prompt', async () => {
    const raw = {
      promptTokenCount: 95,
      candidatesTokenCount: 66,
      thoughtsTokenCount: 132,
      toolUsePromptTokenCount: 439,
      cachedContentTokenCount: 40,
      totalTokenCount: 732,
    }
    expect(await usageOf(raw)).toEqual({
      inputTokens: 494,
      cachedInputTokens: 40,
      outputTokens: 66,
      reasoningTokens: 132,
      totalTokens: 732,
      estimated: false,
      raw: { dialect: 'gemini', body: raw },
    })
  })

  test('a count that was left out as zero is told by the total; else it is not known', async () => {
    expect(await usageOf({ promptTokenCount: 14, totalTokenCount: 14 })).toMatchObject({
      inputTokens: 14,
      outputTokens: 0,
    })
    expect(await usageOf({ promptTokenCount: 14 })).not.toHaveProperty('outputTokens')
    expect(await usageOf({ trafficType: 'ON_DEMAND' })).toBeUndefined()
    expect(await usageOf({ promptTokenCount: -1, totalTokenCount: 'x' })).toBeUndefined()
  })

  test('is reported when it changes, before the text; the last one stands', async () => {
    const count = (prompt: number) => ({
      usageMetadata: { promptTokenCount: prompt, totalTokenCount: prompt },
    })
    const { events } = await decode([
      chunk([{ text: 'a' }], {}, count(211)),
      chunk([{ text: 'b' }], {}, count(211)),
      chunk([], stop, count(646)),
      { usageMetadata: { trafficType: 'ON_DEMAND' } },
    ])
    expect(typesOf(events).slice(0, 3)).toEqual(['response-start', 'usage', 'part-start'])
    expect(typesOf(events).filter((type) => type === 'usage')).toHaveLength(2)
    expect((await collect(events)).usage?.inputTokens).toBe(646)
  })
})

describe('sources', () => {
  const web = (uri: string) => ({ web: { uri, title: 'page' } })
  const support = (segment: object, ...groundingChunkIndices: number[]) => ({
    segment,
    groundingChunkIndices,
  })

  async function annotationsFor(text: string, groundingMetadata: object) {
    const choice = await choiceOf([chunk([{ text }], { ...stop, groundingMetadata })])
    return choice?.annotations.map(({ dialect: _dialect, raw: _raw, ...source }) => source)
  }

  test('have their places in characters, where the wire counts bytes', async () => {
    const groundingMetadata = {
      groundingChunks: [web('https://a'), web('https://b'), web('https://c')],
      groundingSupports: [
        support({ endIndex: 6, text: 'naïve' }, 0),
        support({ startIndex: 7, endIndex: 10, text: '–' }, 0, 1),
      ],
    }
    expect(await annotationsFor('naïve – yes', groundingMetadata)).toEqual([
      { url: 'https://a', title: 'page', startIndex: 0, endIndex: 5 },
      { url: 'https://a', title: 'page', startIndex: 6, endIndex: 7 },
      { url: 'https://b', title: 'page', startIndex: 6, endIndex: 7 },
      { url: 'https://c', title: 'page' },
    ])
  })

  test('whose place does not fit are looked for by their words, or have none', async () => {
    const groundingMetadata = {
      groundingChunks: [{ retrievedContext: { title: 'store' } }],
      groundingSupports: [
        support({ startIndex: 1, endIndex: 4, text: 'yes' }, 0),
        support({ endIndex: 3, text: 'not there' }, 0),
        support({ endIndex: 3, text: 'so ' }, 9),
      ],
    }
    expect(await annotationsFor('so yes', groundingMetadata)).toEqual([
      { title: 'store', startIndex: 3, endIndex: 6 },
      { title: 'store' },
    ])
  })

  test('of a quotation are sources, too', async () => {
    const citations = [{ startIndex: 3, endIndex: 6, uri: 'https://q', license: 'mit' }]
    const citationMetadata = { citations }
    const choice = await choiceOf([chunk([{ text: 'so yes' }], { ...stop, citationMetadata })])
    expect(choice?.annotations).toEqual([
      {
        dialect: 'gemini',
        raw: { citation: citations[0] },
        url: 'https://q',
        startIndex: 3,
        endIndex: 6,
      },
    ])
  })

  test('belong to the text that they are about, not to the signature after it', async () => {
    const groundingMetadata = { groundingChunks: [web('https://a')] }
    const choice = await choiceOf([
      chunk([{ text: 'yes' }]),
      chunk([{ text: '', thoughtSignature: 'S' }], { ...stop, groundingMetadata }),
    ])
    expect(choice?.parts.map((part) => part.type === 'text' && part.annotations?.length)).toEqual([
      1,
      undefined,
    ])
    expect(choice?.annotations).toHaveLength(1)
  })
})

test('log probabilities belong to the text of their chunk', async () => {
  const scored = (token: string, logProbability?: number) => ({ token, tokenId: 1, logProbability })
  const choice = await choiceOf([
    chunk([{ text: 'ab' }], {
      logprobsResult: {
        chosenCandidates: [scored('a', -0.1), scored('b')],
        topCandidates: [{ candidates: [scored('a', -0.1), scored('x', -3)] }],
      },
    }),
    chunk([], { ...stop, logprobsResult: { chosenCandidates: [scored('', -1)] } }),
  ])
  const token = (written: string, logprob: number) => ({ token: written, logprob, bytes: null })
  expect(choice?.logprobs?.content).toEqual([
    { ...token('a', -0.1), topLogprobs: [token('a', -0.1), token('x', -3)] },
    { ...token('b', 0), topLogprobs: [] },
    { ...token('', -1), topLogprobs: [] },
  ])
})
