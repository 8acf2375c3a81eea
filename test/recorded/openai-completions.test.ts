import { describe, expect, it } from 'vitest'
import { decodeTextRequest } from '../../src/dialects/openai-completions/decode-request.ts'
import { encodeTextResponse } from '../../src/dialects/openai-completions/encode-response.ts'
import { openTextStream } from '../../src/dialects/openai-completions/encode-stream.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent, FinishReason } from '../../src/protocol/event.ts'
import type { Usage } from '../../src/protocol/usage.ts'
import {
  framesOf,
  hasRecordings,
  readRecordings,
  type Recording,
  requireServices,
} from '../support/recorded.ts'

/** The upstream side of this API is not spoken: its answers show what the door must write. */
interface WireText {
  id: string
  created: number
  model: string
  choices: { text: string; index: number; logprobs: null; finish_reason: string | null }[]
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null
}

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

describe.skipIf(!hasRecordings)('recorded legacy completions', () => {
  const all = hasRecordings
    ? ['openai', 'openai-compatible'].flatMap((provider) => readRecordings(provider).recordings)
    : []
  const here = all.filter(({ endpoint }) => endpoint === '/completions')
  const answers = here.filter(({ status }) => status < 400)

  it('are there, and are counted', () => {
    console.table([{ interactions: here.length, answers: answers.length }])
    expect(answers.length).toBeGreaterThan(2)
  })

  it.each(answers)('$name: the door writes the same', async (recording) => {
    const chunks = chunksOf(recording)
    const [first] = chunks
    if (!first) throw new Error('the recording is empty')
    const context = { id: first.id, created: first.created, model: first.model }
    const includeUsage = chunks.some((chunk) => chunk.usage != null)
    const events = eventsOf(chunks)
    if (recording.answer.kind === 'body') {
      const body = encodeTextResponse(await collect(events), context, () => '')
      expect(body).toMatchObject(JSON.parse(JSON.stringify(first)))
      return
    }
    const encoder = openTextStream({ ...context, includeUsage, echoOf: () => '' })
    const text = events.map((event) => encoder.event(event)).join('') + encoder.end()
    const frames = framesOf(text)
    expect(frames.at(-1)).toBe('[DONE]')
    const ours: WireText[] = frames.slice(0, -1).map((frame) => JSON.parse(frame))
    expect(told(ours)).toEqual(told(chunks))
    expect(ours.at(-1)?.usage ?? null).toEqual(chunks.at(-1)?.usage ?? null)
  })

  it.each(here.filter(({ request }) => request !== undefined))(
    '$name: the request is read',
    ({ request }) => {
      const wire: { prompt: string | string[]; max_tokens?: number; n?: number } = JSON.parse(
        JSON.stringify(request),
      )
      const { requests } = decodeTextRequest(request)
      expect(requests.map(({ messages }) => messages)).toEqual(
        [wire.prompt].flat().map((text) => [{ role: 'user', parts: [{ type: 'text', text }] }]),
      )
      expect([requests[0].maxTokens, requests[0].choices]).toEqual([wire.max_tokens ?? 16, wire.n])
      expect(requests[0].passthrough?.members).toEqual({})
    },
  )
})

function chunksOf({ answer }: Recording): WireText[] {
  return answer.kind === 'body'
    ? [JSON.parse(answer.text)]
    : answer.frames.filter((frame) => frame !== '[DONE]').map((frame) => JSON.parse(frame))
}

function eventsOf(chunks: readonly WireText[]): ChatEvent[] {
  const events: ChatEvent[] = chunks.flatMap(({ choices, usage }) => [
    ...choices.flatMap(({ index: choice, text, finish_reason: raw }): ChatEvent[] => [
      { type: 'text-delta', choice, text },
      ...(raw === null ? [] : [{ type: 'finish' as const, choice, reason: finish(raw) }]),
    ]),
    ...(usage ? [{ type: 'usage' as const, usage: usageOf(usage) }] : []),
  ])
  const settlement = { requestId: 'r', status: 'succeeded' as const, attempts: [] }
  return [...events, { type: 'end', settlement }]
}

function finish(raw: string): FinishReason {
  return { unified: raw === 'length' ? 'length' : 'stop', raw }
}

function usageOf({ prompt_tokens, completion_tokens }: NonNullable<WireText['usage']>): Usage {
  return { inputTokens: prompt_tokens, outputTokens: completion_tokens, estimated: false }
}

/** What each choice says and how it ends; how its text is cut does not matter. */
function told(chunks: readonly WireText[]): unknown {
  const choices = new Map<number, { text: string; finish: string | null }>()
  for (const { choices: list } of chunks) {
    for (const { index, text, finish_reason: end } of list) {
      const before = choices.get(index) ?? { text: '', finish: null }
      choices.set(index, { text: before.text + text, finish: end ?? before.finish })
    }
  }
  return Object.fromEntries(choices)
}
