import type { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import {
  type ChoiceState,
  decodeChunkChoice,
  decodeWholeChoice,
  finishChoice,
  newChoice,
} from './decode-choice.ts'
import { decodeInlineError } from './decode-error.ts'
import { openaiChat } from './dialect.ts'
import { isRecord, text } from '../narrow.ts'
import { isFailure } from './read-error.ts'
import { decodeUsage } from './usage.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'

/** Events from the data of the frames of a stream. */
export async function* decodeChatEvents(data: AsyncIterable<string>): AsyncGenerator<ChatEvent> {
  const stream = newAnswer()
  const out: ChatEvent[] = []
  let done = false
  for await (const frame of data) {
    done = frame.trim() === '[DONE]'
    if (done) break
    const failure = decodeChunk(stream, parseFrame(frame), out)
    for (const event of out) yield event
    out.length = 0
    if (failure) throw failure
  }
  const states = [...stream.choices.values()]
  if (!done && !(states.length > 0 && states.every((state) => state.finished))) {
    throw truncated()
  }
  if (states.length === 0) throw unusable()
  for (const state of states) finishChoice(state, undefined, out)
  for (const event of out) yield event
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeChatBody(body: unknown): ChatEvent[] {
  if (!isRecord(body)) throw Array.isArray(body) ? decodeInlineError(body) : unusable()
  if (isFailure(body)) throw decodeInlineError(body)
  const { choices } = body
  if (!Array.isArray(choices) || choices.length === 0) throw unusable()
  const answer = newAnswer()
  const out: ChatEvent[] = []
  decodeAnswer(answer, body, out)
  for (const raw of choices) {
    if (isRecord(raw)) decodeWholeChoice(choiceOf(answer, raw), raw, out)
  }
  decodeUsageReport(answer, body, out)
  return out
}

/** What must be remembered of an answer between two chunks. */
interface Answer {
  started: boolean
  choices: Map<number, ChoiceState>
  /** The last usage object, to see whether it changed; most answers tell no second one. */
  usage: { raw: unknown; text?: string } | undefined
  /** Members of the answer as last seen: most repeat on every chunk. */
  members: Map<string, unknown>
}

function newAnswer(): Answer {
  return { started: false, choices: new Map(), usage: undefined, members: new Map() }
}

/** Adds a chunk's events to `out`; a failure is returned, so that what came with it is not lost. */
function decodeChunk(answer: Answer, chunk: unknown, out: ChatEvent[]): GatewayError | undefined {
  if (!isRecord(chunk)) return Array.isArray(chunk) ? decodeInlineError(chunk) : unusable()
  if (isFailure(chunk)) {
    decodeUsageReport(answer, chunk, out)
    return decodeInlineError(chunk)
  }
  decodeAnswer(answer, chunk, out)
  const { choices } = chunk
  if (Array.isArray(choices)) {
    for (const raw of choices) {
      if (isRecord(raw)) decodeChunkChoice(choiceOf(answer, raw), raw, out)
    }
  }
  decodeUsageReport(answer, chunk, out)
  return undefined
}

function choiceOf(answer: Answer, raw: Record<string, unknown>): ChoiceState {
  const index = typeof raw['index'] === 'number' ? raw['index'] : 0
  let state = answer.choices.get(index)
  if (!state) answer.choices.set(index, (state = newChoice(index)))
  return state
}

const answerMembers: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'error',
  'obfuscation',
  'p',
])

/** The start of the answer, and those of its members that are new or have changed. */
function decodeAnswer(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  if (!answer.started) startAnswer(answer, chunk, out)
  let fresh: Extra | undefined
  for (const key in chunk) {
    if (answerMembers.has(key)) continue
    const value = chunk[key]
    if (value === null || value === undefined) continue
    const seen = typeof value === 'object' ? JSON.stringify(value) : value
    if (answer.members.get(key) === seen) continue
    answer.members.set(key, seen)
    fresh ??= {}
    fresh[key] = value
  }
  if (fresh) out.push({ type: 'extra', dialect: openaiChat, members: fresh })
}

/** A first frame may be anonymous: then the start waits for the one that names the answer. */
function startAnswer(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  const id = text(chunk['id'])
  const model = text(chunk['model'])
  const { choices } = chunk
  const empty = !Array.isArray(choices) || choices.length === 0
  if (empty && (id === undefined || model === undefined)) return
  answer.started = true
  out.push({
    type: 'response-start',
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
  })
}

function decodeUsageReport(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  const raw = chunk['usage'] ?? vendorUsage(chunk)
  if (raw === null || raw === undefined) return
  const seen: NonNullable<Answer['usage']> = { raw }
  if (answer.usage) {
    answer.usage.text ??= JSON.stringify(answer.usage.raw)
    seen.text = JSON.stringify(raw)
    if (seen.text === answer.usage.text) return
  }
  const usage = decodeUsage(raw)
  if (!usage) return
  answer.usage = seen
  out.push({ type: 'usage', usage })
}

/** Groq keeps its usage in a member of its own. */
function vendorUsage(chunk: Record<string, unknown>): unknown {
  const vendor = chunk['x_groq']
  return isRecord(vendor) ? vendor['usage'] : undefined
}
