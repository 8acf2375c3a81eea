import { describe, expect, test } from 'vitest'
import {
  decodeGigachatBody,
  decodeGigachatEvents,
} from '../../../src/dialects/gigachat/decode-events.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'

const state = '0199e210-2f13-744c-8fe5-c9a19fe27db7'
const usage = {
  prompt_tokens: 17,
  completion_tokens: 42,
  total_tokens: 59,
  precached_prompt_tokens: 2,
}

async function* streamOf(frames: readonly (object | string)[]): AsyncGenerator<string> {
  for (const each of frames) yield typeof each === 'string' ? each : JSON.stringify(each)
}

async function decode(...frames: (object | string)[]): Promise<ChatEvent[]> {
  return Array.fromAsync(decodeGigachatEvents(streamOf(frames)))
}

function frame(delta: object, finish?: string, more: object = {}): object {
  const choice = { delta, index: 0, ...(finish !== undefined && { finish_reason: finish }) }
  return {
    choices: [choice],
    created: 1,
    model: 'GigaChat:2.0',
    object: 'chat.completion',
    ...more,
  }
}

function body(message: object, finish: string, more: object = {}): object {
  return { choices: [{ message, index: 0, finish_reason: finish }], model: 'GigaChat:2.0', ...more }
}

test('a stream as recorded: deltas, usage beside the finish, [DONE]', async () => {
  const events = await decode(
    frame({ content: 'один, ', role: 'assistant' }),
    frame({ content: 'два' }),
    frame({ content: '' }, 'stop', { usage }),
    '[DONE]',
  )
  expect(events).toEqual([
    { type: 'response-start', model: 'GigaChat:2.0' },
    { type: 'text-delta', choice: 0, text: 'один, ' },
    { type: 'text-delta', choice: 0, text: 'два' },
    { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } },
    {
      type: 'usage',
      usage: {
        inputTokens: 15,
        cachedInputTokens: 2,
        outputTokens: 42,
        totalTokens: 59,
        estimated: false,
        raw: { dialect: 'gigachat', body: usage },
      },
    },
  ])
})

describe('calls', () => {
  const call = { name: 'f', arguments: { city: 'Казань' } }
  const started = {
    type: 'tool-call-start',
    choice: 0,
    index: 0,
    id: `gch_${state}`,
    kind: 'function',
    name: 'f',
  }
  const whole = [
    { type: 'response-start', model: 'GigaChat:2.0' },
    started,
    { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"city":"Казань"}' },
    { type: 'tool-call-end', choice: 0, index: 0 },
    { type: 'finish', choice: 0, reason: { unified: 'tool_calls', raw: 'function_call' } },
  ]
  const message = { content: '', role: 'assistant', function_call: call, functions_state_id: state }

  test('in one frame with the finish, in two, and in a body', async () => {
    expect(await decode(frame(message, 'function_call'), '[DONE]')).toEqual(whole)
    expect(await decode(frame(message), frame({ content: '' }, 'function_call'))).toEqual(whole)
    expect(decodeGigachatBody(body(message, 'function_call'))).toEqual(whole)
  })

  test('without a state get an id all the same', async () => {
    const [, start] = decodeGigachatBody(body({ ...message, functions_state_id: null }, 'stop'))
    expect(start).toMatchObject({ id: expect.stringMatching(/^call_[0-9a-f]{24}$/) })
  })

  test('with arguments that are a text, or none at all', async () => {
    for (const [written, expected] of [
      ['{"a":1}', '{"a":1}'],
      [undefined, '{}'],
    ]) {
      const lone = { function_call: { name: 'f', arguments: written } }
      const { choices } = await collect(decodeGigachatBody(body(lone, 'function_call')))
      expect(choices[0]?.toolCalls[0]?.arguments).toBe(expected)
    }
  })

  test('of a function that was marked have their own name again', () => {
    const marked = { function_call: { name: '__xr_web_search', arguments: {} } }
    expect(decodeGigachatBody(body(marked, 'function_call'))[1]).toMatchObject({
      name: 'web_search',
    })
  })

  test('that could not be written to the end are a failure, after what was counted', async () => {
    const events: ChatEvent[] = []
    const stream = decodeGigachatEvents(streamOf([frame({ content: '' }, 'error', { usage })]))
    await expect(
      (async () => {
        for await (const event of stream) events.push(event)
      })(),
    ).rejects.toMatchObject({ code: 'PROVIDER_ERROR', failover: true })
    expect(events.at(-1)).toMatchObject({ type: 'usage' })
    expect(() => decodeGigachatBody(body({ content: '' }, 'error'))).toThrow(/arguments/)
  })
})

describe('why an answer ended', () => {
  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['blacklist', 'content_filter'],
    ['something_new', 'other'],
  ])('%s', async (raw, unified) => {
    const finish = { type: 'finish', choice: 0, reason: { unified, raw } }
    expect(await decode(frame({ content: 'a' }, raw), '[DONE]')).toContainEqual(finish)
    expect(decodeGigachatBody(body({ content: 'a' }, raw))).toContainEqual(finish)
  })
})

describe('reasoning', () => {
  test('of its own member, and between tags, is not text', async () => {
    const own = await decode(
      frame({ content: '', reasoning_content: 'hm', role: 'assistant' }),
      frame({ content: 'yes' }, 'stop'),
    )
    const tagged = await decode(
      frame({ content: '<thi' }),
      frame({ content: 'nk>hm</thi' }),
      frame({ content: 'nk>yes' }, 'stop'),
    )
    for (const events of [own, tagged]) {
      const { choices } = await collect(events)
      expect(choices[0]).toMatchObject({ reasoning: 'hm', content: 'yes' })
    }
  })
})

describe('odd answers', () => {
  test('the time that a function of the service still takes is no text', async () => {
    const events = await decode(
      frame({ role: 'function_in_progress', name: 'text2image', content: '12' }),
      frame({ content: '<img src="x" fuse="true"/>' }, 'stop'),
    )
    expect((await collect(events)).choices[0]?.content).toBe('<img src="x" fuse="true"/>')
  })

  test('usage that repeats is said once, and an old one without a cache is no cache of 0', async () => {
    const old = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const events = await decode(
      frame({ content: 'a' }, undefined, { usage: old }),
      frame({ content: '' }, 'stop', { usage: old }),
    )
    const reports = events.filter((event) => event.type === 'usage')
    expect(reports).toHaveLength(1)
    expect(reports[0]?.usage).not.toHaveProperty('cachedInputTokens')
  })

  test('an empty text is an answer, in a stream and whole', async () => {
    const empty = { type: 'text-delta', choice: 0, text: '' }
    expect(await decode(frame({ content: '' }, 'stop'))).toContainEqual(empty)
    expect(decodeGigachatBody(body({ content: '' }, 'stop'))).toContainEqual(empty)
  })

  test('a stream that ends with [DONE] alone is complete, one that ends without both is not', async () => {
    expect((await decode(frame({ content: 'a' }), '[DONE]')).at(-1)).toEqual({
      type: 'finish',
      choice: 0,
      reason: { unified: 'other' },
    })
    await expect(decode(frame({ content: 'a' }))).rejects.toMatchObject({
      code: 'UPSTREAM_TRUNCATED',
    })
    await expect(decode('[DONE]')).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
    await expect(decode()).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
  })

  test.each([
    ['a frame that tells of a failure', { status: 429, message: 'no' }, 'PROVIDER_RATE_LIMITED'],
    ['a frame that says nothing', {}, 'PROVIDER_ERROR'],
    ['a frame that is no object', '[1]', 'PROVIDER_ERROR'],
    ['a frame that is no JSON', '{"cho', 'PROVIDER_ERROR'],
  ])('%s', async (_name, odd, code) => {
    await expect(decode(frame({ content: 'a' }), odd)).rejects.toMatchObject({ code })
  })

  test.each([[{}], [[]], ['text'], [null], [{ choices: [] }], [{ choices: 1 }]])(
    'a body of %j',
    (odd) => {
      expect(() => decodeGigachatBody(odd)).toThrow(
        expect.objectContaining({ code: 'PROVIDER_ERROR' }),
      )
    },
  )
})
