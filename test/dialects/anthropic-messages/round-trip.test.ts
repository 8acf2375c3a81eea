import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { anthropicMessagesDoor } from '../../../src/dialects/anthropic-messages/chat-door.ts'
import {
  decodeMessageBody,
  decodeMessageEvents,
} from '../../../src/dialects/anthropic-messages/decode-events.ts'
import { decodeMessageRequest } from '../../../src/dialects/anthropic-messages/decode-request.ts'
import { createEventEncoder } from '../../../src/dialects/anthropic-messages/encode-events.ts'
import { encodeMessageRequest } from '../../../src/dialects/anthropic-messages/encode-request.ts'
import { encodeMessage } from '../../../src/dialects/anthropic-messages/encode-response.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { framesOf, streamOf } from '../../support/recorded.ts'
import { messageEvents, messageRequest } from './arbitraries.ts'

const context = { id: 'msg_1', created: 1, model: 'provider/model' }
const end: ChatEvent = {
  type: 'end',
  settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
}

it('a request of this dialect survives encoding and decoding', () => {
  fc.assert(
    fc.property(messageRequest, (request) => {
      const body = encodeMessageRequest(request, { model: request.model })
      const wire: unknown = JSON.parse(JSON.stringify(body))
      expect(decodeMessageRequest(wire, {}).request).toEqual(request)
    }),
    { numRuns: 500 },
  )
})

it('a second encoding is the first one', () => {
  fc.assert(
    fc.property(messageRequest, (request) => {
      const body = encodeMessageRequest(request, { model: request.model })
      const { request: again } = decodeMessageRequest(JSON.parse(JSON.stringify(body)), {})
      expect(encodeMessageRequest(again, { model: request.model })).toEqual(body)
    }),
    { numRuns: 200 },
  )
})

it('a streamed answer survives our events, their framing and the way back', async () => {
  await fc.assert(
    fc.asyncProperty(messageEvents, async (events) => {
      const decoded = anthropicMessagesDoor.decode(
        { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] },
        {},
      )
      const encoder = decoded.openStream(context)
      const body = [...events, end].map((event) => encoder.event(event)).join('') + encoder.end()
      const again = await collect(decodeMessageEvents(streamOf(framesOf(body))))
      expect(signed(again)).toEqual(signed(await collect(events)))
    }),
    { numRuns: 300 },
  )
})

it('a whole answer survives our JSON and the way back', async () => {
  await fc.assert(
    fc.asyncProperty(messageEvents, async (events) => {
      const response = await collect(events)
      const wire: unknown = JSON.parse(JSON.stringify(encodeMessage(response, context)))
      const again = await collect(decodeMessageBody(wire))
      expect(signed(again)).toEqual(signed(response))
    }),
    { numRuns: 300 },
  )
})

it('blocks come one after another, each opened, filled and closed under its number', async () => {
  await fc.assert(
    fc.asyncProperty(messageEvents, async (events) => {
      const encode = createEventEncoder(context)
      const sent = [...events, end].flatMap(encode)
      expect(sent[0]?.type).toBe('message_start')
      expect(sent.slice(-2).map(({ type }) => type)).toEqual(['message_delta', 'message_stop'])
      let open: unknown
      let next = 0
      for (const { type, index } of sent) {
        if (type === 'content_block_start') {
          expect([open, index]).toEqual([undefined, next])
          open = next
        } else if (type === 'content_block_delta') expect(index).toBe(open)
        else if (type === 'content_block_stop') {
          expect(index).toBe(open)
          open = undefined
          next += 1
        }
      }
      expect(open).toBeUndefined()
    }),
    { numRuns: 200 },
  )
})

/** To its own reader a foreign proof is one of this dialect; only the door knows whose it is. */
function signed(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer).replaceAll(
      '"gemini","value":"',
      '"anthropic-messages","value":"xr1.gemini.',
    ),
  )
}
