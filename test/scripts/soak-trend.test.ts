import { expect, test } from 'vitest'
import { trendOf } from '../../scripts/soak/trend.ts'

const wobble = (x: number): number => Math.sin(x * 7) / 5

test('a line is found as it is', () => {
  const points = [0, 1, 2, 3, 4].map((x) => [x, 5 + 3 * x] as const)
  const trend = trendOf(points)
  expect(trend.slope).toBeCloseTo(3)
  expect(trend.within).toBeCloseTo(0)
  expect(trend.surely).toBeCloseTo(3)
})

test('a flat line that wobbles does not surely rise', () => {
  const points = Array.from({ length: 12 }, (_, x) => [x, 60 + wobble(x)] as const)
  expect(trendOf(points).surely).toBeLessThan(0.05)
})

test('a rise shows through one reading that is far off', () => {
  const points = Array.from({ length: 12 }, (_, x) => [x, 60 + x + wobble(x)] as const)
  const [, ...rest] = points
  const trend = trendOf([[0, 75], ...rest])
  expect(trend.slope - trend.within).toBeLessThan(0.5)
  expect(trend.surely).toBeGreaterThan(0.5)
})
