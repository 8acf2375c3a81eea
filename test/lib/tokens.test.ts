import { describe, expect, test } from 'vitest'
import { loadTokenizer } from '../../src/lib/tokens.ts'

describe('counting tokens', () => {
  test.each([
    ['', 0],
    ['hello', 1],
    ['Hello from XRouter', 4],
    ['<|endoftext|>', 7],
  ])('%j', async (text, tokens) => {
    const count = await loadTokenizer()
    expect(count(text)).toBe(tokens)
  })

  test('a long unbroken run costs time in proportion to its length, and is counted nearly right', async () => {
    const count = await loadTokenizer()
    const short = count('日本語のテキスト'.repeat(50))
    expect(count('日本語のテキスト'.repeat(6000))).toBeGreaterThan(short * 110)
    expect(count(' '.repeat(100_000))).toBeGreaterThan(100)
    expect(count('a'.repeat(100_000))).toBeGreaterThan(1000)
  })
})
