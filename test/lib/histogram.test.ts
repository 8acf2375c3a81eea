import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addCounts,
  count,
  percentile,
  relativeErrorMax,
  type Histogram,
} from '../../src/lib/histogram.ts'

const durations = fc.array(fc.double({ min: 1, max: 1e8, noNaN: true }), {
  minLength: 1,
  maxLength: 60,
})

function histogramOf(values: readonly number[]): Histogram {
  const histogram: Histogram = []
  for (const value of values) count(histogram, value)
  return histogram
}

/** The value that a share of all are not above, from the values themselves. */
function trueValue(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0
}

describe('percentiles from counts', () => {
  test('are never further off than they say', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const truth = trueValue(values, share)
        const read = percentile(histogramOf(values), share) ?? 0
        expect(Math.abs(read - truth) / truth).toBeLessThanOrEqual(relativeErrorMax + 1e-9)
      }),
    )
  })

  test('of counts that were added up are those of all together', () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const sum = histogramOf(some)
        addCounts(sum, histogramOf(others))
        expect(sum).toEqual(histogramOf([...some, ...others]))
      }),
    )
  })

  test('the error is less than 4.4 %', () => {
    expect(relativeErrorMax).toBeLessThan(0.044)
  })

  test('of nothing are unknown', () => {
    expect(percentile([], 0.5)).toBeNull()
    expect(percentile([0, 0], 0.5)).toBeNull()
  })

  test.each([0, -1, Number.NaN, 0.5, 1])('%s ms counts as a millisecond', (value) => {
    expect(percentile(histogramOf([value]), 1)).toBe(1)
  })

  test('a duration without measure goes into the last bucket', () => {
    expect(histogramOf([Infinity])).toEqual(histogramOf([1e12]))
  })
})
