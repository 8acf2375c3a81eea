import { describe, expect, it } from 'vitest'
import { decodeChatRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import { createChunkEncoder } from '../../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import type { GatewayError } from '../../../src/errors.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { Message } from '../../../src/protocol/request.ts'

const context = { id: 'chatcmpl-1', created: 7, model: 'p/m' }
const signature = { dialect: 'd', value: 'c2ln' }
const search = { type: 'search', query: 'weather' }

/** An answer of a dialect of parts: signed and sealed reasoning, a search of its own, a signed call. */
const events: ChatEvent[] = [
  { type: 'part-start', choice: 0, kind: 'reasoning' },
  { type: 'reasoning-delta', choice: 0, text: 'hm' },
  { type: 'reasoning-delta', choice: 0, text: '', signature },
  { type: 'part-start', choice: 0, kind: 'reasoning' },
  { type: 'reasoning-delta', choice: 0, text: '', sealed: { dialect: 'd', value: 'AA' } },
  { type: 'native-part', choice: 0, dialect: 'd', part: search },
  { type: 'part-start', choice: 0, kind: 'text' },
  { type: 'text-delta', choice: 0, text: 'It ' },
  { type: 'text-delta', choice: 0, text: 'rains.' },
  {
    type: 'tool-call-start',
    choice: 0,
    index: 0,
    id: 'call_1',
    kind: 'function',
    name: 'f',
    signature,
  },
  { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{}' },
  { type: 'tool-call-end', choice: 0, index: 0 },
  { type: 'finish', choice: 0, reason: { unified: 'tool_calls' } },
]

const parts = [
  { type: 'reasoning', text: 'hm', signature },
  { type: 'reasoning', text: '', sealed: { dialect: 'd', value: 'AA' } },
  { type: 'native', dialect: 'd', part: search },
  { type: 'text', text: 'It rains.' },
  { type: 'tool-call', index: 0, signature },
]

/** The message of a whole answer as a client sends it back. */
async function answered(): Promise<Record<string, unknown>> {
  const body = encodeChatResponse(await collect(events), context)
  const { choices } = JSON.parse(JSON.stringify(body))
  return choices[0].message
}

function returned(message: Record<string, unknown>): Message | undefined {
  const result = { role: 'tool', tool_call_id: 'call_1', content: '1' }
  const { request } = decodeChatRequest({
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }, message, result],
  })
  return request.messages[1]
}

describe('what OpenAI’s wire has no member for', () => {
  it('stands in the whole message, beside the members that every client reads', async () => {
    expect(await answered()).toMatchObject({
      content: 'It rains.',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_1' }],
      xrouter: { parts },
    })
  })

  it('comes in a stream with the chunk that ends the choice', () => {
    const encode = createChunkEncoder({ ...context, includeUsage: false })
    const chunks = events.flatMap(encode)
    const told = chunks.filter((chunk) => JSON.stringify(chunk).includes('xrouter'))
    expect(told).toEqual([chunks.at(-1)])
    expect(told[0]).toMatchObject({
      choices: [{ delta: { xrouter: { parts } }, finish_reason: 'tool_calls' }],
    })
  })

  it('is nothing of an answer that has nothing of the kind', async () => {
    const plain = events.filter(({ type }) => type === 'text-delta' || type === 'finish')
    const body = encodeChatResponse(await collect(plain), context)
    expect(JSON.stringify(body)).not.toContain('xrouter')
  })

  it('is whole again when a client sends the message back', async () => {
    expect(returned(await answered())).toEqual({
      role: 'assistant',
      parts: [...parts.slice(0, 4), { type: 'tool-call', index: 0 }],
      toolCalls: [{ id: 'call_1', kind: 'function', name: 'f', arguments: '{}', signature }],
    })
  })

  it('keeps a text that the client has changed since', async () => {
    const message = returned({ ...(await answered()), content: 'It snows.' })
    expect(message?.parts).toEqual([
      ...parts.slice(0, 3),
      { type: 'tool-call', index: 0 },
      { type: 'text', text: 'It snows.' },
    ])
  })

  it.each([
    ['messages[1].xrouter.parts[0].type', { parts: [{ type: 'thought', text: '' }] }],
    ['messages[1].xrouter.parts[0].text', { parts: [{ type: 'text' }] }],
    ['messages[1].xrouter', { parts: [], more: 1 }],
  ])('is refused at %s when it is malformed', async (path, xrouter) => {
    const message = { role: 'assistant', content: 'hi', xrouter }
    let failure: GatewayError | undefined
    try {
      returned(message)
    } catch (error) {
      // Only the decoder throws here, and it throws nothing else.
      failure = error as GatewayError
    }
    expect(failure).toMatchObject({ code: 'INVALID_REQUEST', path })
  })
})
