import { describe, expect, it } from 'vitest'
import { type AnswerHeaders, retryAfterMs } from '../../src/lib/retry-after.ts'

const now = Date.parse('2026-08-01T12:00:00Z')

describe('retryAfterMs', () => {
  const cases: [name: string, headers: AnswerHeaders, expected: number | undefined][] = [
    ['nothing said', {}, undefined],
    ['seconds', { 'retry-after': '2' }, 2000],
    ['a fraction of a second', { 'retry-after': '0.25' }, 250],
    ['zero', { 'retry-after': '0' }, 0],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
    ['a fraction of a millisecond', { 'retry-after-ms': '12.4' }, 13],
    ['both: the finer one', { 'retry-after-ms': '700', 'retry-after': '1' }, 700],
    ['broken milliseconds', { 'retry-after-ms': 'soon', 'retry-after': '3' }, 3000],
    ['a date to come', { 'retry-after': 'Sat, 01 Aug 2026 12:00:30 GMT' }, 30_000],
    ['a date gone by', { 'retry-after': 'Sat, 01 Aug 2026 11:59:00 GMT' }, 0],
    ['a repeated header', { 'retry-after': ['4', '9'] }, 4000],
    ['a negative number', { 'retry-after': '-5' }, undefined],
    ['nonsense', { 'retry-after': 'later' }, undefined],
    ['empty', { 'retry-after': '' }, undefined],
  ]
  it.each(cases)('%s', (_name, headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected)
  })
})
