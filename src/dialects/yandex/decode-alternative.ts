import type { ChatEvent, FinishReason } from '../../protocol/event.ts'
import { newId } from '../../lib/id.ts'
import { isRecord, text } from '../narrow.ts'

/** What must be remembered of one alternative between two lines. */
export interface AlternativeState {
  choice: number
  /** The text that the client has. */
  sent: string
  /** The calls as last seen; they go out when the alternative is complete. */
  calls: unknown[]
  finished: boolean
}

export function newAlternative(choice: number): AlternativeState {
  return { choice, sent: '', calls: [], finished: false }
}

/** An alternative of a line: everything so far, of which only what is new becomes events. */
export function decodeAlternative(
  state: AlternativeState,
  raw: Record<string, unknown>,
  out: ChatEvent[],
): void {
  if (state.finished) return
  const message = isRecord(raw['message']) ? raw['message'] : {}
  const written = typeof message['text'] === 'string' ? message['text'] : undefined
  const list = message['toolCallList']
  if (isRecord(list) && Array.isArray(list['toolCalls'])) state.calls = list['toolCalls']
  const replaced = written !== undefined && isReplaced(state, written)
  if (written !== undefined && !replaced) pushText(state, written, out)
  const status = text(raw['status'])
  if (status === undefined || unfinished.has(status)) return
  finish(state, { status, written, replaced }, out)
}

const unfinished: ReadonlySet<string> = new Set([
  'ALTERNATIVE_STATUS_UNSPECIFIED',
  'ALTERNATIVE_STATUS_PARTIAL',
])

/** The content filter puts a refusal in the place of what was sent; white space at the end is no matter. */
function isReplaced({ sent }: AlternativeState, written: string): boolean {
  if (written === '' || written.startsWith(sent)) return false
  return written.trimEnd() !== sent.trimEnd()
}

function pushText(state: AlternativeState, written: string, out: ChatEvent[]): void {
  const delta = written.slice(state.sent.length)
  if (delta === '') return
  state.sent = written
  out.push({ type: 'text-delta', choice: state.choice, text: delta })
}

interface Ending {
  status: string
  written: string | undefined
  /** Whether `written` contradicts what was sent. */
  replaced: boolean
}

function finish(
  state: AlternativeState,
  { status, written, replaced }: Ending,
  out: ChatEvent[],
): void {
  const { choice, calls } = state
  state.finished = true
  // Never spliced to the text: the words of the filter have a place of their own.
  if (replaced) out.push({ type: 'refusal-delta', choice, text: written ?? '' })
  else if (written === '' && state.sent === '' && calls.length === 0) {
    out.push({ type: 'text-delta', choice, text: '' })
  }
  for (const [index, call] of calls.entries()) pushCall(call, { choice, index }, out)
  const unified = replaced ? 'content_filter' : unifiedReason(status, calls.length > 0)
  out.push({ type: 'finish', choice, reason: { unified, raw: status } })
}

/** The wire has no ids: a call gets one of ours, and its result finds back by the conversation. */
function pushCall(raw: unknown, place: { choice: number; index: number }, out: ChatEvent[]): void {
  const call = isRecord(raw) && isRecord(raw['functionCall']) ? raw['functionCall'] : {}
  const name = text(call['name']) ?? ''
  const argumentsDelta = JSON.stringify(call['arguments'] ?? {})
  out.push({ type: 'tool-call-start', ...place, id: newId('call'), kind: 'function', name })
  out.push({ type: 'tool-call-delta', ...place, argumentsDelta })
  out.push({ type: 'tool-call-end', ...place })
}

function unifiedReason(status: string, called: boolean): FinishReason['unified'] {
  const reason = reasons.get(status) ?? 'other'
  return called && (reason === 'stop' || reason === 'other') ? 'tool_calls' : reason
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['ALTERNATIVE_STATUS_FINAL', 'stop'],
  ['ALTERNATIVE_STATUS_TRUNCATED_FINAL', 'length'],
  ['ALTERNATIVE_STATUS_CONTENT_FILTER', 'content_filter'],
  ['ALTERNATIVE_STATUS_TOOL_CALLS', 'tool_calls'],
])
