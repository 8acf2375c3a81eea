import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeGigachatBody,
  decodeGigachatEvents,
} from '../../../src/dialects/gigachat/decode-events.ts'
import { encodeGigachatRequest } from '../../../src/dialects/gigachat/encode-request.ts'
import { splitThoughts } from '../../../src/dialects/gigachat/split-thoughts.ts'
import { stateOf, toolCallId } from '../../../src/dialects/gigachat/tool-call-id.ts'
import {
  decodeGigachatV2Body,
  decodeGigachatV2Events,
} from '../../../src/dialects/gigachat/v2-decode-events.ts'
import { encodeGigachatV2Request } from '../../../src/dialects/gigachat/v2-encode-request.ts'
import { sseData } from '../../../src/lib/sse.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatRequest, Message } from '../../../src/protocol/request.ts'
import {
  type GigachatRequest,
  parseGigachatRequest,
} from '../../support/simulators/gigachat-request.ts'
import { parseGigachatV2Request } from '../../support/simulators/gigachat-v2-request.ts'

const words = fc.stringMatching(/^[a-zа-я<>/ "{}\\]{1,30}$/u)
const json = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue(), { maxKeys: 3 })

describe('an answer', () => {
  interface Plain {
    thought: string
    text: string
    call: { name: string; arguments: unknown; state: string } | undefined
  }

  const answer: fc.Arbitrary<Plain> = fc.record({
    thought: fc.oneof(fc.constant(''), words),
    text: words.filter((text) => !text.trimStart().startsWith('<')),
    call: fc.option(
      fc.record({ name: fc.constantFrom('f', 'web.search'), arguments: json, state: fc.uuid() }),
      { nil: undefined },
    ),
  })

  test('is the same as a body and as a stream, wherever its frames and bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        answer,
        fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('\n', '\r\n'),
        async (plain, cuts, size, newline) => {
          const finish = plain.call ? 'function_call' : 'stop'
          const called = plain.call && {
            function_call: { name: plain.call.name, arguments: plain.call.arguments },
            functions_state_id: plain.call.state,
          }
          const message = {
            role: 'assistant',
            reasoning_content: plain.thought,
            content: plain.text,
            ...called,
          }
          const whole = { choices: [{ message, index: 0, finish_reason: finish }], model: 'm' }
          const frames = [
            { choices: [{ delta: { content: '', reasoning_content: plain.thought }, index: 0 }] },
            ...pieces(plain.text, cuts).map((content) => ({
              choices: [{ delta: { content }, index: 0 }],
            })),
            { choices: [{ delta: { content: '', ...called }, index: 0, finish_reason: finish }] },
          ].map((frame) => `data: ${JSON.stringify({ ...frame, model: 'm' })}`)
          const end = newline + newline
          const bytes = Buffer.from([...frames, 'data: [DONE]', ''].join(end))
          const data = sseData(chunks(bytes, size), { bufferCharsMax: 1e6, onOversized: fail })
          const streamed = await collect(decodeGigachatEvents(data))
          expect(streamed).toEqual(await collect(decodeGigachatBody(whole)))
          expect(streamed.choices).toMatchObject([
            {
              content: plain.text,
              reasoning: plain.thought === '' ? null : plain.thought,
              toolCalls: plain.call
                ? [{ name: plain.call.name, arguments: JSON.stringify(plain.call.arguments) }]
                : [],
            },
          ])
        },
      ),
    )
  })

  test('of API v2 is the same as a body and as a stream, too', async () => {
    await fc.assert(
      fc.asyncProperty(
        answer,
        fc.array(fc.nat({ max: 60 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        async ({ thought, text, call }, cuts, size) => {
          const role = 'assistant'
          const finish_reason = call ? 'function_call' : 'stop'
          const thinking = { role: 'reasoning', content: [{ text: thought }] }
          const calling = {
            role,
            ...(call && { tool_state_id: call.state }),
            content: call ? [{ function_call: { ...call, state: undefined } }] : [],
          }
          const saying = (said: string) => ({ role, content: [{ text: said }] })
          const whole = { messages: [thinking, saying(text), calling], finish_reason }
          const frames = [
            { messages: [thinking] },
            ...pieces(text, cuts).map((piece) => ({ messages: [saying(piece)] })),
            { messages: [calling], finish_reason },
          ].map((frame) => `event: response.message.delta\ndata: ${JSON.stringify(frame)}\n\n`)
          const data = sseData(chunks(Buffer.from(frames.join('')), size), {
            bufferCharsMax: 1e6,
            onOversized: fail,
          })
          const streamed = await collect(decodeGigachatV2Events(data))
          expect(streamed).toEqual(await collect(decodeGigachatV2Body(whole)))
          expect(streamed.choices).toMatchObject([
            {
              content: text,
              reasoning: thought === '' ? null : thought,
              toolCalls: call
                ? [{ name: call.name, arguments: JSON.stringify(call.arguments) }]
                : [],
            },
          ])
        },
      ),
    )
  })

  test('has its thoughts told apart wherever it is cut', () => {
    fc.assert(
      fc.property(words, words, fc.array(fc.nat({ max: 90 })), (thought, text, cuts) => {
        fc.pre(!thought.includes('</think>'))
        const split = splitThoughts()
        const all = [
          ...pieces(`\n<think>${thought}</think>${text}`, cuts).flatMap((piece) =>
            split.add(piece),
          ),
          ...split.end(),
        ]
        const said = (kind: string) =>
          all.map((piece) => (piece.kind === kind ? piece.text : '')).join('')
        expect([said('reasoning'), said('text')]).toEqual([thought, text])
      }),
    )
  })

  test('keeps every text that has no thoughts', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat({ max: 20 })), (text, cuts) => {
        fc.pre(!text.trimStart().startsWith('<think>'))
        const split = splitThoughts()
        const all = [...pieces(text, cuts).flatMap((piece) => split.add(piece)), ...split.end()]
        expect(all.map((piece) => piece.text).join('')).toBe(text)
        expect(all.every((piece) => piece.kind === 'text')).toBe(true)
      }),
    )
  })

  test('gives its calls ids that bring their state back', () => {
    fc.assert(
      fc.property(fc.uuid(), (state) => {
        const id = toolCallId(state)
        expect(stateOf(id)).toBe(state)
        expect(id.length).toBeLessThanOrEqual(40)
      }),
    )
    for (const state of [undefined, '', 'with a space', 'x'.repeat(80)]) {
      expect(stateOf(toolCallId(state))).toBeUndefined()
    }
  })
})

describe('a request', () => {
  const text = (role: Message['role']) =>
    words.map((said): Message => ({ role, parts: [{ type: 'text', text: said }] }))
  /** A turn that calls, with its results in any order. */
  const calling = fc
    .array(fc.record({ name: fc.constantFrom('f', 'g'), args: json, result: fc.anything() }), {
      minLength: 1,
      maxLength: 3,
    })
    .chain((calls) =>
      fc
        .shuffledSubarray([...calls.keys()], { minLength: calls.length })
        .map((order): Message[] => [
          {
            role: 'assistant',
            parts: [],
            toolCalls: calls.map(({ name, args }, index) => ({
              id: `id_${index}`,
              kind: 'function',
              name,
              arguments: JSON.stringify(args),
            })),
          },
          ...order.map((index): Message => ({
            role: 'tool',
            toolCallId: `id_${index}`,
            parts: [{ type: 'text', text: resultOf(calls[index]?.result) }],
          })),
        ]),
    )
  const turn = fc.oneof(
    text('user').map((message) => [message]),
    text('assistant').map((message) => [message]),
    text('system').map((message) => [message]),
    text('developer').map((message) => [message]),
    calling,
  )
  const conversation = fc
    .tuple(text('user'), fc.array(turn, { maxLength: 6 }))
    .map(([first, turns]) => [first, ...turns.flat()])

  const apis: [name: string, send: (request: ChatRequest) => GigachatRequest][] = [
    ['v1', (request) => parseGigachatRequest(onWire(encodeGigachatRequest(request, 'm')), ['m'])],
    ...(['function', 'tool'] as const).map(
      (resultRole): [string, (request: ChatRequest) => GigachatRequest] => [
        `v2, ${resultRole}`,
        (request) =>
          parseGigachatV2Request(
            onWire(encodeGigachatV2Request(request, { model: 'm', resultRole })),
            { models: ['m'], resultRole },
          ),
      ],
    ),
  ]

  test.each(apis)(
    'is one that the service takes, with every word, call and result of the client: %s',
    (_name, send) => {
      fc.assert(
        fc.property(conversation, (messages) => {
          const { messages: turns } = send({ model: 'm', messages, stream: false })
          expect(readWire(turns)).toEqual(readConversation(messages))
        }),
      )
    },
  )

  interface Reading {
    instructions: string
    said: string
    calls: { name: string; arguments: unknown; result: unknown }[]
  }

  function readWire(turns: ReturnType<typeof parseGigachatRequest>['messages']): Reading {
    const roles = turns.map(({ role }) => role)
    expect(roles.lastIndexOf('system')).toBeLessThanOrEqual(0)
    const speaking = turns.filter(({ role }) => role === 'user' || role === 'assistant')
    return {
      instructions: turns.find(({ role }) => role === 'system')?.content ?? '',
      said: speaking.map(({ role, content }) => content && `${role}:${content}`).join(''),
      calls: turns.flatMap(({ function_call: call }, index) =>
        call ? [{ ...call, result: JSON.parse(turns[index + 1]?.content ?? '') }] : [],
      ),
    }
  }

  /** The same, read from the client's side: a plain reading that shares no code with the encoder. */
  function readConversation(messages: readonly Message[]): Reading {
    const isSystem = ({ role }: Message) => role === 'system' || role === 'developer'
    const spoken = messages.filter((message) => !isSystem(message) && message.role !== 'tool')
    let said = ''
    let speaker = ''
    for (const message of spoken) {
      const content = contentOf(message)
      if (content === '') {
        speaker = ''
        continue
      }
      said += speaker === message.role ? `\n\n${content}` : `${message.role}:${content}`
      speaker = message.role
    }
    return {
      instructions: messages.filter(isSystem).map(contentOf).join('\n\n'),
      said,
      calls: messages.flatMap((message, at) =>
        (message.toolCalls ?? []).map((call) => {
          const answer = messages.slice(at).find(({ toolCallId: id }) => id === call.id)
          const result = answer ? contentOf(answer) : ''
          return {
            name: call.name,
            arguments: JSON.parse(call.arguments),
            result: isJsonObject(result) ? JSON.parse(result) : { result: valueOf(result) },
          }
        }),
      ),
    }
  }
})

/** As it arrives. */
function onWire(body: object): unknown {
  return JSON.parse(JSON.stringify(body))
}

function contentOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}

/** Results are of any kind: objects, other JSON, and text that is none. */
function resultOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return typeof value
  }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isJsonObject(text: string): boolean {
  const value = valueOf(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text cut at these places. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.filter((cut) => cut < text.length), text.length]
  const sorted = places.toSorted((a, b) => a - b)
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end))
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function fail(): Error {
  return new Error('a line was too long')
}
