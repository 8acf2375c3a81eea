import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeGeminiBody, decodeGeminiEvents } from '../../../src/dialects/gemini/decode-events.ts'
import { encodeContents } from '../../../src/dialects/gemini/encode-contents.ts'
import { decodeMessage } from '../../../src/dialects/openai-chat/decode-message.ts'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import { sseData } from '../../../src/lib/sse.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { Message } from '../../../src/protocol/request.ts'
import type { ChatResponse } from '../../../src/protocol/response.ts'
import { chunk, stop, turnOf, user } from './wire.ts'

interface Part {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: object
  executableCode?: object
  inlineData?: object
}

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
const json = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((value): object => JSON.parse(JSON.stringify(value)))
const signed = { thoughtSignature: fc.base64String({ minLength: 4, maxLength: 16 }) }
const optional = { noNullPrototype: true }

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ text: words, ...signed }, { requiredKeys: ['text'], ...optional }),
  fc.record(
    { text: words, thought: fc.constant(true), ...signed },
    { requiredKeys: ['text', 'thought'], ...optional },
  ),
  fc.record({ text: fc.constant(''), ...signed }, { requiredKeys: ['text'], ...optional }),
  fc.record(
    {
      functionCall: fc.record(
        { name: fc.constantFrom('f', 'web.search'), args: json, id: fc.uuid() },
        { requiredKeys: ['name'], ...optional },
      ),
      ...signed,
    },
    { requiredKeys: ['functionCall'], ...optional },
  ),
  fc.record(
    { executableCode: fc.constant<object>({ language: 'PYTHON', code: '1' }), ...signed },
    {
      requiredKeys: ['executableCode'],
      ...optional,
    },
  ),
  fc.record({ inlineData: fc.constant<object>({ mimeType: 'image/png', data: 'AA==' }) }, optional),
)

const parts = fc.array(part, { minLength: 1, maxLength: 6 })

/** Texts that stand together without a signature are one. */
function joined(list: readonly Part[]): Part[] {
  const whole: Part[] = []
  for (const each of list) {
    const before = whole.at(-1)
    const plain = (one: Part | undefined): boolean =>
      one?.text !== undefined && !one.thoughtSignature && !one.thought
    if (before && plain(before) && plain(each)) {
      whole[whole.length - 1] = { text: `${before.text}${each.text}` }
    } else whole.push(each)
  }
  return whole
}

async function* bytesOf(frames: readonly object[], size: number): AsyncGenerator<Uint8Array> {
  const text = frames.map((frame) => `data: ${JSON.stringify(frame)}\r\n\r\n`).join('')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function withoutIds(response: ChatResponse): unknown {
  return JSON.parse(
    JSON.stringify(response, (key, value: unknown) => (key === 'id' ? undefined : value)),
  )
}

const usage = {
  promptTokenCount: 5,
  candidatesTokenCount: 19,
  totalTokenCount: 53,
  thoughtsTokenCount: 29,
}
const limits = {
  bufferCharsMax: 1e6,
  onOversized: () => new Error('too long'),
}

test('an answer is the same whole and as a stream, wherever its chunks and bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      parts,
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      async (list, size, one) => {
        const end = { ...stop, avgLogprobs: -0.5 }
        const counted = { usageMetadata: usage }
        const whole = chunk(list, end, counted)
        const groups = one ? [list] : list.map((each) => [each])
        const frames = [
          chunk([], {}, { usageMetadata: { promptTokenCount: 646, totalTokenCount: 646 } }),
          ...groups.map((group) => chunk(group)),
          chunk([], end, counted),
        ]
        const data = sseData(bytesOf(frames, size), limits)
        const streamed = await collect(decodeGeminiEvents(data))
        expect(withoutIds(streamed)).toEqual(withoutIds(await collect(decodeGeminiBody(whole))))
        expect(withoutIds(await collect(decodeGeminiBody(frames)))).toEqual(withoutIds(streamed))
      },
    ),
    { numRuns: 200 },
  )
})

/** What goes back of a turn: not thoughts that nobody signed, nor empty texts. */
function returned(list: readonly Part[]): object[] {
  const spoken = list.filter(({ text, thoughtSignature: signature }) => signature || text !== '')
  return joined(spoken)
    .filter(({ thought, thoughtSignature: signature }) => signature || !thought)
    .map(withArguments)
}

function withArguments(each: Part): object {
  const { functionCall: call } = each
  return call ? { ...each, functionCall: { args: {}, ...call } } : each
}

function sentBack(turn: Message): object[] {
  const { contents } = encodeContents([user('q'), turn, user('on')], 'gemini-2.5-flash')
  return (contents.find(({ role }) => role === 'model')?.parts ?? []).map((each) =>
    JSON.parse(JSON.stringify(each)),
  )
}

/** Only where the wire gave the id is it the same. */
function matching(wanted: object[]): unknown[] {
  return wanted.map((each): unknown => expect.objectContaining(nested(each)))
}

function nested(each: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(each).map(([name, value]) => [
      name,
      name === 'functionCall' ? expect.objectContaining(value) : value,
    ]),
  )
}

test('a turn goes back to the model with the parts and signatures with which it came', async () => {
  await fc.assert(
    fc.asyncProperty(parts, async (list) => {
      const { choices } = await collect(decodeGeminiBody(chunk(list, stop)))
      const [choice] = choices
      if (!choice) throw new Error('no choice')
      expect(sentBack(turnOf(choice))).toEqual(matching(returned(list)))
    }),
    { numRuns: 300 },
  )
})

test('it does so through OpenAI’s wire, too', async () => {
  await fc.assert(
    fc.asyncProperty(parts, async (list) => {
      fc.pre(list.some((each) => each.thoughtSignature ?? each.executableCode ?? each.inlineData))
      const response = await collect(decodeGeminiBody(chunk(list, stop)))
      const context = { id: 'chatcmpl-1', created: 1, model: 'gemini/x' }
      const body = JSON.parse(JSON.stringify(encodeChatResponse(response, context)))
      const turn = decodeMessage(body.choices[0].message, 'messages[1]')
      expect(sentBack(turn)).toEqual(matching(returned(list)))
    }),
    { numRuns: 300 },
  )
})
