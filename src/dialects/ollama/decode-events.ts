import type { ChatEvent, FinishReason } from '../../protocol/event.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { decodeLogprobs } from '../openai-chat/logprobs.ts'
import { decodeCalls } from './decode-calls.ts'
import { decodeOllamaInlineError } from './decode-error.ts'
import { ollama } from './dialect.ts'
import { decodeUsage, usageMembers } from './usage.ts'

/** Events from the lines of a stream; one that ends without a line that says so was cut. */
export async function* decodeOllamaEvents(lines: AsyncIterable<string>): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  for await (const line of lines) {
    yield* decodeLine(answer, parseFrame(line))
    if (answer.done) return
  }
  throw truncated()
}

/** The events that the same answer would have been as a stream: a whole answer is one line. */
export function decodeOllamaBody(body: unknown): ChatEvent[] {
  const answer = newAnswer()
  const events = decodeLine(answer, body)
  if (!answer.done) throw unusable()
  return events
}

/** What must be remembered of an answer between two lines. */
interface Answer {
  started: boolean
  /** Whether anything was said or called. */
  any: boolean
  calls: number
  /** Members that nobody reads, of the answer and of its message, the last of each. */
  members: Record<string, unknown>
  ofMessage: Record<string, unknown>
  done: boolean
}

function newAnswer(): Answer {
  return { started: false, any: false, calls: 0, members: {}, ofMessage: {}, done: false }
}

const choice = 0

function decodeLine(answer: Answer, line: unknown): ChatEvent[] {
  if (!isRecord(line)) throw unusable()
  if (line['error'] !== undefined) throw decodeOllamaInlineError(line)
  const { message } = line
  if (!isRecord(message)) throw unusable()
  const events = [...started(answer, line), ...spoken(answer, message, line)]
  Object.assign(answer.members, unreadValues(line, readMembers))
  Object.assign(answer.ofMessage, unreadValues(message, readOfMessage))
  return line['done'] === true ? [...events, ...ended(answer, line)] : events
}

const readMembers: ReadonlySet<string> = new Set([
  ...['model', 'created_at', 'message', 'logprobs', 'done', 'done_reason'],
  ...usageMembers,
])
const readOfMessage: ReadonlySet<string> = new Set(['role', 'content', 'thinking', 'tool_calls'])

function started(answer: Answer, line: Record<string, unknown>): ChatEvent[] {
  if (answer.started) return []
  answer.started = true
  return [{ type: 'response-start', model: text(line['model']) }]
}

/** What a line adds: thinking comes before text, and calls are whole. */
function spoken(
  answer: Answer,
  message: Record<string, unknown>,
  line: Record<string, unknown>,
): ChatEvent[] {
  const events: ChatEvent[] = []
  const thinking = text(message['thinking'])
  const content = text(message['content'])
  const logprobs = decodeLogprobs(line['logprobs'])
  if (thinking !== undefined) events.push({ type: 'reasoning-delta', choice, text: thinking })
  if (content !== undefined || logprobs) {
    events.push({ type: 'text-delta', choice, text: content ?? '', ...(logprobs && { logprobs }) })
  }
  const calls = decodeCalls(message['tool_calls'], { choice, before: answer.calls })
  answer.calls += calls.filter(({ type }) => type === 'tool-call-start').length
  events.push(...calls)
  answer.any ||= content !== undefined || calls.length > 0
  return events
}

function ended(answer: Answer, line: Record<string, unknown>): ChatEvent[] {
  answer.done = true
  const { any, calls, members, ofMessage } = answer
  const usage = decodeUsage(line)
  const events: ChatEvent[] = any ? [] : [{ type: 'text-delta', choice, text: '' }]
  if (usage) events.push({ type: 'usage', usage })
  if (Object.keys(members).length > 0) events.push({ type: 'extra', dialect: ollama, members })
  if (Object.keys(ofMessage).length > 0) {
    events.push({ type: 'extra', dialect: ollama, choice, place: 'message', members: ofMessage })
  }
  const reason = finishReason(line['done_reason'], { called: calls > 0 })
  return [...events, { type: 'finish', choice, reason }]
}

/** Calls end with the same word as a text, and old servers say none; loading a model is no answer, but whole. */
function finishReason(raw: unknown, { called }: { called: boolean }): FinishReason {
  const word = text(raw)
  const known = word === undefined ? 'stop' : (reasons.get(word) ?? 'other')
  const unified = called && known === 'stop' ? 'tool_calls' : raw === '' ? 'other' : known
  return word === undefined ? { unified } : { unified, raw: word }
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['stop', 'stop'],
  ['load', 'stop'],
  ['unload', 'stop'],
  ['length', 'length'],
])
