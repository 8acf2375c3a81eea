import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { seal, unseal } from '../../src/lib/seal.ts'

const key = randomBytes(32)

describe('a sealed text', () => {
  test.each(['', 'hello', 'привет 😀', 'x'.repeat(100_000)])('opens again', (text) => {
    expect(unseal(key, seal(key, text, 'here'), 'here')).toBe(text)
  })

  test('is another each time, and shows nothing', () => {
    const [one, other] = [seal(key, 'hello', 'here'), seal(key, 'hello', 'here')]
    expect(one).not.toBe(other)
    expect(Buffer.from(one, 'base64').toString('latin1')).not.toContain('hello')
  })

  test('opens neither elsewhere, nor under another key, nor changed, nor cut', () => {
    const sealed = seal(key, 'hello', 'here')
    const changed = Buffer.from(sealed, 'base64')
    changed[14] = (changed[14] ?? 0) ^ 1
    expect(unseal(key, sealed, 'there')).toBeUndefined()
    expect(unseal(randomBytes(32), sealed, 'here')).toBeUndefined()
    expect(unseal(key, changed.toString('base64'), 'here')).toBeUndefined()
    expect(unseal(key, sealed.slice(0, 20), 'here')).toBeUndefined()
    expect(unseal(key, '', 'here')).toBeUndefined()
  })
})
