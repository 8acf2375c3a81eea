import { describe, expect, it } from 'vitest'
import { decodeAnthropicError } from '../../src/dialects/anthropic-messages/decode-error.ts'
import {
  decodeMessageBody,
  decodeMessageEvents,
} from '../../src/dialects/anthropic-messages/decode-events.ts'
import {
  decodeCountRequest,
  decodeMessageRequest,
} from '../../src/dialects/anthropic-messages/decode-request.ts'
import { encodeCountRequest } from '../../src/dialects/anthropic-messages/encode-count.ts'
import { createEventEncoder } from '../../src/dialects/anthropic-messages/encode-events.ts'
import { encodeMessageRequest } from '../../src/dialects/anthropic-messages/encode-request.ts'
import { encodeMessage } from '../../src/dialects/anthropic-messages/encode-response.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { decodePage } from '../../src/providers/anthropic-discovery.ts'
import { readAnswer, readStream, type WireAnswer } from '../support/recorded-chat.ts'
import {
  type Members,
  normalMessageRequest,
  type PlainMessage,
  readMessage,
  readMessageStream,
  splitMessages,
} from '../support/recorded-messages.ts'
import { hasRecordings, readRecordings, requireServices, streamOf } from '../support/recorded.ts'

/** Endpoints of which this dialect knows nothing; a file of any other endpoint fails the test. */
const otherEndpoints = new Map([
  ['/complete', 'the API of before the messages'],
  ['/files', 'files are uploaded beside the gateway'],
  ['source note', 'no traffic'],
])

/** A proxy put two answers into one stream: nobody can tell where the first ended. */
const spliced = /spliced-message-start/

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

describe.skipIf(!hasRecordings)('recorded messages of Anthropic', () => {
  const { recordings, notes } = hasRecordings
    ? readRecordings('anthropic')
    : { recordings: [], notes: [] }
  const of = (endpoint: string) => recordings.filter((each) => each.endpoint === endpoint)
  const messages = of('/messages')
  const counts = of('/messages/count_tokens')
  const succeeded = messages.filter(({ status }) => status === 200)
  const failed = [...messages, ...counts].filter(({ status }) => status !== 200)
  const streams = succeeded.flatMap(({ name, answer }) =>
    answer.kind === 'stream' && !spliced.test(name)
      ? splitMessages(answer.frames).map((frames, index) => ({ name: `${name} ${index}`, frames }))
      : [],
  )
  const bodies = succeeded.flatMap(({ name, answer }) =>
    answer.kind === 'body' ? [{ name, text: answer.text }] : [],
  )

  it('decodes or excludes every file, by the name of its endpoint', () => {
    const excluded = [...recordings, ...notes].filter(({ endpoint }) =>
      otherEndpoints.has(endpoint),
    )
    const decoded = [...messages, ...counts, ...of('/models')]
    console.table({
      files: new Set([...recordings, ...notes].map(({ file }) => file)).size,
      'whole messages': bodies.length,
      'streamed messages': streams.length,
      failures: failed.length,
      'counts of tokens': counts.length,
      'lists of models': of('/models').length,
      excluded: excluded.length,
    })
    expect(decoded.length + excluded.length).toBe(recordings.length + notes.length)
    expect(Math.min(bodies.length, streams.length, failed.length, counts.length)).toBeGreaterThan(0)
  })

  it.each(bodies)('$name: nothing of the body is lost', async ({ text }) => {
    const body: Members = JSON.parse(text)
    const wire = readMessage(body)
    const response = await collect(decodeMessageBody(body))
    await expectNothingLost(decodeMessageBody(body), wire)
    const again = encodeMessage(response, contextOf(wire))
    // Old answers have no stop_sequence where there is none.
    expect(again).toEqual({ stop_sequence: null, ...body })
  })

  it.each(streams)('$name: nothing of the stream is lost', async ({ frames }) => {
    const wire = readMessageStream(frames)
    const events: ChatEvent[] = []
    for await (const event of decodeMessageEvents(streamOf(frames))) events.push(event)
    await expectNothingLost(events, wire)
    const encode = createEventEncoder(contextOf(wire))
    const again = readMessageStream(
      ended(events)
        .flatMap(encode)
        .map((each) => JSON.stringify(each)),
    )
    const said = ({ content, ...rest }: PlainMessage) => ({
      ...rest,
      content: content.map((block) =>
        block['type'] === 'thinking' ? { signature: '', ...block } : block,
      ),
    })
    expect(said(again)).toEqual(said(wire))
  })

  it('two answers in one stream are a failure', async () => {
    const recording = succeeded.find(({ name }) => spliced.test(name))
    const frames = recording?.answer.kind === 'stream' ? recording.answer.frames : []
    await expect(collect(decodeMessageEvents(streamOf(frames)))).rejects.toMatchObject({
      code: 'UPSTREAM_TRUNCATED',
    })
  })

  it.each(failed)('$name is a failure with the right code', ({ name, status, headers, answer }) => {
    const text = answer.kind === 'body' ? answer.text : ''
    const error = decodeAnthropicError({ status, headers, body: JSON.parse(text) })
    const isUnknown = /count_tokens_error/.test(name)
    expect(error).toMatchObject(
      isUnknown
        ? { code: 'MODEL_NOT_FOUND', failover: true }
        : { code: 'INVALID_REQUEST', failover: false },
    )
  })

  it.each(messages.filter(({ request }) => request !== undefined))(
    '$name: the request comes back with the same members',
    ({ request }) => {
      const { request: decoded } = decodeMessageRequest(request, {})
      const encoded = encodeMessageRequest(decoded, { model: decoded.model })
      expect(normalMessageRequest(encoded)).toEqual(normalMessageRequest(request))
    },
  )

  it.each(counts)('$name: the count is asked for with the same members', ({ request }) => {
    const { request: decoded } = decodeCountRequest(request, {})
    const encoded = encodeCountRequest(decoded, decoded.model)
    expect(normalMessageRequest(encoded)).toEqual(normalMessageRequest(request))
  })

  it.each(of('/models'))('$name: lists the models', ({ status, answer }) => {
    const body: unknown = JSON.parse(answer.kind === 'body' ? answer.text : '')
    const { models, next } = decodePage({ status, body })
    expect(models.length).toBe(10)
    expect(models[0]).toMatchObject({ name: 'claude-opus-4-5-20251101' })
    expect(next).toBeUndefined()
  })
})

function contextOf({ others }: PlainMessage) {
  return { id: String(others['id']), created: 1, model: String(others['model']) }
}

function ended(events: ChatEvent[]): ChatEvent[] {
  return [
    ...events,
    { type: 'end', settlement: { requestId: 'r', status: 'succeeded', attempts: [] } },
  ]
}

/** What was decoded, and what OpenAI's door makes of it, must say what the recording says. */
async function expectNothingLost(events: ChatEvent[], wire: PlainMessage): Promise<void> {
  const response = await collect(events)
  const of = (...types: string[]) => wire.content.filter(({ type }) => types.includes(String(type)))
  const joined = (blocks: Members[], member: string) =>
    blocks.map((block) => (typeof block[member] === 'string' ? block[member] : '')).join('')
  const known = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])
  const [choice] = response.choices
  const parts = choice?.parts ?? []
  const reasoning = parts.filter((part) => part.type === 'reasoning')
  expect({
    text: choice?.content ?? '',
    thoughts: choice?.reasoning ?? '',
    signatures: reasoning.flatMap(({ signature }) => signature?.value ?? []),
    sealed: reasoning.flatMap(({ sealed }) => sealed?.value ?? []),
    calls: choice?.toolCalls.map(({ id, name, arguments: written }) => [
      id,
      name,
      JSON.parse(written),
    ]),
    natives: parts.flatMap((part) => (part.type === 'native' ? [part.part] : [])),
    citations: choice?.annotations.map(({ raw }) => raw),
    finish: choice?.finishReason.raw,
  }).toEqual({
    text: joined(of('text'), 'text'),
    thoughts: joined(of('thinking'), 'thinking'),
    signatures: of('thinking').map(({ signature }) => signature),
    sealed: of('redacted_thinking').map(({ data }) => data),
    calls: of('tool_use').map(({ id, name, input }) => [id, name, input]),
    natives: wire.content.filter(({ type }) => !known.has(String(type))),
    citations: of('text').flatMap(({ citations }) => (Array.isArray(citations) ? citations : [])),
    finish: wire.stop ?? undefined,
  })
  expectUsage(response.usage, wire.usage)
  expectSameInOpenai(events, wire, {
    text: joined(of('text'), 'text'),
    calls: of('tool_use').map(({ name, input }) => [name, input]),
    response,
  })
}

type Response = Awaited<ReturnType<typeof collect>>

function expectUsage(usage: Response['usage'], wire: Members): void {
  const count = (member: string) => Number(wire[member] ?? 0)
  expect(usage?.raw?.body).toEqual(wire)
  expect(promptTokens(usage ?? { estimated: false })).toBe(
    count('input_tokens') + count('cache_creation_input_tokens') + count('cache_read_input_tokens'),
  )
  expect(completionTokens(usage ?? { estimated: false })).toBe(count('output_tokens'))
}

const openaiFinish: Record<string, string> = {
  end_turn: 'stop',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

function expectSameInOpenai(
  events: ChatEvent[],
  wire: PlainMessage,
  said: { text: string; calls: unknown[]; response: Response },
): void {
  const context = { id: 'chatcmpl-1', created: 1, model: 'provider/model' }
  const encode = createChunkEncoder({ ...context, includeUsage: true })
  const frames = ended(events)
    .flatMap(encode)
    .map((chunk) => JSON.stringify(chunk))
  const whole: WireAnswer = JSON.parse(JSON.stringify(encodeChatResponse(said.response, context)))
  for (const { choices, usage } of [readStream(frames), readAnswer(whole)]) {
    expect(choices[0]?.text).toBe(said.text)
    const called = choices[0]?.calls ?? []
    expect(called.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual(said.calls)
    expect(choices[0]?.finish).toBe(openaiFinish[String(wire.stop)] ?? 'stop')
    expect(usage?.completion_tokens).toBe(wire.usage['output_tokens'])
  }
}
