import { describe, expect, it } from 'vitest'
import { decodeConverseBody } from '../../src/dialects/bedrock-converse/decode-body.ts'
import { decodeBedrockError } from '../../src/dialects/bedrock-converse/decode-error.ts'
import { decodeConverseEvents } from '../../src/dialects/bedrock-converse/decode-events.ts'
import { encodeConverseRequest } from '../../src/dialects/bedrock-converse/encode-request.ts'
import { decodeChatBody, decodeChatEvents } from '../../src/dialects/openai-chat/decode-events.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { awsEventStream } from '../../src/lib/aws-event-stream.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ContentPart } from '../../src/protocol/request.ts'
import type { ChatResponse, ResponsePart } from '../../src/protocol/response.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { decodeModels } from '../../src/providers/bedrock-discovery.ts'
import { requireServices, streamOf } from '../support/recorded.ts'
import {
  type BedrockRecording,
  hasBedrockRecordings,
  readBedrockRecordings,
} from '../support/recorded-bedrock.ts'
import {
  answeredMessage,
  readConverse,
  type WireConverse,
} from '../support/recorded-bedrock-wire.ts'

/** Endpoints of other capabilities, by name; one that is neither here nor decoded fails the test. */
const otherEndpoints = new Map([
  ['source note', 'says where the recordings come from'],
  ['specification', 'vectors, which have tests of their own'],
  ['invoke', 'the vendors’ own bodies'],
  ['invoke-with-response-stream', 'the vendors’ own bodies'],
  ['count-tokens', 'counts without an answer'],
  ['mantle', 'the OpenAI-compatible API of the service'],
  ['rerank', 'ranks documents'],
])
const completions = new Set(['converse', 'converse-stream'])
const list = '/foundation-models'

const failures: [RegExp, ErrorCode, boolean][] = [
  [/test_bedrock_error/, 'MODEL_NOT_FOUND', true],
  [/test_multimodal_tool_return_matrix/, 'INVALID_REQUEST', false],
]

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasBedrockRecordings).toBe(true)
})

describe.skipIf(!hasBedrockRecordings)('recorded Bedrock', () => {
  const recordings = hasBedrockRecordings ? readBedrockRecordings() : []
  const chats = recordings.filter(({ endpoint }) => completions.has(endpoint))
  const failed = chats.filter(({ status }) => status !== 200)
  const cut = chats.filter(({ answer }) => answer.kind === 'events' && !isWhole(answer.lines))
  const answered = chats.filter((one) => one.status === 200 && !cut.includes(one))
  const lists = recordings.filter(({ endpoint }) => endpoint === list)

  it('decodes or excludes every interaction, by the name of its endpoint', () => {
    const endpoints = [...new Set(recordings.map(({ endpoint }) => endpoint))]
    const isDecoded = (endpoint: string): boolean => completions.has(endpoint) || endpoint === list
    console.table(
      endpoints.map((endpoint) => ({
        endpoint,
        interactions: recordings.filter((one) => one.endpoint === endpoint).length,
        fate: isDecoded(endpoint) ? 'decoded' : otherEndpoints.get(endpoint),
      })),
    )
    expect(endpoints.filter((one) => !isDecoded(one) && !otherEndpoints.has(one))).toEqual([])
    expect([answered.length, cut.length, failed.length, lists.length]).toEqual([60, 5, 8, 1])
  })

  it.each(answered)('$name: nothing of the answer is lost', async ({ answer }) => {
    const wire = readConverse(answer)
    const response = await collect(await eventsOf(answer))
    expect({ ...plain(response), usage: response.usage?.raw?.body }).toEqual(wire)
    expectArithmetic(response, wire.usage)
  })

  it.each(answered)('$name: OpenAI’s wire holds it', async ({ answer }) => {
    const events = await eventsOf(answer)
    const response = await collect(events)
    const context = { id: 'chatcmpl-1', created: 1, model: 'bedrock/any' }
    const body: unknown = JSON.parse(JSON.stringify(encodeChatResponse(response, context)))
    expect(held(await collect(decodeChatBody(body)))).toEqual(held(response))
    const encode = createChunkEncoder({ ...context, includeUsage: true })
    const end: ChatEvent = {
      type: 'end',
      settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
    }
    const chunks = [...events, end].flatMap(encode).map((chunk) => JSON.stringify(chunk))
    const again = await collect(decodeChatEvents(streamOf([...chunks, '[DONE]'])))
    expect(held(again)).toEqual(held(response))
  })

  it.each(answered)('$name: the answer can be sent back as a turn', async ({ answer }) => {
    const { choices } = await collect(await eventsOf(answer))
    const [choice] = choices
    if (!choice) throw new Error('there is no choice')
    const tool = { kind: 'function' as const, name: 'any' }
    const body = encodeConverseRequest(
      {
        model: 'm',
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
          {
            role: 'assistant',
            parts: choice.parts.map(sentBack),
            toolCalls: choice.toolCalls.map(({ extra: _members, ...call }) => call),
          },
        ],
        stream: false,
        tools: [tool],
      },
      'anthropic.claude-sonnet-4-6',
    )
    const [, turn] = Array.isArray(body['messages']) ? body['messages'] : []
    expect(turn?.content ?? []).toEqual(answeredMessage(answer))
  })

  it.each(cut)('$name: without its last event an answer is not whole', async ({ answer }) => {
    await expect(eventsOf(answer)).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
  })

  it.each(failed)('$name is a failure with the right code', ({ name, status, headers, answer }) => {
    const expected = failures.find(([file]) => file.test(name))
    const error = decodeBedrockError({ status, headers, body: JSON.parse(textOf(answer)) })
    expect(error).toMatchObject({ code: expected?.[1], failover: expected?.[2] })
  })

  it('models of the list that can be called are read', () => {
    const found = lists.flatMap(({ answer }) =>
      decodeModels({ status: 200, body: JSON.parse(textOf(answer)) }),
    )
    expect(found.length).toBeGreaterThan(0)
    const names = found.map(({ name }) => name)
    expect(names.every((name) => textOf(lists[0]?.answer).includes(`"${name}"`))).toBe(true)
    expect(names.filter((name) => /embed|image|canvas/.test(name))).toEqual([])
  })
})

type Answer = BedrockRecording['answer']

function isWhole(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith('{"metadata"'))
}

/** A part as a client sends it back. */
function sentBack(part: ResponsePart): ContentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'refusal', text: part.text }
    case 'reasoning': {
      const { text, signature, sealed } = part
      return { type: 'reasoning', text, signature, sealed }
    }
    default:
      return part
  }
}

function textOf(answer: Answer | undefined): string {
  return answer?.kind === 'body' ? answer.text : ''
}

async function eventsOf(answer: Answer): Promise<ChatEvent[]> {
  switch (answer.kind) {
    case 'body':
      return decodeConverseBody(JSON.parse(answer.text))
    case 'events':
      return Array.fromAsync(decodeConverseEvents(streamOf(answer.lines.map(framed))))
    case 'bytes':
      return Array.fromAsync(decodeConverseEvents(linesOf(answer.bytes)))
    default:
      return answer satisfies never
  }
}

/** A bare event names its type by its one member. */
function framed(line: string): string {
  const [type, payload] = Object.entries<unknown>(JSON.parse(line))[0] ?? []
  return JSON.stringify({ type, exception: false, payload })
}

function linesOf(bytes: Buffer): AsyncGenerator<string> {
  const fail = (): Error => new Error('no message')
  const limits = { bufferCharsMax: 1_000_000, onOversized: fail, onBroken: fail }
  return awsEventStream(chunksOf(bytes), limits)
}

/** Cut where no message ends. */
async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333)
}

/** An answer in the words of the test's own reading of the wire. */
function plain({ choices, extra }: ChatResponse): Omit<WireConverse, 'usage'> {
  const [choice] = choices
  return {
    text: choice?.content ?? '',
    thoughts: choice?.reasoning ?? '',
    signatures: (choice?.parts ?? []).flatMap((part) =>
      part.type === 'reasoning' && part.signature ? [part.signature.value] : [],
    ),
    sealed: (choice?.parts ?? []).flatMap((part) =>
      part.type === 'reasoning' && part.sealed ? [part.sealed.value] : [],
    ),
    calls: (choice?.toolCalls ?? []).map((call) => ({
      id: call.id,
      name: call.name,
      input: JSON.parse(call.arguments),
    })),
    natives: (choice?.parts ?? []).flatMap((part) => (part.type === 'native' ? [part.part] : [])),
    finish: choice?.finishReason.raw,
    beside: extra?.members ?? {},
  }
}

/** The total has everything, what was cached too. */
function expectArithmetic({ usage }: ChatResponse, wire: WireConverse['usage']): void {
  if (wire === undefined) {
    expect(usage).toBeUndefined()
    return
  }
  if (!usage) throw new Error('the usage was lost')
  expect((promptTokens(usage) ?? 0) + (completionTokens(usage) ?? 0)).toBe(wire['totalTokens'])
  expect(usage.inputTokens).toBe(wire['inputTokens'])
  expect(usage.cachedInputTokens).toBe(wire['cacheReadInputTokens'])
  expect(usage.cacheWriteTokens).toBe(wire['cacheWriteInputTokens'])
  expect(usage.reasoningTokens).toBeUndefined()
}

/** What a door must hold whatever its dialect. */
function held({ choices, usage }: ChatResponse): unknown {
  return {
    choices: choices.map(({ content, reasoning, toolCalls, finishReason }) => ({
      content: content ?? '',
      reasoning,
      calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, name, given })),
      finish: finishReason.unified === 'error' ? 'other' : finishReason.unified,
    })),
    prompt: usage && promptTokens(usage),
    completion: usage && completionTokens(usage),
    cached: usage?.cachedInputTokens,
    written: usage?.cacheWriteTokens,
  }
}
