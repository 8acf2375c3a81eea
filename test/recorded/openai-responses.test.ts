import { describe, expect, it } from 'vitest'
import { decodeChatError } from '../../src/dialects/openai-chat/decode-error.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { encodeTextResponse } from '../../src/dialects/openai-completions/encode-response.ts'
import {
  decodeResponseBody,
  decodeResponseEvents,
} from '../../src/dialects/openai-responses/decode-events.ts'
import { decodeResponsesRequest } from '../../src/dialects/openai-responses/decode-request.ts'
import { encodeResponsesRequest } from '../../src/dialects/openai-responses/encode-request.ts'
import { encodeResponse } from '../../src/dialects/openai-responses/encode-response.ts'
import { openResponseStream } from '../../src/dialects/openai-responses/encode-stream.ts'
import { type ErrorCode, GatewayError } from '../../src/errors.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import {
  framesOf,
  hasRecordings,
  readRecordings,
  type Recording,
  requireServices,
  streamOf,
} from '../support/recorded.ts'
import { readAnswer, readStream } from '../support/recorded-chat.ts'
import {
  excludedResponse,
  members,
  type PlainResponse,
  plainRequest,
  readResponse,
  readResponseStream,
} from '../support/recorded-responses.ts'

const providers = ['openai', 'openai-compatible', 'xai', 'azure', 'open-responses']
const responses = '/responses'

/** Every recorded failure, with the code that it must become. */
const failures: [file: RegExp, code: ErrorCode, failover: boolean][] = [
  [/test_parallel_chat_error_/, 'PROVIDER_AUTH', true],
  [/test_multimodal_tool_return_matrix/, 'INVALID_REQUEST', false],
  [/test_openai_responses_model_http_error/, 'INVALID_REQUEST', false],
  [/thinking_with_modified_history/, 'INVALID_REQUEST', false],
  [/rejects_interleaved_function_calls/, 'INVALID_REQUEST', false],
  [/reasoning-model-temperature-error/, 'INVALID_REQUEST', false],
  [/openai-error\.1/, 'PROVIDER_AUTH', true],
]

/** Requests that the door refuses, by the member that it names. */
const refusedRequests: [file: RegExp, member: string][] = [
  [/background_mode/, 'background'],
  [/conversation_id/, 'conversation'],
]

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

describe.skipIf(!hasRecordings)('recorded responses', () => {
  const all = hasRecordings
    ? providers.flatMap((provider) => readRecordings(provider).recordings)
    : []
  const here = all.filter(({ endpoint }) => endpoint === responses)
  const left = here.map(excludedResponse)
  const answers = here.filter((_, index) => left[index] === undefined)
  const failed = answers.filter(isFailed)
  const whole = answers.filter((one) => !isFailed(one))

  it('decodes or excludes every interaction, and says how many', () => {
    console.table(
      providers.map((provider) => {
        const own = here.filter((one) => one.provider === provider)
        const reasons = own.flatMap((one) => excludedResponse(one) ?? [])
        const count = (list: Recording[]) => list.filter((one) => one.provider === provider).length
        return {
          provider,
          answers: count(whole),
          failures: count(failed),
          excluded: reasons.length,
        }
      }),
    )
    expect(whole.length + failed.length + left.filter(Boolean).length).toBe(here.length)
    expect(whole.length).toBeGreaterThan(100)
    for (const one of failed) {
      expect([one.name, failures.some(([file]) => file.test(one.name))]).toEqual([one.name, true])
    }
  })

  it.each(failed)('$provider $name is a failure with the right code', async (recording) => {
    const [, code, failover] = failures.find(([file]) => file.test(recording.name)) ?? []
    const error = await failureOf(recording)
    expect(error).toBeInstanceOf(GatewayError)
    expect([error.code, error.failover]).toEqual([code, failover])
    expect(error.message).not.toMatch(/sk-\w{8}/)
  })

  it.each(whole)('$provider $name: nothing of the answer is lost', async (recording) => {
    const wire = wireOf(recording)
    const events = await eventsOf(recording)
    const answer = await collect(events)
    expect(answer.usage?.raw?.body).toEqual(wire.usage)
    if (wire.usage && answer.usage) {
      expect(promptTokens(answer.usage)).toBe(wire.usage['input_tokens'])
      expect(completionTokens(answer.usage)).toBe(wire.usage['output_tokens'])
    }
    expectSame(readResponse(members(encodeResponse(asked, answer, context))), wire, recording)
    const frames = streamed(events)
    expect(frames.map((frame) => members(JSON.parse(frame))['sequence_number'])).toEqual(
      frames.map((_, index) => index),
    )
    expectSame(readResponseStream(frames), wire, recording)
    await expectInChat(events, wire)
  })

  it.each(here.filter(({ request }) => request !== undefined))(
    '$provider $name: the request comes back with the same members',
    ({ name, request }) => {
      const [, member] = refusedRequests.find(([file]) => file.test(name)) ?? []
      const decode = () => decodeResponsesRequest(request).request
      if (member !== undefined && member in members(request)) {
        expect(decode).toThrow(`Invalid '${member}'`)
        return
      }
      if (/model_http_error/.test(name)) {
        expect(decode).toThrow("Invalid 'temperature'")
        return
      }
      if ('prompt' in members(request)) {
        expect(decode).toThrow("Invalid 'prompt'")
        return
      }
      const decoded = decode()
      const encoded = encodeResponsesRequest(decoded, { model: decoded.model, reasons: false })
      const { previous_response_id: _, ...sent } = plainRequest(request)
      expect(plainRequest(encoded)).toEqual(sent)
    },
  )
})

const asked = { body: {}, store: true }
const context = { id: 'req_1', created: 1, model: 'provider/model' }
const end: ChatEvent = {
  type: 'end',
  settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
}

function bodyOf(answer: Recording['answer']): Record<string, unknown> {
  return answer.kind === 'body' ? members(JSON.parse(answer.text)) : {}
}

function wireOf({ answer }: Recording): PlainResponse {
  return answer.kind === 'stream'
    ? readResponseStream(answer.frames)
    : readResponse(members(JSON.parse(answer.text)))
}

async function eventsOf({ answer }: Recording): Promise<ChatEvent[]> {
  if (answer.kind === 'body') return decodeResponseBody(JSON.parse(answer.text))
  return Array.fromAsync(decodeResponseEvents(streamOf(answer.frames)))
}

function isFailed({ status, answer }: Recording): boolean {
  if (status >= 400) return true
  return answer.kind === 'body'
    ? Boolean(bodyOf(answer)['error'])
    : answer.frames.some((frame) => members(JSON.parse(frame))['type'] === 'error')
}

async function failureOf(recording: Recording): Promise<GatewayError> {
  const { status, headers, answer } = recording
  if (status >= 400) return decodeChatError({ status, headers, body: bodyOf(answer) })
  return eventsOf(recording).then(
    () => Promise.reject(new Error('it was taken for a success')),
    (error: GatewayError) => error,
  )
}

function streamed(events: readonly ChatEvent[]): string[] {
  const encoder = openResponseStream(asked, context)
  return framesOf([...events, end].map((event) => encoder.event(event)).join(''))
}

/**
 * Ids differ from frame to frame in what one server sends: there they are not compared. Items that a
 * stream closes in its last frame alone come after what was said before it.
 */
function expectSame(again: PlainResponse, wire: PlainResponse, { name }: Recording): void {
  const rotates = /id-rotation/.test(name)
  const late = /backfills_missing_results/.test(name)
  const withoutId = (item: Record<string, unknown>) => ({ ...item, id: undefined })
  const items = ({ items: list }: PlainResponse) =>
    (rotates ? list.map(withoutId) : list).toSorted((a, b) =>
      late ? String(a['id']).localeCompare(String(b['id'])) : 0,
    )
  expect(items(again)).toEqual(items(wire))
  expect([again.text, again.reasoning, again.calls]).toEqual([
    wire.text,
    wire.reasoning,
    wire.calls,
  ])
  expect(again.reason).toBe(wire.reason)
  if (wire.usage) expect(again.usage).toMatchObject(wire.usage)
}

async function expectInChat(events: ChatEvent[], wire: PlainResponse): Promise<void> {
  const answer = await collect(events)
  const finish =
    wire.reason === undefined
      ? wire.calls.length > 0
        ? 'tool_calls'
        : 'stop'
      : wire.reason === 'content_filter'
        ? 'content_filter'
        : 'length'
  const encode = createChunkEncoder({ ...context, includeUsage: true })
  const chunks = [...events, end].flatMap(encode).map((chunk) => JSON.stringify(chunk))
  const body = JSON.parse(JSON.stringify(encodeChatResponse(answer, context)))
  for (const plain of [readStream(chunks), readAnswer(body)]) {
    const [choice] = plain.choices
    expect([choice?.text, choice?.reasoning, choice?.finish]).toEqual([
      wire.text,
      wire.reasoning,
      finish,
    ])
    const custom = events.some(
      (event) => event.type === 'tool-call-start' && event.kind === 'custom',
    )
    const calls = choice?.calls.map(({ name, arguments: written }) => ({ name, written }))
    if (custom) expect(calls).toHaveLength(wire.calls.length)
    else expect(calls).toEqual(wire.calls)
    expect(plain.usage?.total_tokens).toBe(wire.usage?.['total_tokens'])
  }
  const text = encodeTextResponse(answer, context, () => '')
  expect(text).toMatchObject({ choices: [{ text: wire.text }] })
}
