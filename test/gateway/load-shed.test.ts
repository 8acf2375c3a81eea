import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { Shedder, startLoadShed } from '../../src/gateway/load-shed.ts'

/** A shedder from 1,000 ms on, with a die of the test's own, and what it told. */
function shedder(random = 0) {
  const told: unknown[] = []
  const made = new Shedder(
    { delayMs: 1_000 },
    {
      random: () => random,
      onShed: (priority) => told.push(priority),
      onChange: (delayMs) => told.push(delayMs ?? 'calm'),
    },
  )
  /** Delays that were measured one after the other. */
  const measured = (...delays: number[]) => delays.forEach((delayMs) => made.note(delayMs))
  const refused = (priority: number): boolean => {
    try {
      made.check(priority)
      return false
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'OVERLOADED') return true
      throw error
    }
  }
  return { made, told, measured, refused, all: () => [-1, 0, 1].map(refused) }
}

describe('shedding', () => {
  test('refuses nothing while the loop keeps up', () => {
    const { measured, all, told } = shedder()
    expect(all()).toEqual([false, false, false])
    measured(499, 499, 499)
    expect(all()).toEqual([false, false, false])
    expect(told).toEqual([])
  })

  test.each([
    [600, [true, false, false]],
    [1_000, [true, true, false]],
    [1_999, [true, true, false]],
    [2_000, [true, true, true]],
  ])('at %d ms refuses the low first, then the others: %j', (delayMs, expected) => {
    const { measured, all } = shedder()
    measured(delayMs, delayMs)
    expect(all()).toEqual(expected)
  })

  test.each([
    [1_000, 0.01, false],
    [1_250, 0.24, true],
    [1_250, 0.26, false],
    [1_900, 0.89, true],
    [2_000, 0.999, true],
  ])(
    'at %d ms refuses a part of them: of those that draw %d it is %s',
    (delayMs, drawn, expected) => {
      const { measured, refused } = shedder(drawn)
      measured(delayMs, delayMs)
      expect(refused(0)).toBe(expected)
    },
  )

  test('a single pause is no overload, and it ends as soon as the loop keeps up', () => {
    const { measured, refused } = shedder()
    measured(0, 9_000)
    expect(refused(0)).toBe(false)
    measured(9_000)
    expect(refused(0)).toBe(true)
    measured(3)
    expect(refused(0)).toBe(false)
  })

  test('tells when it begins and ends, and whom it refused', () => {
    const { measured, all, told } = shedder()
    measured(1_500, 1_500)
    all()
    measured(1_500, 0, 0)
    expect(told).toEqual([1_500, 'low', 'normal', 'calm'])
  })

  test('the refusal names a time to come back', () => {
    const { made, measured } = shedder()
    measured(5_000, 5_000)
    const refusal = { code: 'OVERLOADED', status: 503, retryAfterMs: 1_000 }
    expect(() => made.check(0)).toThrow(expect.objectContaining(refusal))
  })
})

test('switched off, nothing is measured and nothing refused', () => {
  const context = { random: () => 0, onShed: () => {}, onChange: () => {} }
  const off = startLoadShed(undefined, context)
  expect(() => off.check(-10)).not.toThrow()
  off.close()
})
