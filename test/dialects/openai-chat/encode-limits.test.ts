import { expect, test } from 'vitest'
import { encodeLimits as ofAnthropic } from '../../../src/dialects/anthropic-messages/encode-limits.ts'
import { encodeLimits as ofOpenai } from '../../../src/dialects/openai-chat/encode-limits.ts'
import type { LimitLevel } from '../../../src/protocol/limit.ts'

const level = (kind: LimitLevel['kind'], more: Partial<LimitLevel>): LimitLevel => ({
  scope: 'key',
  subject: 'key_1',
  kind,
  periodMs: 60_000,
  limit: 100,
  remaining: 50,
  resetMs: 0,
  ...more,
})

const levels = [
  level('requests', { limit: 20, remaining: 19, resetMs: 3_000 }),
  level('requests', { limit: 200, remaining: 7, resetMs: 83_417_000 }),
  level('tokens', { limit: 1_000, remaining: 0, resetMs: 59_999.2 }),
  level('concurrency', { remaining: 0 }),
]

test('OpenAI’s headers tell the limit with the least left, and how long until it is whole', () => {
  expect(Object.fromEntries(ofOpenai(levels, 0))).toEqual({
    'x-ratelimit-limit-requests': '200',
    'x-ratelimit-remaining-requests': '7',
    'x-ratelimit-reset-requests': '23h10m17s',
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '1m0s',
  })
})

test('Anthropic’s tell the moment at which it is whole, in whole seconds and never before', () => {
  const now = Date.parse('2026-11-30T12:00:00.001Z')
  expect(Object.fromEntries(ofAnthropic(levels, now))).toEqual({
    'anthropic-ratelimit-requests-limit': '200',
    'anthropic-ratelimit-requests-remaining': '7',
    'anthropic-ratelimit-requests-reset': '2026-12-01T11:10:18Z',
    'anthropic-ratelimit-tokens-limit': '1000',
    'anthropic-ratelimit-tokens-remaining': '0',
    'anthropic-ratelimit-tokens-reset': '2026-11-30T12:01:01Z',
  })
})

test.each([ofOpenai, ofAnthropic])('without limits of rates nothing is told', (encode) => {
  expect(encode([], 0)).toEqual([])
  expect(encode([level('concurrency', {})], 0)).toEqual([])
})
