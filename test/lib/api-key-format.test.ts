import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apiKeyPrefix, isApiKey, newApiKey } from '../../src/lib/api-key-format.ts'

describe('API keys', () => {
  test('have the documented form and are never the same', () => {
    const keys = Array.from({ length: 1000 }, () => newApiKey('free'))
    expect(new Set(keys).size).toBe(1000)
    for (const key of keys) {
      expect(key).toMatch(/^xr-free-[A-Za-z0-9]{32,}-[0-9a-f]{8}$/)
      expect(isApiKey(key)).toBe(true)
    }
  })

  test('one changed character is noticed without a look-up', () => {
    fc.assert(
      fc.property(fc.nat(39), fc.constantFrom('a', 'b', 'X', 'Y', '0', '1'), (at, letter) => {
        const key = newApiKey('pro')
        const place = 'xr-pro-'.length + at
        const changed = key.slice(0, place) + letter + key.slice(place + 1)
        expect(isApiKey(changed)).toBe(changed === key)
      }),
    )
  })

  test.each([
    '',
    'sk-abc',
    'xr-pro-short-00000000',
    `xr-pro-${'a'.repeat(40)}-00000000`,
    'x'.repeat(300),
  ])('%j is none', (text) => expect(isApiKey(text)).toBe(false))

  test('the prefix shows the tier and four characters', () => {
    const key = newApiKey('enterprise')
    expect(apiKeyPrefix(key)).toBe(key.slice(0, 'xr-enterprise-'.length + 4))
  })
})
