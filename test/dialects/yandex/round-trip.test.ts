import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage } from '../../../src/dialects/openai-chat/decode-message.ts'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import { decodeYandexBody } from '../../../src/dialects/yandex/decode-events.ts'
import { encodeYandexRequest } from '../../../src/dialects/yandex/encode-request.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { Message } from '../../../src/protocol/request.ts'
import type { ChatResponse } from '../../../src/protocol/response.ts'
import { calls, counts, decode, line } from './wire.ts'

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const given = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value): object => JSON.parse(JSON.stringify(value)))
const called = fc.array(fc.tuple(fc.constantFrom('f', 'g_h'), given), {
  minLength: 1,
  maxLength: 3,
})
const usage = counts(5, 7, 2)

/** The wire has no ids: each decoding makes its own. */
function withoutIds(answer: ChatResponse): unknown {
  const choices = answer.choices.map((choice) => ({
    ...choice,
    toolCalls: choice.toolCalls.map((call) => ({ ...call, id: '' })),
  }))
  return { ...answer, choices }
}

/** What the next turn sends, after the answer went through OpenAI's wire. */
function turnsOf(response: ChatResponse): unknown[] {
  const context = { id: 'chatcmpl-1', created: 1, model: 'yandex/m' }
  const { choices } = Object(JSON.parse(JSON.stringify(encodeChatResponse(response, context))))
  const user: Message = { role: 'user', parts: [{ type: 'text', text: 'q' }] }
  const said = decodeMessage(choices[0].message, 'messages[1]')
  const request = { model: 'm', messages: [user, said], stream: false }
  return JSON.parse(JSON.stringify(encodeYandexRequest(request, 'gpt://f/m')['messages']))
}

test('a text is the same whole and as a stream, wherever it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(words, fc.array(fc.nat(20), { maxLength: 5 }), async (text, cuts) => {
      const grown = cuts.toSorted((a, b) => a - b).map((end) => line({ text: text.slice(0, end) }))
      const last = line({ text, status: 'FINAL', usage })
      const { events, error } = await decode([...grown, last])
      expect(error).toBeUndefined()
      const whole = await collect(decodeYandexBody(JSON.parse(last)))
      const { choices, usage: counted } = await collect(events)
      expect(choices[0]?.content).toBe(text)
      expect([choices[0]?.content, choices[0]?.finishReason, counted]).toEqual([
        whole.choices[0]?.content,
        whole.choices[0]?.finishReason,
        whole.usage,
      ])
      expect(turnsOf(whole)[1]).toEqual({ role: 'assistant', text })
    }),
    { numRuns: 200 },
  )
})

test('calls are the same whole and as a stream, and go back as the model made them', async () => {
  await fc.assert(
    fc.asyncProperty(called, async (made) => {
      const toolCallList = calls(...made)
      const last = line({ toolCallList, status: 'TOOL_CALLS', usage })
      const { events, error } = await decode([line({ text: '' }), last])
      expect(error).toBeUndefined()
      const whole = await collect(decodeYandexBody(JSON.parse(last)))
      expect(withoutIds(await collect(events))).toEqual(withoutIds(whole))
      expect(whole.choices[0]?.finishReason.unified).toBe('tool_calls')
      expect(turnsOf(whole)[1]).toEqual({ role: 'assistant', toolCallList })
    }),
    { numRuns: 200 },
  )
})

test('results find their calls by the order of the calls, whatever theirs is', async () => {
  await fc.assert(
    fc.asyncProperty(
      called,
      fc.array(fc.nat(9), { minLength: 3, maxLength: 3 }),
      async (made, mix) => {
        const toolCalls = made.map(([name, value], index) => ({
          id: `call_${index}`,
          kind: 'function' as const,
          name,
          arguments: JSON.stringify(value),
        }))
        const results = toolCalls
          .map(({ id }, index): [number, Message] => [
            mix[index] ?? 0,
            { role: 'tool', toolCallId: id, parts: [{ type: 'text', text: `result of ${id}` }] },
          ])
          .toSorted(([a], [b]) => a - b)
          .map(([, message]) => message)
        const messages: Message[] = [
          { role: 'user', parts: [{ type: 'text', text: 'q' }] },
          { role: 'assistant', parts: [], toolCalls },
          ...results,
        ]
        const request = { model: 'm', messages, stream: false }
        const encoded: unknown = encodeYandexRequest(request, 'gpt://f/m')['messages']
        expect(Object(encoded)[2]).toEqual({
          role: 'user',
          toolResultList: {
            toolResults: toolCalls.map(({ id, name }) => ({
              functionResult: { name, content: `result of ${id}` },
            })),
          },
        })
      },
    ),
    { numRuns: 100 },
  )
})
