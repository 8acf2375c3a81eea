import { describe, expect, test } from 'vitest'
import {
  estimateChat,
  estimatedCost,
  estimateTexts,
  estimateTokens,
} from '../../../src/gateway/routing/estimate.ts'
import { loadTokenizer } from '../../../src/lib/tokens.ts'

const english =
  'The quick brown fox jumps over the lazy dog while the rain in Spain stays mainly in the plain. '
const russian = 'Съешь же ещё этих мягких французских булок, да выпей чаю, и погода станет лучше. '
const chinese = '天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏'
const program = 'export function add(a: number, b: number): number {\n  return a + b\n}\n'

describe('tokens of a text', () => {
  test.each([english, russian, chinese, program])(
    '%s are met within a factor of 1.6',
    async (text) => {
      const count = await loadTokenizer()
      const long = text.repeat(20)
      const ratio = estimateTokens(long) / count(long)
      expect(ratio).toBeGreaterThan(1 / 1.6)
      expect(ratio).toBeLessThan(1.6)
    },
  )

  test('of none are none, of one character one', () => {
    expect([estimateTokens(''), estimateTokens('a')]).toEqual([0, 1])
  })
})

describe('what a request reads and writes', () => {
  const text = (words: string) => [{ type: 'text' as const, text: words }]

  test('is everything that is sent, and the bound of the answer for each choice', () => {
    const request = {
      model: 'm',
      stream: false,
      maxTokens: 10,
      choices: 3,
      tools: [{ kind: 'function' as const, name: 'f' }],
      messages: [
        { role: 'user' as const, parts: text('a'.repeat(40)) },
        {
          role: 'assistant' as const,
          parts: [{ type: 'tool-call' as const, index: 0 }],
          toolCalls: [{ id: '1', kind: 'function' as const, name: 'f', arguments: '{"a": 1}' }],
        },
        {
          role: 'user' as const,
          parts: [{ type: 'image' as const, url: 'https://example.com/a' }],
        },
      ],
    }
    const tools = Math.ceil(JSON.stringify(request.tools).length / 4)
    expect(estimateChat(request)).toEqual({
      inputTokens: tools + (4 + 10) + (4 + 3) + (4 + 1_000),
      outputTokens: 30,
    })
  })

  test('is a usual answer where the request sets no bound', () => {
    const request = { model: 'm', stream: false, messages: [] }
    expect(estimateChat(request)).toEqual({ inputTokens: 0, outputTokens: 500 })
  })

  test('of vectors is their texts; ids of tokens count themselves', () => {
    expect(estimateTexts(['a'.repeat(8), [1, 2, 3]])).toEqual({ inputTokens: 5, outputTokens: 0 })
  })
})

test('the cost is that of the tokens, cached ones at their own price', () => {
  const rates = { currency: 'USD', input: 10, cachedInput: 1, output: 100 }
  const tokens = { inputTokens: 1_000, outputTokens: 100 }
  expect(estimatedCost(rates, tokens)).toBeCloseTo(0.02)
  expect(estimatedCost(rates, tokens, 0.5)).toBeCloseTo(0.0155)
})
