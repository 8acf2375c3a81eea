import { describe, expect, test } from 'vitest'
import {
  decodeGigachatV2Body,
  decodeGigachatV2Events,
} from '../../../src/dialects/gigachat/v2-decode-events.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'

const state = '019e8373-dc9a-7883-af60-ebb20b79e1e1'
const model = 'GigaChat-3-Ultra:32.3.18.5'
const usage = {
  input_tokens: 3963,
  input_tokens_details: { prompt_tokens: 3963, cached_tokens: 3710 },
  output_tokens: 157,
  total_tokens: 4120,
}

async function* streamOf(frames: readonly (object | string)[]): AsyncGenerator<string> {
  for (const each of frames) yield typeof each === 'string' ? each : JSON.stringify(each)
}

async function decode(...frames: (object | string)[]): Promise<ChatEvent[]> {
  return Array.fromAsync(decodeGigachatV2Events(streamOf(frames)))
}

function said(content: unknown, more: object = {}): object {
  return { model, created_at: 1, messages: [{ role: 'assistant', content, ...more }] }
}

function done(reason = 'stop', more: object = {}): object {
  return { model, created_at: 1, finish_reason: reason, ...more }
}

function body(messages: object[], reason = 'stop', more: object = {}): object {
  return { model, created_at: 1, messages, finish_reason: reason, ...more }
}

async function choiceOf(events: Iterable<ChatEvent>) {
  const { choices } = await collect(events)
  expect(choices).toHaveLength(1)
  return choices[0]
}

test('a stream as recorded: deltas, then the finish with the usage, and no [DONE]', async () => {
  const events = await decode(
    said([{ text: '1, ' }]),
    said([{ text: '2' }]),
    done('stop', { usage }),
  )
  expect(events).toEqual([
    { type: 'response-start', model },
    { type: 'text-delta', choice: 0, text: '1, ' },
    { type: 'text-delta', choice: 0, text: '2' },
    {
      type: 'usage',
      usage: {
        inputTokens: 253,
        cachedInputTokens: 3710,
        outputTokens: 157,
        totalTokens: 4120,
        estimated: false,
        raw: { dialect: 'gigachat-v2', body: usage },
      },
    },
    { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } },
  ])
})

describe('usage', () => {
  test('that names no cache has no cache of 0', async () => {
    const told = { input_tokens: 1, output_tokens: 2, total_tokens: 3 }
    const answer = await collect(decodeGigachatV2Body(body([], 'stop', { usage: told })))
    expect(answer.usage).toEqual({
      inputTokens: 1,
      outputTokens: 2,
      totalTokens: 3,
      estimated: false,
      raw: { dialect: 'gigachat-v2', body: told },
    })
  })

  test.each([[{}], [null], [{ input_tokens: 'many' }]])('%j says nothing', async (told) => {
    const answer = await collect(decodeGigachatV2Body(body([], 'stop', { usage: told })))
    expect(answer.usage).toBeUndefined()
  })
})

describe('calls', () => {
  const call = { name: 'f', arguments: { city: 'Казань' } }
  const whole = (id: unknown): unknown[] => [
    { type: 'response-start', model },
    { type: 'tool-call-start', choice: 0, index: 0, id, kind: 'function', name: 'f' },
    { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"city":"Казань"}' },
    { type: 'tool-call-end', choice: 0, index: 0 },
    { type: 'finish', choice: 0, reason: { unified: 'tool_calls', raw: 'function_call' } },
  ]
  const message = {
    role: 'assistant',
    tool_state_id: state,
    content: [{ function_call: call }],
  }

  test('in a body, in a delta and in the last frame', async () => {
    const events = whole(`gch_${state}`)
    expect(decodeGigachatV2Body(body([message], 'function_call'))).toEqual(events)
    const delta = { model, messages: [message] }
    expect(await decode(delta, done('function_call'))).toEqual(events)
    expect(await decode(body([message], 'function_call'))).toEqual(events)
  })

  test('that is told twice under the id of the service is one', async () => {
    const content = [{ function_call: { id: 'u-1', ...call } }]
    const twice = { ...message, content }
    expect(
      await decode(said(content, { tool_state_id: state }), body([twice], 'function_call')),
    ).toEqual(whole(`gch_${state}`))
  })

  test('without a state have the id of the service, or one of ours', async () => {
    const own = await choiceOf(
      decodeGigachatV2Body(
        body([{ content: [{ function_call: { id: 'u-1', ...call } }] }], 'function_call'),
      ),
    )
    expect(own?.toolCalls).toMatchObject([{ id: 'u-1' }])
    const none = await choiceOf(
      decodeGigachatV2Body(body([{ content: [{ function_call: call }] }], 'function_call')),
    )
    expect(none?.toolCalls[0]?.id).toMatch(/^call_[0-9a-f]{24}$/)
  })

  test('of which there are several have an id each, and the state is that of the first', async () => {
    const content = [
      { text: 'let me see' },
      { function_call: { id: 'u-1', name: '__xr_web_search', arguments: '{"a":1}' } },
      { function_call: { id: 'u-2', name: 'g' } },
    ]
    const choice = await choiceOf(
      decodeGigachatV2Body(body([{ ...message, content }], 'function_call')),
    )
    expect(choice).toMatchObject({
      content: 'let me see',
      toolCalls: [
        { id: `gch_${state}`, name: 'web_search', arguments: '{"a":1}' },
        { id: 'u-2', name: 'g', arguments: '{}' },
      ],
    })
  })

  test.each(['function_call_error', 'error'])(
    'that could not be written to the end (%s) are a failure, after what was counted',
    async (reason) => {
      const events: ChatEvent[] = []
      const failed = (async () => {
        const stream = decodeGigachatV2Events(streamOf([done(reason, { usage })]))
        for await (const event of stream) events.push(event)
      })()
      await expect(failed).rejects.toMatchObject({ code: 'PROVIDER_ERROR', failover: true })
      expect(events.at(-1)).toMatchObject({ type: 'usage' })
      expect(() => decodeGigachatV2Body(body([], reason))).toThrow(/arguments/)
    },
  )
})

describe('why an answer ended', () => {
  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['blacklist', 'content_filter'],
    ['request_blacklist', 'content_filter'],
    ['request_whitelist', 'content_filter'],
    ['request_filter', 'content_filter'],
    ['response_blacklist', 'content_filter'],
    ['something_new', 'other'],
  ])('%s', async (raw, unified) => {
    const finish = { type: 'finish', choice: 0, reason: { unified, raw } }
    expect((await decode(said([{ text: 'a' }]), done(raw))).at(-1)).toEqual(finish)
    expect(decodeGigachatV2Body(body([{ content: [{ text: 'a' }] }], raw)).at(-1)).toEqual(finish)
  })

  test('is unknown of a body that does not say', () => {
    const events = decodeGigachatV2Body({ messages: [{ content: [{ text: 'a' }] }] })
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: { unified: 'other' } })
  })
})

describe('reasoning', () => {
  test('is a message of its own, or stands between tags', async () => {
    const own = body([
      { role: 'reasoning', content: [{ text: 'hm' }] },
      { role: 'assistant', content: [{ text: 'yes' }] },
    ])
    const streamed = await decode(
      { model, messages: [{ role: 'reasoning', content: [{ text: 'h' }] }] },
      { model, messages: [{ role: 'reasoning', content: [{ text: 'm' }] }] },
      said([{ text: 'yes' }]),
      done(),
    )
    const tagged = await decode(
      said([{ text: '<thi' }]),
      said([{ text: 'nk>hm</think>yes' }]),
      done(),
    )
    for (const events of [decodeGigachatV2Body(own), streamed, tagged]) {
      const choice = await choiceOf(events)
      expect(choice).toMatchObject({ reasoning: 'hm', content: 'yes' })
      expect(choice?.parts.map(({ type }) => type)).toEqual(['reasoning', 'text'])
    }
  })
})

describe('tools of the service', () => {
  test('the state of one goes with the text, once', async () => {
    const whole = body([{ role: 'assistant', tool_state_id: state, content: [{ text: '639' }] }])
    const streamed = await decode(
      said([{ text: '639' }]),
      body([{ role: 'assistant', tool_state_id: state }]),
    )
    for (const events of [decodeGigachatV2Body(whole), streamed]) {
      expect((await choiceOf(events))?.parts).toEqual([
        { type: 'text', text: '639', signature: { dialect: 'gigachat-v2', value: state } },
      ])
    }
  })

  test('sources are annotations, and other inline data are kept', async () => {
    const inline = {
      images: [],
      widgets: [{ kind: 'map' }],
      sources: { 1: { url: 'https://a.example', title: 'A' }, 2: { url: 'https://b.example' } },
    }
    const choice = await choiceOf(
      await decode(said([{ text: 'It is so [sources=[2]].', inline_data: inline }]), done()),
    )
    expect(choice?.content).toBe('It is so [sources=[2]].')
    expect(choice?.annotations).toEqual([
      {
        dialect: 'gigachat-v2',
        raw: { 1: inline.sources[1] },
        url: 'https://a.example',
        title: 'A',
      },
      { dialect: 'gigachat-v2', raw: { 2: inline.sources[2] }, url: 'https://b.example' },
    ])
    expect(choice?.extra).toMatchObject({
      dialect: 'gigachat-v2',
      message: { inline_data: { widgets: [{ kind: 'map' }] } },
    })
  })

  test('files are parts that only the service knows', async () => {
    const files = [{ id: 'f4b17167', mime: 'image/jpeg', target: 'image' }]
    const choice = await choiceOf(
      decodeGigachatV2Body(body([{ content: [{ files }, { text: 'Here.' }] }])),
    )
    expect(choice?.parts).toEqual([
      { type: 'native', dialect: 'gigachat-v2', part: { files } },
      { type: 'text', text: 'Here.' },
    ])
    const alone = await choiceOf(decodeGigachatV2Body(body([{ content: [{ files }] }])))
    expect(alone).toMatchObject({ content: null, parts: [{ type: 'native' }] })
  })

  test('what came of them is kept, in whatever place; that they run is nothing', async () => {
    const running = { name: 'web_search', seconds_left: 3 }
    const ended = { name: 'web_search', status: 'success' }
    const events = await decode(
      said([{ tool_execution: running }]),
      said([{ tool_execution: ended }]),
      said([], { tool_execution: ended }),
      { model, messages: [{ role: 'reasoning', content: [{ tool_execution: ended }] }] },
      { model, tool_execution: ended },
      said([{ text: 'found' }]),
      done(),
    )
    const choice = await choiceOf(events)
    expect(choice?.extra?.message).toEqual({ tool_executions: [ended, ended, ended, ended] })
    expect(choice?.content).toBe('found')
  })

  test('members that nobody knows are kept for doors of the same API', async () => {
    const { extra, choices } = await collect(
      decodeGigachatV2Body(
        body([{ content: [{ text: 'a', mood: 'good' }] }], 'stop', { thread_id: 't' }),
      ),
    )
    expect(extra).toEqual({ dialect: 'gigachat-v2', members: { thread_id: 't' } })
    expect(choices[0]?.extra?.message).toEqual({ parts: [{ mood: 'good' }] })
  })
})

describe('log probabilities', () => {
  const token = (text: string, logprob: number) => ({ token: text, token_id: 7, logprob })

  test('have their alternatives, and tokens that are none are left out', async () => {
    const logprobs = [
      { chosen: token('a', -0.1), top: [token('a', -0.1), token('b', -2), { token: 1 }] },
      { chosen: token('c', -0.2) },
      { chosen: null },
      'x',
    ]
    const choice = await choiceOf(await decode(said([{ text: 'ac', logprobs }]), done()))
    expect(choice?.content).toBe('ac')
    expect(choice?.logprobs?.content).toEqual([
      {
        token: 'a',
        logprob: -0.1,
        bytes: null,
        topLogprobs: [
          { token: 'a', logprob: -0.1, bytes: null },
          { token: 'b', logprob: -2, bytes: null },
        ],
      },
      { token: 'c', logprob: -0.2, bytes: null, topLogprobs: [] },
    ])
  })

  test.each([[undefined], [null], [[]], [['x']], [{}]])('%j are none', async (logprobs) => {
    const choice = await choiceOf(await decode(said([{ text: 'a', logprobs }]), done()))
    expect(choice).toMatchObject({ content: 'a' })
    expect(choice?.logprobs).toBeUndefined()
  })
})

describe('odd answers', () => {
  test('an empty text is an answer, in a stream and whole', async () => {
    const empty = { type: 'text-delta', choice: 0, text: '' }
    expect(await decode(said([]), done())).toContainEqual(empty)
    expect(await decode(done())).toContainEqual(empty)
    expect(decodeGigachatV2Body(body([]))).toContainEqual(empty)
  })

  test('a content that is a text, and parts that are none', async () => {
    expect(await choiceOf(decodeGigachatV2Body(body([{ content: 'a' }])))).toMatchObject({
      content: 'a',
    })
    const odd = await choiceOf(
      decodeGigachatV2Body(body([{ content: [null, 'x', { text: 1 }, { text: 'b' }] }])),
    )
    expect(odd?.content).toBe('b')
  })

  test('a stream without a reason to finish is not complete', async () => {
    const truncated = { code: 'UPSTREAM_TRUNCATED' }
    await expect(decode(said([{ text: 'a' }]))).rejects.toMatchObject(truncated)
    await expect(decode(said([{ text: 'a' }]), { model, usage })).rejects.toMatchObject(truncated)
    await expect(decode()).rejects.toMatchObject(truncated)
  })

  test('nothing is read after the end', async () => {
    const events = await decode(said([{ text: 'a' }]), done(), '{"broken')
    expect(events.at(-1)).toMatchObject({ type: 'finish' })
  })

  test('a frame of a kind that nobody knows is passed over', async () => {
    const events = await decode({ tool: 'x', status: 'in_progress' }, said([{ text: 'a' }]), done())
    expect((await choiceOf(events))?.content).toBe('a')
  })

  test.each([
    ['a frame that tells of a failure', { status: 429, message: 'no' }, 'PROVIDER_RATE_LIMITED'],
    ['a frame with an error', { error: { message: 'no' } }, 'PROVIDER_ERROR'],
    ['a frame with words alone', { message: 'no' }, 'PROVIDER_ERROR'],
    ['a frame that is no object', '[1]', 'PROVIDER_ERROR'],
    ['a frame that is no JSON', '{"mes', 'PROVIDER_ERROR'],
  ])('%s', async (_name, odd, code) => {
    await expect(decode(said([{ text: 'a' }]), odd)).rejects.toMatchObject({ code })
  })

  test.each([[{}], [[]], ['text'], [null], [{ messages: 1 }], [{ choices: [] }]])(
    'a body of %j',
    (odd) => {
      expect(() => decodeGigachatV2Body(odd)).toThrow(
        expect.objectContaining({ code: 'PROVIDER_ERROR' }),
      )
    },
  )

  test('a body that tells of a failure', () => {
    expect(() => decodeGigachatV2Body({ status: 404, message: 'No such model' })).toThrow(
      expect.objectContaining({ code: 'MODEL_NOT_FOUND' }),
    )
  })
})
