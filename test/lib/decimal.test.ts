import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatNanos, parseNanos } from '../../src/lib/decimal.ts'

describe('nano amounts', () => {
  test.each([
    ['0', 0n],
    ['1', 1_000_000_000n],
    ['0.0375', 37_500_000n],
    ['0.000000001', 1n],
    ['12345678901234567890.5', 12_345_678_901_234_567_890_500_000_000n],
  ])('%s is exact', (text, nanos) => {
    expect(parseNanos(text)).toBe(nanos)
    expect(formatNanos(nanos)).toBe(text)
  })

  test.each(['', '-1', '1.', '.5', '1e3', '1.0000000001', '0x1', ' 1'])('%j is refused', (text) => {
    expect(() => parseNanos(text)).toThrow(RangeError)
  })

  test('a debt is shown with its sign', () => {
    expect(formatNanos(-1_500_000_000n)).toBe('-1.5')
    expect(formatNanos(-1n)).toBe('-0.000000001')
  })

  test('formatting and parsing are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (nanos) => {
        expect(parseNanos(formatNanos(nanos))).toBe(nanos)
      }),
    )
  })
})
