import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeOllamaBody, decodeOllamaEvents } from '../../../src/dialects/ollama/decode-events.ts'
import { encodeOllamaRequest } from '../../../src/dialects/ollama/encode-request.ts'
import { decodeMessage } from '../../../src/dialects/openai-chat/decode-message.ts'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import { ndjsonLines } from '../../../src/lib/ndjson.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { Message } from '../../../src/protocol/request.ts'
import type { ChatResponse } from '../../../src/protocol/response.ts'

const words = fc.string({ unit: 'grapheme', maxLength: 20 })
const given = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value): object => JSON.parse(JSON.stringify(value)))
const call = fc.record({
  id: fc.uuid(),
  function: fc.record({ name: fc.constantFrom('f', 'g.h'), arguments: given }),
})
const answer = fc.record({
  thinking: words,
  content: words,
  tool_calls: fc.array(call, { maxLength: 3 }),
})

const head = { model: 'm', created_at: '2025-08-20T09:45:30Z' }
const end = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 7 }

async function* bytesOf(lines: object[], size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const limits = { bufferCharsMax: 1e6, onOversized: () => new Error('too long') }

test('an answer is the same whole and as a stream, wherever its lines and bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(answer, fc.integer({ min: 1, max: 50 }), async (message, size) => {
      const { thinking, content, tool_calls: calls } = message
      const said = (part: object): object => ({
        ...head,
        message: { role: 'assistant', content: '', ...part },
        done: false,
      })
      const lines = [
        ...Array.from(thinking, (sign) => said({ thinking: sign })),
        ...Array.from(content, (sign) => said({ content: sign })),
        ...calls.map((each) => said({ tool_calls: [each] })),
        { ...said({}), ...end },
      ]
      const stream = ndjsonLines(bytesOf(lines, size), limits)
      const streamed = await collect(decodeOllamaEvents(stream))
      const body = { ...head, message: { role: 'assistant', ...message }, ...end }
      expect(streamed).toEqual(await collect(decodeOllamaBody(body)))
    }),
    { numRuns: 200 },
  )
})

test('an answer that a client sends back over OpenAI’s wire is what the model said', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async (message) => {
      const body = { ...head, message: { role: 'assistant', ...message }, ...end }
      const response = await collect(decodeOllamaBody(body))
      const [, again] = turnsOf(response)
      const { thinking, content, tool_calls: calls } = message
      expect(again).toEqual({
        role: 'assistant',
        content,
        ...(thinking !== '' && { thinking }),
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ id, function: called }, index) => ({
            id,
            function: { index, ...called },
          })),
        }),
      })
    }),
    { numRuns: 200 },
  )
})

/** What the next turn sends, after the answer went through OpenAI's wire. */
function turnsOf(response: ChatResponse): unknown[] {
  const context = { id: 'chatcmpl-1', created: 1, model: 'ollama/m' }
  const { choices } = Object(JSON.parse(JSON.stringify(encodeChatResponse(response, context))))
  const user: Message = { role: 'user', parts: [{ type: 'text', text: 'q' }] }
  const said = decodeMessage(choices[0].message, 'messages[1]')
  const request = { model: 'm', messages: [user, said], stream: false }
  return JSON.parse(JSON.stringify(encodeOllamaRequest(request, 'm')['messages']))
}
