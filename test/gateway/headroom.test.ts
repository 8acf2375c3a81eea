import { expect, test } from 'vitest'
import { createHeadroom } from '../../src/gateway/headroom.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

/** What is left after an answer with these headers, now and after so many milliseconds. */
function leftAfter(headers: Record<string, string>, ms = 0): number {
  let clock = now
  const headroom = createHeadroom(() => clock)
  headroom.note({ id: 'a/m' }, headers)
  clock += ms
  return headroom.of({ id: 'a/m' })
}

const tokens = { 'x-ratelimit-limit-tokens': '1000', 'x-ratelimit-remaining-tokens': '100' }

test.each<[string, Record<string, string>, number]>([
  ['nothing', { 'content-type': 'text/plain' }, 1],
  ['tokens', tokens, 0.1],
  [
    'the least of several',
    { ...tokens, 'x-ratelimit-limit-requests': '10', 'x-ratelimit-remaining-requests': '5' },
    0.1,
  ],
  [
    'a vendor’s own order of the words',
    { 'v-ratelimit-requests-limit': '50', 'v-ratelimit-requests-remaining': '10' },
    0.2,
  ],
  ['no kind', { 'ratelimit-limit': '8', 'ratelimit-remaining': '2' }, 0.25],
  ['a limit without a rest', { 'x-ratelimit-limit-requests': '10' }, 1],
  ['a rest without a limit', { 'x-ratelimit-remaining-requests': '1' }, 1],
  ['rubbish', { 'x-ratelimit-limit-tokens': 'many', 'x-ratelimit-remaining-tokens': 'few' }, 1],
  ['a limit of nothing', { 'ratelimit-limit': '0', 'ratelimit-remaining': '0' }, 1],
])('headers that tell of %s', (_case, headers, left) => {
  expect(leftAfter(headers)).toBe(left)
})

test.each([
  ['20ms', 20],
  ['6m0s', 360_000],
  ['1.5s', 1_500],
  ['2', 2_000],
  [String(now / 1_000 + 3), 3_000],
  ['2026-01-01T00:00:04Z', 4_000],
  ['soon', 60_000],
])('a limit that is renewed at %s holds for %d ms', (reset, ms) => {
  const headers = { ...tokens, 'x-ratelimit-reset-tokens': reset }
  expect(leftAfter(headers, ms - 1)).toBe(0.1)
  expect(leftAfter(headers, ms)).toBe(1)
})

test('what is left of our own limits counts for as long as it is said, beside what its provider says', () => {
  let clock = now
  const headroom = createHeadroom(() => clock)
  headroom.noteLimits({ id: 'a/m' }, { share: 0.25, untilMs: now + 5_000 })
  expect([headroom.of({ id: 'a/m' }), headroom.of({ id: 'b/m' })]).toEqual([0.25, 1])
  headroom.note({ id: 'a/m' }, tokens)
  expect(headroom.of({ id: 'a/m' })).toBe(0.1)
  headroom.noteLimits({ id: 'a/m' }, { share: 0.05, untilMs: now + 5_000 })
  expect(headroom.of({ id: 'a/m' })).toBe(0.05)
  clock += 5_000
  expect(headroom.of({ id: 'a/m' })).toBe(0.1)
})
