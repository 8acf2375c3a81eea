import { expect, test } from 'vitest'
import { completionTokens, promptTokens, totalTokens } from '../../src/protocol/usage.ts'

test('sums are of what is known; nothing known is unknown, not zero', () => {
  const full = {
    inputTokens: 5,
    cachedInputTokens: 3,
    cacheWriteTokens: 2,
    outputTokens: 7,
    reasoningTokens: 4,
    estimated: false,
  }
  expect([promptTokens(full), completionTokens(full), totalTokens(full)]).toEqual([10, 11, 21])
  expect(totalTokens({ ...full, totalTokens: 99 })).toBe(99)
  const none = { estimated: false }
  expect([promptTokens(none), completionTokens(none), totalTokens(none)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(totalTokens({ inputTokens: 5, estimated: false })).toBeUndefined()
  expect(promptTokens({ inputTokens: 0, estimated: false })).toBe(0)
})
