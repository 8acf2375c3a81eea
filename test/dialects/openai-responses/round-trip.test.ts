import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decodeResponseBody,
  decodeResponseEvents,
} from '../../../src/dialects/openai-responses/decode-events.ts'
import { decodeResponsesRequest } from '../../../src/dialects/openai-responses/decode-request.ts'
import { encodeResponsesRequest } from '../../../src/dialects/openai-responses/encode-request.ts'
import { encodeResponse } from '../../../src/dialects/openai-responses/encode-response.ts'
import { openResponseStream } from '../../../src/dialects/openai-responses/encode-stream.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { ContentPart, Extra } from '../../../src/protocol/request.ts'
import type { ChatResponse } from '../../../src/protocol/response.ts'
import { framesOf, streamOf } from '../../support/recorded.ts'
import { plainItem, plainRequest } from '../../support/recorded-responses.ts'
import { answer, items } from './arbitraries.ts'

const asked = { body: {}, store: true }
const context = { id: 'req_0', created: 1, model: 'provider/model' }
const end: ChatEvent = {
  type: 'end',
  settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
}

function streamed(events: readonly ChatEvent[]): string[] {
  const encoder = openResponseStream(asked, context)
  return framesOf([...events, end].map((event) => encoder.event(event)).join(''))
}

function outputOf(body: Extra): Extra[] {
  return Array.isArray(body['output']) ? body['output'] : []
}

it('items survive the way in and out again', () => {
  fc.assert(
    fc.property(items, (input) => {
      const { request } = decodeResponsesRequest({ model: 'm', input })
      const encoded = encodeResponsesRequest(request, { model: 'm', reasons: true })
      expect(plainRequest(encoded)).toEqual(plainRequest({ model: 'm', input }))
    }),
    { numRuns: 500 },
  )
})

it('a stream tells the items of the whole answer, with the same ids', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (events) => {
      const whole = outputOf(encodeResponse(asked, await collect(events), context))
      const frames = streamed(events).map((frame): Extra => JSON.parse(frame))
      const done = frames.filter(({ type }) => type === 'response.output_item.done')
      const closed: unknown[] = []
      for (const { output_index: index, item } of done) closed[Number(index)] = item
      const last = frames.at(-1)?.['response']
      const plain = (list: unknown) => JSON.parse(JSON.stringify(list))
      expect(closed).toEqual(plain(whole))
      expect(last).toMatchObject({ output: plain(whole) })
    }),
    { numRuns: 500 },
  )
})

it('every frame is numbered, and every item is opened and closed once', async () => {
  fc.assert(
    fc.property(answer, (events) => {
      const frames = streamed(events).map((frame): Extra => JSON.parse(frame))
      expect(frames.map((frame) => frame['sequence_number'])).toEqual(frames.map((_, at) => at))
      const indexes = (type: string) =>
        frames.filter((frame) => frame['type'] === type).map((frame) => frame['output_index'])
      const opened = indexes('response.output_item.added')
      expect(opened).toEqual(opened.map((_, at) => at))
      expect(new Set(indexes('response.output_item.done'))).toEqual(new Set(opened))
    }),
  )
})

/** What an answer says; how its parts are cut, and whose they are, is told by the items. */
function said({ choices }: ChatResponse): unknown {
  const [choice] = choices
  return {
    content: choice?.content || null,
    reasoning: choice?.reasoning || null,
    refusal: choice?.refusal || null,
    calls: choice?.toolCalls.map(({ id, kind, name, arguments: written }) => [
      id,
      kind,
      name,
      written,
    ]),
  }
}

it('an answer survives our frames and our JSON and the way back', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (events) => {
      const response = await collect(events)
      const again = await collect(decodeResponseEvents(streamOf(streamed(events))))
      expect(said(again)).toEqual(said(response))
      const body = encodeResponse(asked, response, context)
      const whole = await collect(decodeResponseBody(JSON.parse(JSON.stringify(body))))
      expect(said(whole)).toEqual(said(response))
      expect(outputOf(encodeResponse(asked, whole, context)).map(plainItem)).toEqual(
        outputOf(body).map(plainItem),
      )
    }),
    { numRuns: 300 },
  )
})

it('signatures and seals of other APIs come back with the items that a client returns', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (events) => {
      const response = await collect(events)
      const output = outputOf(encodeResponse(asked, response, context))
      if (output.length === 0) return
      const { request } = decodeResponsesRequest({ model: 'm', input: output })
      const [turn] = request.messages
      const sealsOf = (parts: readonly Pick<ContentPart, 'type'>[]) =>
        parts.flatMap((part) => ('sealed' in part && part.sealed ? [part.sealed] : []))
      expect(sealsOf(turn?.parts ?? [])).toEqual(sealsOf(response.choices[0]?.parts ?? []))
      expect(turn?.toolCalls?.map(({ signature }) => signature)).toEqual(
        response.choices[0]?.toolCalls.length
          ? response.choices[0].toolCalls.map(({ signature }) => signature)
          : undefined,
      )
      const signed = (parts: readonly Pick<ContentPart, 'type'>[]) =>
        parts.some((part) => part.type === 'text' && 'signature' in part && part.signature)
      expect(signed(turn?.parts ?? [])).toBe(signed(response.choices[0]?.parts ?? []))
    }),
    { numRuns: 300 },
  )
})
