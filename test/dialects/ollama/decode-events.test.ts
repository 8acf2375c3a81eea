import { describe, expect, test } from 'vitest'
import { decodeOllamaBody, decodeOllamaEvents } from '../../../src/dialects/ollama/decode-events.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { streamOf } from '../../support/recorded.ts'

const head = { model: 'm', created_at: '2025-08-20T09:45:30.391699Z' }
const said = (message: object, beside: object = {}): object => ({
  ...head,
  message: { role: 'assistant', content: '', ...message },
  ...beside,
  done: false,
})
const counts = { prompt_eval_count: 19, eval_count: 104, total_duration: 1_078, load_duration: 1 }
const last = (beside: object = {}): object => ({
  ...said({}),
  done: true,
  done_reason: 'stop',
  ...counts,
  ...beside,
})

async function events(...lines: object[]): Promise<ChatEvent[]> {
  return Array.fromAsync(decodeOllamaEvents(streamOf(lines.map((line) => JSON.stringify(line)))))
}

describe('a stream', () => {
  test('is thoughts, text and an end with its tokens', async () => {
    const lines = [said({ thinking: 'hm' }), said({ content: 'Why' }), said({ content: ' not' })]
    expect(await events(...lines, last())).toEqual([
      { type: 'response-start', model: 'm' },
      { type: 'reasoning-delta', choice: 0, text: 'hm' },
      { type: 'text-delta', choice: 0, text: 'Why' },
      { type: 'text-delta', choice: 0, text: ' not' },
      {
        type: 'usage',
        usage: {
          inputTokens: 19,
          outputTokens: 104,
          estimated: false,
          raw: { dialect: 'ollama', body: counts },
        },
      },
      { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } },
    ])
  })

  test('has calls in lines before the last, several in one or one in each', async () => {
    const call = (name: string, beside: object = {}): object => ({
      ...beside,
      function: { name, arguments: { city: 'Tokyo' } },
    })
    const answer = await collect(
      await events(
        said({ tool_calls: [call('a', { id: 'call_1' }), call('b')] }),
        said({ tool_calls: [call('c')] }),
        last(),
      ),
    )
    const [choice] = answer.choices
    expect(choice?.toolCalls.map(({ name, arguments: given }) => [name, given])).toEqual(
      ['a', 'b', 'c'].map((name) => [name, '{"city":"Tokyo"}']),
    )
    expect(choice?.toolCalls[0]?.id).toBe('call_1')
    expect(choice?.toolCalls.map(({ id }) => id)[2]).toMatch(/^call_/)
    expect(choice?.finishReason).toEqual({ unified: 'tool_calls', raw: 'stop' })
  })

  test.each([
    [undefined, '{}'],
    [{}, '{}'],
    ['{"a": 1}', '{"a": 1}'],
  ])('arguments %j are %s', async (given, written) => {
    const call = { function: { name: 'f', ...(given !== undefined && { arguments: given }) } }
    const { choices } = await collect(await events(said({ tool_calls: [call] }), last()))
    expect(choices[0]?.toolCalls[0]?.arguments).toBe(written)
  })

  test('has log probabilities beside the text', async () => {
    const token = { token: 'Hi', logprob: -0.5, bytes: [72, 105] }
    const line = said(
      { content: 'Hi' },
      { logprobs: [{ ...token, top_logprobs: [{ token: 'Ho', logprob: -2 }] }] },
    )
    const { choices } = await collect(await events(line, last()))
    expect(choices[0]?.logprobs?.content).toEqual([
      { ...token, topLogprobs: [{ token: 'Ho', logprob: -2, bytes: null }] },
    ])
  })

  test('keeps members that have no place, of the answer and of its message', async () => {
    const remote = { remote_model: 'big', remote_host: 'https://ollama.com' }
    const made = await events(said({ images: ['AAAA'] }, remote), last(remote))
    expect(made).toContainEqual({ type: 'extra', dialect: 'ollama', members: remote })
    expect(made).toContainEqual({
      type: 'extra',
      dialect: 'ollama',
      choice: 0,
      place: 'message',
      members: { images: ['AAAA'] },
    })
  })

  test.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['load', 'stop'],
    ['unload', 'stop'],
    ['something new', 'other'],
    ['', 'other'],
    [undefined, 'stop'],
  ])('that ends with %j ends with %s', async (reason, unified) => {
    const made = await events(said({ content: 'a' }), last({ done_reason: reason }))
    expect(made.at(-1)).toMatchObject({ type: 'finish', reason: { unified } })
  })

  test('counts of which one is missing leave it unknown', async () => {
    const usages = async (line: object) => (await collect(await events(line))).usage
    const without = last({ prompt_eval_count: undefined })
    expect(await usages(without)).toMatchObject({ outputTokens: 104 })
    expect((await usages(without))?.inputTokens).toBeUndefined()
    const none = last({ prompt_eval_count: undefined, eval_count: undefined })
    expect(await usages(none)).toBeUndefined()
  })

  test('of nothing is an empty text', async () => {
    expect((await collect(await events(last()))).choices[0]?.content).toBe('')
  })

  test('is read no further than its last line', async () => {
    expect(await events(last(), { error: 'late' })).toHaveLength(4)
  })
})

describe('a stream that is broken', () => {
  test.each<[string, object[], string]>([
    ['ends without its last line', [said({ content: 'a' })], 'UPSTREAM_TRUNCATED'],
    ['has no line', [], 'UPSTREAM_TRUNCATED'],
    ['has an error', [said({ content: 'a' }), { error: 'runner failed' }], 'PROVIDER_ERROR'],
    ['has a line without a message', [{ ...head, done: true }], 'PROVIDER_ERROR'],
    ['has a list for a line', [[]], 'PROVIDER_ERROR'],
  ])('%s', async (_name, lines, code) => {
    await expect(events(...lines)).rejects.toMatchObject({ code })
  })

  test('has a line that is no JSON', async () => {
    const read = Array.fromAsync(decodeOllamaEvents(streamOf(['{"model":'])))
    await expect(read).rejects.toMatchObject({ code: 'PROVIDER_ERROR' })
  })
})

describe('a whole answer', () => {
  test('is the same as a stream of it', async () => {
    const message = { content: 'Why', thinking: 'hm' }
    const whole = decodeOllamaBody({ ...last(), message: { role: 'assistant', ...message } })
    expect(whole).toEqual(await events(said({ thinking: 'hm' }), said({ content: 'Why' }), last()))
  })

  test.each([[null], [{}], [{ message: {} }], [said({ content: 'a' })], ['text']])(
    '%j is none',
    (body) => {
      expect(() => decodeOllamaBody(body)).toThrow(
        expect.objectContaining({ code: 'PROVIDER_ERROR' }),
      )
    },
  )

  test('with an error is that error', () => {
    expect(() => decodeOllamaBody({ error: 'server busy, please try again' })).toThrow(
      expect.objectContaining({ code: 'PROVIDER_UNAVAILABLE' }),
    )
  })
})
