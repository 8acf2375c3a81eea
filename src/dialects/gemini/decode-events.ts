import { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import {
  callFailure,
  type CandidateState,
  decodeCandidate,
  finishCandidate,
  newCandidate,
} from './decode-candidate.ts'
import { decodeGeminiInlineError } from './decode-error.ts'
import { gemini } from './dialect.ts'
import { decodeUsage } from './usage.ts'

/** Events from the data of the frames of a stream, which has no last frame: it ends with its body. */
export async function* decodeGeminiEvents(data: AsyncIterable<string>): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  for await (const frame of data) {
    const out: ChatEvent[] = []
    const failure = decodeAnswer(answer, parseFrame(frame), out)
    yield* out
    if (failure) throw failure
  }
  const states = [...answer.candidates.values()]
  if (states.length === 0 || states.some(({ reason }) => reason === undefined)) throw truncated()
  const rest: ChatEvent[] = []
  const failure = finishAnswer(answer, rest)
  if (failure) throw failure
  yield* rest
}

/** The events that the same answer, sent whole, would have been as a stream; a list of chunks is one answer. */
export function decodeGeminiBody(body: unknown): ChatEvent[] {
  const answer = newAnswer()
  const out: ChatEvent[] = []
  const broken = decodeAnswer(answer, body, out)
  if (broken) throw broken
  if (answer.candidates.size === 0) throw unusable()
  const failure = finishAnswer(answer, out)
  if (failure) throw failure
  return out
}

/** What must be remembered of an answer between two chunks. */
interface Answer {
  started: boolean
  candidates: Map<number, CandidateState>
  /** The last usage object as text, to see whether it changed. */
  usage: string | undefined
  /** Members beside candidates and usage, the last of each. */
  members: Record<string, unknown>
}

function newAnswer(): Answer {
  return { started: false, candidates: new Map(), usage: undefined, members: {} }
}

/** Adds the events of a chunk, or of a list of chunks, to `out`; a failure is returned, so that what came with it is not lost. */
function decodeAnswer(answer: Answer, chunks: unknown, out: ChatEvent[]): GatewayError | undefined {
  for (const chunk of Array.isArray(chunks) ? chunks : [chunks]) {
    const failure = decodeChunk(answer, chunk, out)
    if (failure) return failure
  }
  return undefined
}

function decodeChunk(answer: Answer, chunk: unknown, out: ChatEvent[]): GatewayError | undefined {
  if (!isRecord(chunk)) return unusable()
  if (chunk['error']) return decodeGeminiInlineError(chunk)
  startAnswer(answer, chunk, out)
  // Before the text: who leaves at a piece of text has been billed for it.
  reportUsage(answer, chunk['usageMetadata'], out)
  Object.assign(answer.members, unreadValues(chunk, readMembers))
  const candidates = Array.isArray(chunk['candidates']) ? chunk['candidates'].filter(isRecord) : []
  for (const raw of candidates) decodeCandidate(candidateOf(answer, raw), raw, out)
  return candidates.length === 0 ? blockOf(chunk['promptFeedback']) : undefined
}

const readMembers: ReadonlySet<string> = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
])

function startAnswer(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  if (answer.started) return
  answer.started = true
  const id = text(chunk['responseId'])
  const model = text(chunk['modelVersion'])
  out.push({
    type: 'response-start',
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
  })
}

/** Every chunk reports everything so far. */
function reportUsage(answer: Answer, raw: unknown, out: ChatEvent[]): void {
  const usage = decodeUsage(raw)
  const seen = JSON.stringify(raw)
  if (!usage || seen === answer.usage) return
  answer.usage = seen
  out.push({ type: 'usage', usage })
}

/** Protobuf leaves out the index of the first. */
function candidateOf(answer: Answer, raw: Record<string, unknown>): CandidateState {
  const index = typeof raw['index'] === 'number' ? raw['index'] : 0
  let state = answer.candidates.get(index)
  if (!state) answer.candidates.set(index, (state = newCandidate(index)))
  return state
}

/** A prompt that the filter did not let through has no candidates, and the reason in their place. */
function blockOf(feedback: unknown): GatewayError | undefined {
  const reason = isRecord(feedback) ? text(feedback['blockReason']) : undefined
  if (reason === undefined) return undefined
  return new GatewayError({
    code: 'CONTENT_FILTERED',
    message: `The provider's content filter refused the prompt (${reason}). Change the prompt.`,
  })
}

function finishAnswer(answer: Answer, out: ChatEvent[]): GatewayError | undefined {
  const states = [...answer.candidates.values()]
  const failures = states.map(callFailure)
  if (failures.every((failure) => failure !== undefined)) return failures[0]
  if (Object.keys(answer.members).length > 0) {
    out.push({ type: 'extra', dialect: gemini, members: answer.members })
  }
  for (const state of states) finishCandidate(state, out)
  return undefined
}
