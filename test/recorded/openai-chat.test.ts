import { describe, expect, it } from 'vitest'
import { decodeAzureError } from '../../src/dialects/openai-chat/azure-error.ts'
import { decodeChatError } from '../../src/dialects/openai-chat/decode-error.ts'
import { decodeChatBody, decodeChatEvents } from '../../src/dialects/openai-chat/decode-events.ts'
import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatRequest } from '../../src/dialects/openai-chat/encode-request.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { type ErrorCode, GatewayError } from '../../src/errors.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { hasRecordings, readRecordings, requireServices, streamOf } from '../support/recorded.ts'
import type { Recording } from '../support/recorded.ts'
import {
  normalRequest,
  type PlainAnswer,
  readAnswer,
  readStream,
  type WireAnswer,
} from '../support/recorded-chat.ts'

const providers = ['openai', 'openai-compatible', 'azure', 'xai']
const chat = '/chat/completions'

/** Endpoints that have a suite of their own. */
const otherSuites = ['/responses', '/completions']

/** Endpoints of which no dialect knows anything; a file of any other endpoint fails the test. */
const otherEndpoints = new Set([
  ...otherSuites,
  '/embeddings',
  '/files',
  '/models',
  'source note',
  'specification',
])

/** Every recorded failure, with the code that it must become. */
const failures: [file: RegExp, code: ErrorCode, failover: boolean][] = [
  [/openllmetry\/test_vision/, 'INVALID_REQUEST', false],
  [/test_openai_o1_mini_system_role_/, 'INVALID_REQUEST', false],
  [/test_openai_web_search_tool_model_not_supported/, 'INVALID_REQUEST', false],
  [/reasoning-model-legacy-parameter-error/, 'INVALID_REQUEST', false],
  [/test_tool_use_failed_error/, 'INVALID_REQUEST', false],
  [/openai_chat_completions_post_(917478d0|a1e12a43)/, 'MODEL_NOT_FOUND', true],
  [/test_tool_regular_error/, 'MODEL_NOT_FOUND', true],
  [/test_openrouter_errors_raised/, 'PROVIDER_RATE_LIMITED', true],
  [/azure-openai_chat_completions_post/, 'PROVIDER_ERROR', true],
  [/azure-openai_openai_deployments_/, 'PROVIDER_AUTH', true],
  [/openllmetry\/test_chat_reasoning/, 'MODEL_NOT_FOUND', true],
  [/openllmetry\/test_prompt_content_filtering/, 'CONTENT_FILTERED', false],
]

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

describe.skipIf(!hasRecordings)('recorded chat completions', () => {
  const sources = providers.map((provider) => ({ provider, ...load(provider) }))
  const recordings = sources.flatMap((source) => source.recordings)
  const chats = recordings.filter(({ endpoint }) => endpoint === chat)
  const failed = chats.filter(isFailed)
  const streams = chats.filter((one) => !isFailed(one) && one.answer.kind === 'stream')
  const bodies = chats.filter((one) => !isFailed(one) && one.answer.kind === 'body')

  it('decodes or excludes every file, by the name of its endpoint', () => {
    const table = sources.map(({ provider, recordings: own, notes }) => {
      const left = [...own.filter(({ endpoint }) => endpoint !== chat), ...notes]
      return {
        provider,
        files: new Set([...own, ...notes].map(({ file }) => file)).size,
        'interactions decoded': own.filter(({ endpoint }) => endpoint === chat).length,
        ...tally(left.map(({ endpoint }) => endpoint)),
      }
    })
    console.table(table)
    const endpoints = sources.flatMap((source) =>
      [...source.recordings, ...source.notes].map(({ endpoint }) => endpoint),
    )
    expect(endpoints.filter((name) => name !== chat && !otherEndpoints.has(name))).toEqual([])
    for (const row of table) expect(row['interactions decoded']).toBeGreaterThan(0)
    expect(streams.length + bodies.length + failed.length).toBe(chats.length)
    expect(Math.min(streams.length, bodies.length, failed.length)).toBeGreaterThan(0)
  })

  it.each(failed)('$provider $name is a failure with the right code', async (recording) => {
    const expected = failures.find(([file]) => file.test(recording.name))
    const error = await failureOf(recording)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: expected?.[1], failover: expected?.[2] })
    expect(error.message).not.toMatch(/sk-\w{8}|user_\w{8}/)
  })

  it.each(streams)('$provider $name: nothing of the stream is lost', async (recording) => {
    const frames = framesOf(recording)
    const wire = readStream(frames)
    expect(wire.choices.length).toBeGreaterThan(0)
    const events: ChatEvent[] = []
    for await (const event of decodeChatEvents(streamOf(frames))) events.push(event)
    await expectNothingLost(events, wire)
  })

  it.each(bodies)('$provider $name: nothing of the body is lost', async (recording) => {
    const body: WireAnswer = JSON.parse(textOf(recording))
    const wire = readAnswer(body)
    expect(wire.choices.length).toBe(body.choices?.length)
    await expectNothingLost(decodeChatBody(body), wire)
  })

  it.each(chats.filter(({ request }) => request !== undefined))(
    '$provider $name: the request comes back with the same members',
    ({ request }) => {
      const { request: decoded } = decodeChatRequest(request)
      const encoded = encodeChatRequest(decoded, {
        model: decoded.model,
        maxTokensField: 'max_tokens',
      })
      expect(normalRequest(encoded)).toEqual(normalRequest(request))
    },
  )
})

function load(provider: string): ReturnType<typeof readRecordings> {
  return hasRecordings ? readRecordings(provider) : { recordings: [], notes: [] }
}

function textOf({ answer }: Recording): string {
  return answer.kind === 'body' ? answer.text : ''
}

function framesOf({ answer }: Recording): string[] {
  return answer.kind === 'stream' ? answer.frames : []
}

/** A status says it, or a member `error` in the body or in a frame of the stream. */
function isFailed(recording: Recording): boolean {
  const payloads = recording.answer.kind === 'body' ? [textOf(recording)] : framesOf(recording)
  return recording.status >= 400 || payloads.some(hasError)
}

function hasError(payload: string): boolean {
  if (payload === '[DONE]') return false
  const { error }: { error?: unknown } = JSON.parse(payload)
  return error !== undefined && error !== null
}

function errorDecoder({ provider }: Recording): typeof decodeChatError {
  return provider === 'azure' ? decodeAzureError : decodeChatError
}

async function failureOf(recording: Recording): Promise<GatewayError> {
  const { status, headers, answer } = recording
  if (status >= 400)
    return errorDecoder(recording)({ status, headers, body: JSON.parse(textOf(recording)) })
  const events = async () =>
    answer.kind === 'body'
      ? decodeChatBody(JSON.parse(answer.text))
      : await collect(decodeChatEvents(streamOf(answer.frames)))
  return await events().then(
    () => Promise.reject(new Error('it was taken for a success')),
    (error: GatewayError) => error,
  )
}

function tally(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** What was decoded, and what our own two encoders make of it, must say what the recording says. */
async function expectNothingLost(events: ChatEvent[], wire: PlainAnswer): Promise<void> {
  const response = await collect(events)
  const decoded = response.choices.map((choice) => ({
    index: choice.index,
    text: choice.content ?? '',
    reasoning: choice.reasoning ?? '',
    refusal: choice.refusal ?? '',
    calls: choice.toolCalls.map(({ name, arguments: written }) => ({ name, arguments: written })),
    finish: choice.finishReason.raw,
    logprobs: (choice.logprobs?.content ?? []).length,
    annotations: choice.annotations.length,
    others: Object.keys({ ...choice.extra?.choice, ...choice.extra?.message }).toSorted(),
    audio: typeof choice.audio?.['data'] === 'string' ? choice.audio['data'].length : 0,
  }))
  expect(decoded).toEqual(wire.choices)
  expect(response.extra?.members ?? {}).toEqual(wire.others)
  expectUsage(response.usage, wire)

  const context = { id: 'chatcmpl-1', created: 1, model: 'provider/model' }
  const encode = createChunkEncoder({ ...context, includeUsage: true })
  const settlement = { requestId: 'r', status: 'succeeded', attempts: [] } as const
  const ended: ChatEvent[] = [
    ...events,
    { type: 'end', settlement: { ...settlement, attempts: [] } },
  ]
  const frames = ended.flatMap(encode).map((chunk) => JSON.stringify(chunk))
  const whole: WireAnswer = JSON.parse(JSON.stringify(encodeChatResponse(response, context)))
  for (const again of [readStream(frames), readAnswer(whole)]) {
    expect(again.choices).toEqual(wire.choices.map(withOurFinish))
    expect(again.others).toEqual(wire.others)
    expectSameCounts(again, wire)
  }
}

function withOurFinish(choice: PlainAnswer['choices'][number]): PlainAnswer['choices'][number] {
  const forced = choice.calls.length > 0 && choice.finish === 'stop'
  return forced ? { ...choice, finish: 'tool_calls' } : choice
}

function expectUsage(usage: Awaited<ReturnType<typeof collect>>['usage'], wire: PlainAnswer): void {
  if (!wire.usage) {
    expect(usage).toBeUndefined()
    return
  }
  if (!usage) throw new Error('the usage was lost')
  const { prompt_tokens: prompt, total_tokens: total } = wire.usage
  expect(usage.raw?.body).toEqual(wire.usage)
  expect(promptTokens(usage)).toBe(prompt)
  expect((promptTokens(usage) ?? 0) + (completionTokens(usage) ?? 0)).toBe(total)
  expect(usage.totalTokens).toBe(total)
  expect(usage.cachedInputTokens).toBe(
    wire.usage.prompt_tokens_details?.['cached_tokens'] ??
      wire.usage.prompt_cache_hit_tokens ??
      wire.usage.cached_tokens,
  )
  expect(usage.cacheWriteTokens).toBe(wire.usage.prompt_tokens_details?.['cache_write_tokens'])
  expect(usage.reasoningTokens).toBe(
    wire.usage.completion_tokens_details?.['reasoning_tokens'] ?? wire.usage.reasoning_tokens,
  )
}

/** All numbers of the usage but the completion, which we count with the reasoning. */
function expectSameCounts(again: PlainAnswer, wire: PlainAnswer): void {
  if (!wire.usage) return
  const { completion_tokens: shown, ...others } = again.usage ?? {}
  const { completion_tokens: counted, ...expected } = wire.usage
  expect(others).toMatchObject(expected)
  expect((again.usage?.prompt_tokens ?? 0) + (shown ?? 0)).toBe(wire.usage.total_tokens)
  expect(shown).toBeGreaterThanOrEqual(counted)
}
