import { describe, expect, test } from 'vitest'
import { isoTime } from '../../src/lib/iso-time.ts'

describe('a time as text', () => {
  test.each([
    '2026-11-29T22:15:07.042Z',
    '2026-11-29T22:59:59.999Z',
    '2026-11-29T23:00:00.000Z',
    '2026-11-29T22:00:00.000Z',
    '1969-12-31T23:59:59.001Z',
    '0001-01-01T00:00:00.000Z',
    '-000001-03-01T12:30:00.500Z',
    '+010000-01-01T00:00:00.009Z',
  ])('%s is what `toISOString` makes of it, whichever was before', (text) => {
    const date = new Date(text)
    expect(isoTime(date)).toBe(date.toISOString())
  })

  test('goes through a day as `toISOString` does', () => {
    const startMs = Date.parse('2026-11-29T00:00:00.000Z')
    for (let ms = startMs; ms < startMs + 86_400_000; ms += 61_007) {
      const date = new Date(ms)
      expect(isoTime(date)).toBe(date.toISOString())
    }
  })

  test('refuses what is no time', () => {
    expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError)
  })
})
