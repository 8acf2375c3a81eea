import { describe, expect, test } from 'vitest'
import { isStorableText, storable } from '../../src/lib/storable.ts'

describe('what Postgres refuses', () => {
  test.each([
    ['plain text', 'abc é 🙂', true],
    ['nothing', '', true],
    ['NUL', 'a\0b', false],
    ['half a pair', 'a\ud83d', false],
    ['a pair the wrong way round', '\ude42\ud83d', false],
  ])('%s', (_case, text, expected) => {
    expect(isStorableText(text)).toBe(expected)
  })
})

describe('what is stored instead', () => {
  test('texts and names keep everything else', () => {
    const value = { 'a\0': ['x\ud800', { b: 'c\0d' }], n: 1, t: true, z: null, u: undefined }
    expect(storable(value)).toEqual({
      'a\ufffd': ['x\ufffd', { b: 'c\ufffdd' }],
      n: 1,
      t: true,
      z: null,
      u: undefined,
    })
  })

  test('what is no plain value stays the same object', () => {
    const value = { at: new Date(0), nanos: 12n, bytes: Buffer.from('a') }
    const kept = storable(value)
    expect(kept.at).toBe(value.at)
    expect(kept.nanos).toBe(12n)
    expect(kept.bytes).toBe(value.bytes)
  })

  test('a member named like the prototype is a member like any other', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": "a\\u0000"}}')
    expect(JSON.stringify(storable(value))).toBe('{"__proto__":{"polluted":"a\ufffd"}}')
    expect(Object.prototype).not.toHaveProperty('polluted')
  })
})
