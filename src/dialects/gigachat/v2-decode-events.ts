import type { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { finishChoice, newChoice } from './decode-choice.ts'
import { decodeInlineError } from './decode-error.ts'
import { gigachatV2 } from './dialect.ts'
import { decodeV2Usage } from './usage.ts'
import { decodeV2Message, pushExecution, type V2State } from './v2-decode-message.ts'

/**
 * Events from the data of the frames of a stream. The frames have names, which say nothing that the
 * data does not: the one with a reason to finish is the last, and there is no `[DONE]`.
 */
export async function* decodeGigachatV2Events(
  data: AsyncIterable<string>,
): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  for await (const frame of data) {
    const out: ChatEvent[] = []
    const failure = decodeAnswer(answer, parseFrame(frame), out)
    yield* out
    if (failure) throw failure
    if (answer.choice.finished) return
  }
  throw truncated()
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeGigachatV2Body(body: unknown): ChatEvent[] {
  if (!isRecord(body)) throw unusable()
  const answer = newAnswer()
  const out: ChatEvent[] = []
  const failure = decodeAnswer(answer, body, out)
  if (failure) throw failure
  if (!Array.isArray(body['messages'])) throw unusable()
  finishChoice(answer.choice, undefined, out)
  return out
}

interface Answer extends V2State {
  started: boolean
}

function newAnswer(): Answer {
  return { started: false, choice: newChoice(0), callIds: new Set(), usedState: undefined }
}

const readMembers: ReadonlySet<string> = new Set([
  'model',
  'created_at',
  'messages',
  'finish_reason',
  'usage',
  'tool_execution',
])

/** Adds the events of a frame, or of a body, to `out`; a failure is returned, so that what came with it is not lost. */
function decodeAnswer(answer: Answer, chunk: unknown, out: ChatEvent[]): GatewayError | undefined {
  if (!isRecord(chunk)) return unusable()
  if (isFailure(chunk)) return decodeInlineError(chunk)
  if (!answer.started) startAnswer(answer, chunk, out)
  const { messages } = chunk
  for (const message of Array.isArray(messages) ? messages : []) {
    if (isRecord(message)) decodeV2Message(answer, message, out)
  }
  pushExecution(chunk['tool_execution'], out)
  const members = unread(chunk, readMembers)
  if (members) out.push({ type: 'extra', dialect: gigachatV2, members })
  const usage = decodeV2Usage(chunk['usage'])
  if (usage) out.push({ type: 'usage', usage })
  const reason = text(chunk['finish_reason'])
  return reason === undefined ? undefined : finishChoice(answer.choice, reason, out)
}

/** How a failure amid a stream looks is not documented; the bodies of errors have these members. */
function isFailure(chunk: Record<string, unknown>): boolean {
  if ('messages' in chunk || 'finish_reason' in chunk) return false
  return typeof chunk['status'] === 'number' || 'error' in chunk || 'message' in chunk
}

function startAnswer(answer: Answer, chunk: Record<string, unknown>, out: ChatEvent[]): void {
  answer.started = true
  const model = text(chunk['model'])
  out.push({ type: 'response-start', ...(model !== undefined && { model }) })
}
