import { expect, test } from 'vitest'
import { decodePart } from '../../../src/dialects/anthropic-messages/decode-part.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/dialect.ts'

test.each(['__proto__', 'constructor', 'toString', 'search_result'])(
  'a block of the unknown kind %s stays as it came',
  (type) => {
    const block = { type, text: 'Hello' }
    expect(decodePart(block, 'messages[0].content[0]')).toEqual({
      type: 'native',
      dialect: anthropicMessages,
      part: block,
    })
  },
)
