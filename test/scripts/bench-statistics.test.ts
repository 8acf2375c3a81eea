import { describe, expect, test } from 'vitest'
import { median, quantile, spreadOf } from '../../scripts/bench/statistics.ts'

describe('the median', () => {
  test('is the value in the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  test('of an even number of values lies between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  test('of one value is that value, of none is not a number', () => {
    expect(median([7])).toBe(7)
    expect(median([])).toBeNaN()
  })

  test('leaves its values in their order', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('a quantile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

  test('is the value below which the share lies', () => {
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(quantile(hundred, 0.99)).toBe(99)
  })

  test('at the ends is the least and the greatest', () => {
    expect(quantile(hundred, 0)).toBe(1)
    expect(quantile(hundred, 1)).toBe(100)
  })

  test('sorts by size and not by spelling', () => {
    expect(quantile([10, 9, 2], 1)).toBe(10)
  })

  test('of nothing is not a number', () => {
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('the spread of values', () => {
  test('is the one in the middle, and the two around the middle half', () => {
    expect(spreadOf([8, 1, 5, 2, 4, 3, 7, 6])).toEqual({ median: 4.5, from: 2, to: 6 })
  })
})
