import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decodeChatBody,
  decodeChatEvents,
} from '../../../src/dialects/openai-chat/decode-events.ts'
import { createChunkEncoder } from '../../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { ChatResponse } from '../../../src/protocol/response.ts'
import { framesOf, streamOf } from '../../support/recorded.ts'
import { answer } from './arbitrary-answer.ts'

const context = { id: 'chatcmpl-1', created: 1, model: 'provider/model' }
const end: ChatEvent = {
  type: 'end',
  settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
}

/** Only the raw object of the usage differs: it is the one that we wrote ourselves. */
function withoutRaw({ usage, ...response }: ChatResponse): unknown {
  const { raw: _, ...classes } = usage ?? {}
  return { ...response, usage: classes }
}

/** A whole message of this wire does not say in which order its members were written. */
function withoutParts(response: ChatResponse): unknown {
  const choices = response.choices.map((choice) => ({ ...choice, parts: [] }))
  return withoutRaw({ ...response, choices })
}

it('a streamed answer survives our chunks, their framing and the way back', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (events) => {
      const encode = createChunkEncoder({ ...context, includeUsage: true })
      const chunks = [...events, end].flatMap(encode)
      const body = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
        .map((data) => `data: ${data}\n\n`)
        .join('')
      const again = await collect(decodeChatEvents(streamOf(framesOf(body))))
      expect(withoutRaw(again)).toEqual(withoutRaw(await collect(events)))
    }),
    { numRuns: 300 },
  )
})

it('a whole answer survives our JSON and the way back', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (events) => {
      const response = await collect(events)
      const body = encodeChatResponse(response, context)
      const wire: unknown = JSON.parse(JSON.stringify(body))
      expect(wire).toEqual(body)
      const again = await collect(decodeChatBody(wire))
      expect(withoutParts(again)).toEqual(withoutParts(response))
    }),
    { numRuns: 300 },
  )
})

it('every chunk carries the same id, model and kind, and at most one choice', async () => {
  await fc.assert(
    fc.asyncProperty(answer, fc.boolean(), async (events, includeUsage) => {
      const encode = createChunkEncoder({ ...context, includeUsage })
      for (const chunk of [...events, end].flatMap(encode)) {
        expect(chunk).toMatchObject({ ...context, object: 'chat.completion.chunk' })
        expect(chunk['choices']).toHaveProperty('length')
        expect('usage' in chunk).toBe(includeUsage)
      }
    }),
    { numRuns: 100 },
  )
})
