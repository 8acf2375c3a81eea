import { describe, expect, test } from 'vitest'
import { Slots } from '../../src/lib/slots.ts'
import { TransientMap } from '../../src/lib/transient-map.ts'

const byValue = (one: number, other: number): number => one - other

describe('slots', () => {
  test('hold what was added until it is removed, and give its place to another', () => {
    const slots = new Slots<string>()
    const [first, second] = [slots.add('first'), slots.add('second')]
    expect([slots.at(first), slots.at(second), slots.size]).toEqual(['first', 'second', 2])
    slots.remove(first)
    expect([slots.at(first), slots.values(), slots.size]).toEqual([undefined, ['second'], 1])
    expect(slots.add('third')).toBe(first)
    slots.replace(second, 'other')
    expect(slots.values().toSorted()).toEqual(['other', 'third'])
  })
})

describe('a transient map', () => {
  test('says the same as a Map after many turns', () => {
    const map = new TransientMap<number>()
    const expected = new Map<string, number>()
    for (let turn = 0; turn < 5_000; turn += 1) {
      const key = `key ${(turn * 7919) % 97}`
      if (turn % 3 === 0) {
        map.delete(key)
        expected.delete(key)
      } else {
        map.set(key, turn)
        expected.set(key, turn)
      }
      expect(map.size).toBe(expected.size)
      expect(map.get(key)).toBe(expected.get(key))
    }
    expect(map.values().toSorted(byValue)).toEqual([...expected.values()].toSorted(byValue))
    expect(expected.size).toBeGreaterThan(10)
  })
})
