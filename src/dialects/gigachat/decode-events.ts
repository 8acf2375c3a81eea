import type { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { type ChoiceState, decodeMessage, finishChoice, newChoice } from './decode-choice.ts'
import { decodeInlineError } from './decode-error.ts'
import { decodeUsage } from './usage.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'

/** Events from the data of the frames of a stream, whose pieces are deltas. */
export async function* decodeGigachatEvents(
  data: AsyncIterable<string>,
): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  let done = false
  for await (const frame of data) {
    done = frame.trim() === '[DONE]'
    if (done) break
    const out: ChatEvent[] = []
    const failure = decodeAnswer(answer, parseFrame(frame), out)
    yield* out
    if (failure) throw failure
  }
  const states = [...answer.choices.values()]
  if (states.length === 0 || !(done || states.every((state) => state.finished))) throw truncated()
  const rest: ChatEvent[] = []
  for (const state of states) finishChoice(state, undefined, rest)
  yield* rest
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeGigachatBody(body: unknown): ChatEvent[] {
  const answer = newAnswer()
  const out: ChatEvent[] = []
  const failure = decodeAnswer(answer, body, out)
  if (failure) throw failure
  if (answer.choices.size === 0) throw unusable()
  for (const state of answer.choices.values()) finishChoice(state, undefined, out)
  return out
}

/** What must be remembered of an answer between two frames. */
interface Answer {
  started: boolean
  choices: Map<number, ChoiceState>
  /** The last usage object as text, to see whether it changed. */
  usage: string | undefined
}

function newAnswer(): Answer {
  return { started: false, choices: new Map(), usage: undefined }
}

/** Adds the events of a frame, or of a body, to `out`; a failure is returned, so that what came with it is not lost. */
function decodeAnswer(answer: Answer, chunk: unknown, out: ChatEvent[]): GatewayError | undefined {
  if (!isRecord(chunk)) return unusable()
  const { choices } = chunk
  if (!Array.isArray(choices)) return decodeInlineError(chunk)
  if (!answer.started) startAnswer(answer, chunk, out)
  let failure: GatewayError | undefined
  for (const raw of choices) {
    if (isRecord(raw)) failure ??= decodeChoice(choiceOf(answer, raw), raw, out)
  }
  pushUsage(answer, chunk['usage'], out)
  return failure
}

function startAnswer(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  answer.started = true
  const model = text(chunk['model'])
  out.push({ type: 'response-start', ...(model !== undefined && { model }) })
}

function choiceOf(answer: Answer, raw: Record<string, unknown>): ChoiceState {
  const index = typeof raw['index'] === 'number' ? raw['index'] : 0
  let state = answer.choices.get(index)
  if (!state) answer.choices.set(index, (state = newChoice(index)))
  return state
}

function decodeChoice(
  state: ChoiceState,
  raw: Record<string, unknown>,
  out: ChatEvent[],
): GatewayError | undefined {
  const { delta, message } = raw
  if (isRecord(delta)) decodeMessage(state, delta, out)
  else if (isRecord(message)) decodeMessage(state, message, out)
  const reason = text(raw['finish_reason'])
  return reason === undefined ? undefined : finishChoice(state, reason, out)
}

function pushUsage(answer: Answer, raw: unknown, out: ChatEvent[]): void {
  const usage = decodeUsage(raw)
  const seen = JSON.stringify(raw)
  if (!usage || seen === answer.usage) return
  answer.usage = seen
  out.push({ type: 'usage', usage })
}
