import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeUsage, encodeUsage } from '../../../src/dialects/openai-chat/usage.ts'
import {
  completionTokens,
  promptTokens,
  type Usage,
  tokenClasses,
} from '../../../src/protocol/usage.ts'

const counts = (prompt: number, completion: number, total: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
})

describe('usage from the wire', () => {
  const cases: [name: string, raw: unknown, expected: Partial<Usage>][] = [
    [
      'plain counts',
      counts(13, 11, 24),
      { inputTokens: 13, outputTokens: 11, totalTokens: 24, estimated: false },
    ],
    [
      'cached tokens, inside the prompt',
      { ...counts(100, 5, 105), prompt_tokens_details: { cached_tokens: 64, audio_tokens: 4 } },
      { inputTokens: 36, cachedInputTokens: 64, outputTokens: 5, totalTokens: 105 },
    ],
    [
      'cache writes, inside the prompt',
      {
        ...counts(4020, 5, 4025),
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 4012 },
      },
      { inputTokens: 8, cachedInputTokens: 0, cacheWriteTokens: 4012 },
    ],
    [
      'DeepSeek’s cache hits',
      { ...counts(10, 5, 15), prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 },
      { inputTokens: 6, cachedInputTokens: 4 },
    ],
    [
      'cached tokens at the top',
      { ...counts(10, 5, 15), cached_tokens: 3, prompt_tokens_details: null },
      { inputTokens: 7, cachedInputTokens: 3 },
    ],
    [
      'reasoning inside the completion',
      { ...counts(10, 50, 60), completion_tokens_details: { reasoning_tokens: 40 } },
      { outputTokens: 10, reasoningTokens: 40, totalTokens: 60 },
    ],
    [
      'reasoning beside the completion, as the total tells',
      { ...counts(12, 400, 752), completion_tokens_details: { reasoning_tokens: 340 } },
      { inputTokens: 12, outputTokens: 400, reasoningTokens: 340, totalTokens: 752 },
    ],
    [
      'more reasoning than completion',
      { ...counts(12, 2, 14), completion_tokens_details: { reasoning_tokens: 340 } },
      { outputTokens: 2, reasoningTokens: 340, totalTokens: 14 },
    ],
    [
      'no reasoning at all',
      { ...counts(10, 5, 15), completion_tokens_details: { reasoning_tokens: 0 } },
      { outputTokens: 5, reasoningTokens: 0 },
    ],
    [
      'more cached than sent',
      { ...counts(10, 5, 15), prompt_tokens_details: { cached_tokens: 12, cache_write_tokens: 3 } },
      { inputTokens: 0, cachedInputTokens: 10, cacheWriteTokens: 0 },
    ],
    ['a total alone', { total_tokens: 9 }, { totalTokens: 9 }],
    [
      'zeros, which are counts too',
      counts(0, 0, 0),
      { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
    ],
  ]
  it.each(cases)('%s', (_name, raw, expected) => {
    const usage = decodeUsage(raw)
    expect(usage).toMatchObject(expected)
    expect(usage?.raw).toEqual({ dialect: 'openai-chat', body: raw })
  })

  it('leaves unknown what nobody counted', () => {
    const usage = decodeUsage({ prompt_tokens: 3 })
    expect(Object.keys(usage ?? {}).toSorted()).toEqual(['estimated', 'inputTokens', 'raw'])
    expect(decodeUsage({ completion_tokens: 3, prompt_tokens: null })).not.toHaveProperty(
      'inputTokens',
    )
  })

  it.each([
    [null],
    [undefined],
    [[]],
    ['12'],
    [{}],
    [{ queue_time: 0.1 }],
    [{ prompt_tokens: '12' }],
    [{ prompt_tokens: -1 }],
    [{ prompt_tokens: 1.5 }],
  ])('%j counts nothing', (raw) => {
    expect(decodeUsage(raw)).toBeUndefined()
  })
})

describe('usage for a client', () => {
  const cases: [name: string, usage: Usage, expected: Record<string, unknown>][] = [
    [
      'sums the classes',
      {
        inputTokens: 5,
        cachedInputTokens: 3,
        cacheWriteTokens: 2,
        outputTokens: 4,
        reasoningTokens: 6,
        totalTokens: 99,
        estimated: false,
      },
      {
        ...counts(10, 10, 20),
        prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 6 },
      },
    ],
    [
      'has no details of what is unknown',
      { inputTokens: 5, outputTokens: 4, estimated: true },
      counts(5, 4, 9),
    ],
    [
      'has null for a side that is unknown',
      { inputTokens: 5, estimated: false },
      { prompt_tokens: 5, completion_tokens: null, total_tokens: null },
    ],
    [
      'has the provider’s total where the sides are unknown',
      { totalTokens: 7, estimated: false },
      { prompt_tokens: null, completion_tokens: null, total_tokens: 7 },
    ],
    [
      'keeps another dialect’s object to itself',
      {
        inputTokens: 1,
        outputTokens: 2,
        estimated: false,
        raw: { dialect: 'anthropic-messages', body: { input_tokens: 1, server_tool_use: {} } },
      },
      counts(1, 2, 3),
    ],
  ]
  it.each(cases)('%s', (_name, usage, expected) => {
    expect(encodeUsage(usage)).toEqual(expected)
  })

  it('shows what a provider of this dialect said besides', () => {
    const raw = {
      ...counts(12, 2, 354),
      prompt_tokens_details: { text_tokens: 12, audio_tokens: 0, cached_tokens: 11 },
      completion_tokens_details: { reasoning_tokens: 340, accepted_prediction_tokens: 0 },
      cost: 0.5,
      queue_time: 0.1,
    }
    const usage = decodeUsage(raw)
    expect(usage && encodeUsage(usage)).toEqual({ ...raw, completion_tokens: 342 })
  })
})

const count = fc.nat(10_000)

it('classes are never negative, and add up to what was counted', () => {
  const raw = fc.record({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: fc.option(
      fc.record({ cached_tokens: fc.option(count), cache_write_tokens: fc.option(count) }),
    ),
    completion_tokens_details: fc.option(fc.record({ reasoning_tokens: fc.option(count) })),
  })
  fc.assert(
    fc.property(raw, (body) => {
      const usage = decodeUsage(body)
      if (!usage) throw new Error('nothing was counted')
      for (const name of tokenClasses) expect(usage[name] ?? 0).toBeGreaterThanOrEqual(0)
      expect(promptTokens(usage)).toBe(body.prompt_tokens)
      expect(completionTokens(usage)).toBeGreaterThanOrEqual(body.completion_tokens)
      const shown = encodeUsage(usage)
      expect(shown['total_tokens']).toBe(
        (promptTokens(usage) ?? 0) + (completionTokens(usage) ?? 0),
      )
    }),
  )
})

it('an inclusive object whose total holds comes back unchanged', () => {
  fc.assert(
    fc.property(count, count, fc.nat(1), (prompt, completion, part) => {
      const raw = {
        ...counts(prompt, completion, prompt + completion),
        prompt_tokens_details: { cached_tokens: Math.floor(prompt * part) },
        completion_tokens_details: { reasoning_tokens: Math.floor(completion * part) },
      }
      const usage = decodeUsage(raw)
      expect(usage && encodeUsage(usage)).toEqual(raw)
    }),
  )
})
