import { describe, expect, test } from 'vitest'
import { parseSafeJson } from '../../src/lib/safe-json.ts'

describe('JSON of a stranger', () => {
  test.each([
    '{"model":"a","messages":[{"role":"user","content":"hi"}]}',
    '[1,null,true,"a\\u0041"]',
    '"text"',
    'null',
    '0',
    '{"content":"__proto__ and \\"constructor\\" in a text"}',
    '{"constructor":1}',
    '{"constructor":{"name":"prototype"}}',
    '{"prototype":{"constructor":null}}',
    '[{"constructor":"prototype"},{"\\u0061":[]}]',
  ])('is what JSON says: %s', (text) => {
    expect(parseSafeJson(text)).toEqual(JSON.parse(text))
  })

  test('may begin with a byte order mark', () => {
    expect(parseSafeJson('\ufeff{"a":1}')).toEqual({ a: 1 })
  })

  test.each(['', ' ', '{', '{"a":}', "{'a':1}", '\ufeff\ufeff{}', 'undefined'])(
    'throws for what is none: %j',
    (text) => {
      expect(() => parseSafeJson(text)).toThrow(SyntaxError)
    },
  )

  test.each([
    '{"__proto__":{"admin":true}}',
    '{"__proto__":null}',
    '{"a":{"b":[1,{"__proto__":1}]}}',
    '{"\\u005f_proto__":1}',
    '{"\\u005F\\u005fproto\\u005f_":1}',
    '{"constructor":{"prototype":{"a":1}}}',
    '[[{"constructor":{"prototype":null}}]]',
    '{"\\u0063onstructor":{"prototyp\\u0065":1}}',
  ])('throws for members that could change a prototype: %s', (text) => {
    expect(() => parseSafeJson(text)).toThrow('a member names a prototype')
  })

  test('is looked through however deep it is nested', () => {
    const depth = 5_000
    const nested = (inner: string) => '['.repeat(depth) + inner + ']'.repeat(depth)
    expect(() => parseSafeJson(nested('{"__proto__":1}'))).toThrow(SyntaxError)
    expect(() => parseSafeJson(nested('{"\\u0061":1}'))).not.toThrow()
  })
})
