import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeChatRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import { encodeChatRequest } from '../../../src/dialects/openai-chat/encode-request.ts'
import { chatRequest } from './arbitraries.ts'

const options = {
  maxTokensField: 'max_tokens',
  extensions: { topK: true, reasoning: true, cacheMarks: true },
} as const

it('a request of this dialect survives encoding and decoding', () => {
  fc.assert(
    fc.property(chatRequest, (request) => {
      const body = encodeChatRequest(request, { ...options, model: request.model })
      const wire: unknown = JSON.parse(JSON.stringify(body))
      expect(wire).toEqual(body)
      const again = decodeChatRequest(wire)
      expect(again.request).toEqual(request)
      expect(again.includeUsage).toBe(request.stream)
    }),
    { numRuns: 500 },
  )
})

it('a second encoding is the first one', () => {
  fc.assert(
    fc.property(chatRequest, (request) => {
      const body = encodeChatRequest(request, { ...options, model: request.model })
      const { request: again } = decodeChatRequest(JSON.parse(JSON.stringify(body)))
      expect(encodeChatRequest(again, { ...options, model: request.model })).toEqual(body)
    }),
    { numRuns: 200 },
  )
})
