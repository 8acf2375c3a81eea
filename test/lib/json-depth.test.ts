import { describe, expect, test } from 'vitest'
import { isDeeperThan } from '../../src/lib/json-depth.ts'

describe('depth', () => {
  test.each([
    ['a text', '"a"', 0],
    ['null', 'null', 0],
    ['an empty array', '[]', 0],
    ['a flat object', '{"a": 1, "b": "c"}', 0],
    ['an object in an array', '[1, {"a": 1}]', 1],
    ['the deepest of several', '{"a": [], "b": {"c": [[]]}, "d": 1}', 3],
  ])('%s', (_case, json, depth) => {
    const value: unknown = JSON.parse(json)
    expect(isDeeperThan(value, depth)).toBe(false)
    expect(isDeeperThan(value, depth - 1)).toBe(true)
  })

  test('a million levels are no more work than the limit', () => {
    let value: unknown[] = []
    for (let level = 0; level < 1_000_000; level += 1) value = [value]
    expect(isDeeperThan(value, 200)).toBe(true)
  })

  test('a wide value is not deep', () => {
    expect(
      isDeeperThan(
        Array.from({ length: 200_000 }, () => ({})),
        1,
      ),
    ).toBe(false)
  })
})
