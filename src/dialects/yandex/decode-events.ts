import type { ChatEvent } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { type AlternativeState, decodeAlternative, newAlternative } from './decode-alternative.ts'
import { decodeYandexInlineError } from './decode-error.ts'
import { decodeUsage } from './usage.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'

/** Events from the lines of a stream, each of which holds the whole answer so far. */
export async function* decodeYandexEvents(lines: AsyncIterable<string>): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  const out: ChatEvent[] = []
  for await (const line of lines) {
    decodeAnswer(answer, parseFrame(line), out)
    for (const event of out) yield event
    out.length = 0
    if (isComplete(answer)) return
  }
  throw truncated()
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeYandexBody(body: unknown): ChatEvent[] {
  const answer = newAnswer()
  const out: ChatEvent[] = []
  decodeAnswer(answer, body, out)
  if (!isComplete(answer)) throw truncated()
  return out
}

/** What must be remembered of an answer between two lines. */
interface Answer {
  started: boolean
  alternatives: AlternativeState[]
  /** The last usage object as text, to see whether it changed. */
  usage: string | undefined
}

function newAnswer(): Answer {
  return { started: false, alternatives: [], usage: undefined }
}

function isComplete({ alternatives }: Answer): boolean {
  return alternatives.length > 0 && alternatives.every((state) => state.finished)
}

/** The answer stands in a member `result`, but in that of an asynchronous operation. */
function decodeAnswer(answer: Answer, message: unknown, out: ChatEvent[]): void {
  if (!isRecord(message)) throw unusable()
  if (message['error']) throw decodeYandexInlineError(message)
  const result = isRecord(message['result']) ? message['result'] : message
  const { alternatives, usage } = result
  if (!Array.isArray(alternatives)) throw unusable()
  startAnswer(answer, result, out)
  // Before the text: who leaves at a piece of text has been billed for it.
  if (isRecord(usage)) reportUsage(answer, usage, out)
  for (const [index, raw] of alternatives.entries()) {
    const state = (answer.alternatives[index] ??= newAlternative(index))
    if (isRecord(raw)) decodeAlternative(state, raw, out)
  }
}

/** The wire has no id of an answer; of the model it tells the build. */
function startAnswer(answer: Answer, result: Record<string, unknown>, out: ChatEvent[]): void {
  if (answer.started) return
  answer.started = true
  const model = text(result['modelVersion'])
  out.push({ type: 'response-start', ...(model !== undefined && { model }) })
}

function reportUsage(answer: Answer, raw: Record<string, unknown>, out: ChatEvent[]): void {
  const seen = JSON.stringify(raw)
  if (seen === answer.usage) return
  answer.usage = seen
  const usage = decodeUsage(raw)
  if (usage) out.push({ type: 'usage', usage })
}
