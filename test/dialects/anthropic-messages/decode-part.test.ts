import { expect, test } from 'vitest'
import { decodePart } from '../../../src/dialects/anthropic-messages/decode-part.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/dialect.ts'

const at = 'messages[0].content[0]'

test.each(['__proto__', 'constructor', 'toString'])('a block of the kind %s is refused', (type) => {
  expect(() => decodePart({ type, text: 'Hello' }, at)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', path: `${at}.type` }),
  )
})

test('a block of a kind that only Anthropic knows stays as it came', () => {
  const block = { type: 'search_result', text: 'Hello' }
  expect(decodePart(block, at)).toEqual({
    type: 'native',
    dialect: anthropicMessages,
    part: block,
  })
})
