import { expect, test } from 'vitest'
import { without } from '../../src/lib/without.ts'

const value = { a: 1, b: { c: 2, d: [{ e: 3, f: 4 }, { e: 5 }] }, g: null }

test.each<[string[], unknown]>([
  [[], value],
  [['a'], { b: value.b, g: null }],
  [['b.c', 'g'], { a: 1, b: { d: value.b.d } }],
  [['b.d.*.e'], { a: 1, b: { c: 2, d: [{ f: 4 }, {}] }, g: null }],
  [['b.d.e', 'x', 'x.y', 'a.b', 'g.h', 'b.*.c'], value],
])('without %j', (paths, expected) => {
  const before = structuredClone(value)
  expect(without(value, paths)).toEqual(expected)
  expect(value).toEqual(before)
})
