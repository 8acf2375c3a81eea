import { describe, expect, test } from 'vitest'
import { costOf } from '../../src/gateway/cost.ts'
import type { PriceSnapshot } from '../../src/protocol/settlement.ts'

const price: PriceSnapshot = {
  currency: 'USD',
  perMillion: { inputTokens: '0.15', cachedInputTokens: '0.0375', outputTokens: '0.6' },
  source: 'test',
}

describe('the cost of an attempt', () => {
  test('is the exact sum over the disjoint classes, in nano-units', () => {
    const usage = { inputTokens: 1000, cachedInputTokens: 24, outputTokens: 7, estimated: false }
    // 1000 * 150 + 24 * 37.5 + 7 * 600 nano-dollars
    expect(costOf(price, usage)).toEqual({ currency: 'USD', nanos: 155_100n })
  })

  test('fractions of a nano-unit are rounded once, at the end, half up', () => {
    const usage = (cachedInputTokens: number) => ({
      inputTokens: 0,
      cachedInputTokens,
      estimated: false,
    })
    expect(costOf(price, usage(1))?.nanos).toBe(38n)
    expect(costOf(price, usage(2))?.nanos).toBe(75n)
    expect(costOf(price, usage(3))?.nanos).toBe(113n)
  })

  test('reasoning costs what output costs, and a cache write what input costs, without prices of their own', () => {
    const usage = { inputTokens: 0, cacheWriteTokens: 2, reasoningTokens: 3, estimated: false }
    expect(costOf(price, usage)?.nanos).toBe(2n * 150n + 3n * 600n)
  })

  test('prices of their own stand before that', () => {
    const own = {
      ...price,
      perMillion: { ...price.perMillion, reasoningTokens: '1', cacheWriteTokens: '2' },
    }
    const usage = { inputTokens: 0, cacheWriteTokens: 2, reasoningTokens: 3, estimated: false }
    expect(costOf(own, usage)?.nanos).toBe(2n * 2000n + 3n * 1000n)
  })

  test('is unknown, not zero, without a price, without usage, or without the price of a used class', () => {
    const usage = { inputTokens: 1, outputTokens: 1, estimated: false }
    expect(costOf(undefined, usage)).toBeUndefined()
    expect(costOf(price, undefined)).toBeUndefined()
    expect(costOf(price, { totalTokens: 5, estimated: false })).toBeUndefined()
    const inputOnly = { ...price, perMillion: { inputTokens: '1' } }
    expect(costOf(inputOnly, usage)).toBeUndefined()
    expect(costOf(inputOnly, { ...usage, outputTokens: 0 })?.nanos).toBe(1000n)
  })
})
