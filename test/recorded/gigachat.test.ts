import { describe, expect, it } from 'vitest'
import { decodeGigachatError } from '../../src/dialects/gigachat/decode-error.ts'
import {
  decodeGigachatBody,
  decodeGigachatEvents,
} from '../../src/dialects/gigachat/decode-events.ts'
import { encodeGigachatRequest } from '../../src/dialects/gigachat/encode-request.ts'
import { decodeModels } from '../../src/providers/gigachat-models.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatRequest, Message } from '../../src/protocol/request.ts'
import { framesOf, requireServices, streamOf } from '../support/recorded.ts'
import {
  hasGigachatRecordings,
  readGigachatRecordings,
  type WireRequest,
} from '../support/recorded-gigachat.ts'

/** What the provider speaks, by endpoint; a file of any endpoint that is in neither list fails the test. */
const decoded = new Set(['v1/chat/completions', 'v2/chat/completions', 'v1/models'])
const otherEndpoints = new Set([
  'v1/embeddings',
  'v1/tokens/count',
  'oauth',
  'assistants',
  'threads',
  'ai/check',
  'balance',
  'files',
  'functions/convert',
  'a request alone',
  'another proxy’s output',
  'source note',
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasGigachatRecordings).toBe(true)
})

describe.skipIf(!hasGigachatRecordings)('recorded GigaChat', () => {
  const recordings = hasGigachatRecordings ? readGigachatRecordings() : []
  const chats = recordings.filter(({ endpoint }) => endpoint === 'v1/chat/completions')
  const answers = chats.filter(({ status }) => status === 200)
  const lists = recordings.filter(({ endpoint }) => endpoint === 'v1/models')

  it('decodes or excludes every file, by the name of its endpoint', () => {
    const counts: Record<string, { interactions: number; decoded: boolean }> = {}
    for (const { endpoint } of recordings) {
      const row = (counts[endpoint] ??= { interactions: 0, decoded: decoded.has(endpoint) })
      row.interactions += 1
    }
    console.table(counts)
    const known = (name: string): boolean => decoded.has(name) || otherEndpoints.has(name)
    expect(Object.keys(counts).filter((name) => !known(name))).toEqual([])
    expect(answers.length).toBeGreaterThan(8)
    expect(lists.length).toBeGreaterThan(5)
  })

  it.each(answers)('$name: nothing of the answer is lost', async ({ text }) => {
    const wire = readWire(text)
    const events = text.trimStart().startsWith('data:')
      ? await Array.fromAsync(decodeGigachatEvents(streamOf(framesOf(text))))
      : decodeGigachatBody(JSON.parse(text))
    const { choices, usage, upstreamModel } = await collect(events)
    expect(choices).toHaveLength(1)
    const [choice] = choices
    expect({
      model: upstreamModel,
      text: choice?.content ?? '',
      reasoning: choice?.reasoning ?? '',
      calls: choice?.toolCalls.map((call) => [call.name, JSON.parse(call.arguments)]),
      finish: choice?.finishReason.raw,
      usage: usage?.raw?.body,
    }).toEqual(wire)
    const { prompt_tokens: prompt, completion_tokens: completion } = wire.usage ?? {}
    expect([usage && (usage.inputTokens ?? 0) + (usage.cachedInputTokens ?? 0)]).toEqual([prompt])
    expect([usage?.outputTokens, usage?.totalTokens]).toEqual([
      completion,
      wire.usage?.total_tokens,
    ])
  })

  it.each(chats.filter(({ status }) => status !== 200))(
    '$name is a failure with the right code',
    ({ status, text }) => {
      expect(decodeGigachatError({ status, body: JSON.parse(text), headers: {} })).toMatchObject({
        code: 'MODEL_NOT_FOUND',
        failover: true,
      })
    },
  )

  it.each(chats.filter(({ request }) => request !== undefined))(
    '$name: the request can be said in our words and comes out the same',
    ({ request }) => {
      if (!request) return
      expect(encodeGigachatRequest(toRequest(request), request.model)).toEqual(request)
    },
  )

  it.each(lists.filter(({ status }) => status === 200))(
    '$name: every model that chats or makes vectors is read',
    ({ status, text }) => {
      const body: { data?: WireModel[] } & WireModel = JSON.parse(text)
      const wire = (body.data ?? [body]).filter(({ type = 'chat' }) =>
        /^(chat|embedder)$/.test(type),
      )
      const read = decodeModels({ status, body }).map(({ name, features }) => ({
        id: name,
        makesVectors: features?.includes('embeddings'),
      }))
      expect(read).toEqual(wire.map(({ id, type }) => ({ id, makesVectors: type === 'embedder' })))
    },
  )

  it.each(lists.filter(({ status }) => status !== 200))(
    '$name is a failure that says so',
    ({ status, text }) => {
      expect(() => decodeModels({ status, body: JSON.parse(text) })).toThrow(/No such model/)
    },
  )
})

interface WireModel {
  id: string
  type?: string
}

function toRequest(wire: WireRequest): ChatRequest {
  const { model, messages, stream = false, temperature, response_format: format } = wire
  return {
    model,
    stream,
    temperature,
    messages: messages.map(({ role, content }): Message => ({
      role,
      parts: [{ type: 'text', text: content }],
    })),
    responseFormat: format && {
      type: 'json_schema',
      name: 'any',
      schema: format.schema,
      strict: format.strict,
    },
  }
}

interface WireMessage {
  content?: string
  reasoning_content?: string
  function_call?: { name: string; arguments: unknown }
}

interface WireAnswer {
  choices: { delta?: WireMessage; message?: WireMessage; finish_reason?: string }[]
  model: string
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
}

/** A plain reading of the wire, which shares no code with the dialect. */
function readWire(text: string) {
  const frames = text.trimStart().startsWith('data:') ? framesOf(text) : [text]
  const parts = frames
    .filter((frame) => frame !== '[DONE]')
    .map((frame): WireAnswer => JSON.parse(frame))
  const messages = parts.flatMap(({ choices }) =>
    choices.map((one) => one.delta ?? one.message ?? {}),
  )
  return {
    model: parts[0]?.model,
    text: messages.map(({ content = '' }) => content).join(''),
    reasoning: messages.map(({ reasoning_content: thought = '' }) => thought).join(''),
    calls: messages.flatMap(({ function_call: call }) =>
      call ? [[call.name, call.arguments]] : [],
    ),
    finish: parts
      .flatMap(({ choices }) => choices.map((one) => one.finish_reason))
      .findLast(Boolean),
    usage: parts.findLast(({ usage }) => usage !== undefined)?.usage,
  }
}
