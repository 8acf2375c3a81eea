import type { ChatEvent, PartStart } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { decodeLogprobs } from '../openai-chat/logprobs.ts'
import { decodeAnnotation } from './annotation.ts'
import {
  type AnswerState,
  isCall,
  itemAt,
  type ItemState,
  missing,
  partAt,
} from './answer-state.ts'
import { openaiResponses } from './dialect.ts'

/** An item that is complete: what of it did not come in pieces comes now, and what closes it. */
export function finishItem(
  answer: AnswerState,
  index: number,
  { item, out }: { item: Extra; out: ChatEvent[] },
): void {
  const state = itemAt(answer, index, { item, out })
  if (state.done) return
  state.done = true
  if (isCall(state.type)) return finishCall(state, item, out)
  switch (state.type) {
    case 'message':
      return listOf(item['content']).forEach((part, at) => finishContent(state, { at, part, out }))
    case 'reasoning':
      return finishReasoning(state, item, out)
    default:
      out.push({ type: 'native-part', choice: 0, dialect: openaiResponses, part: item })
  }
}

/** The part of a message that stands at a place of its content. */
export function contentAt(
  state: ItemState,
  { at, part, out }: { at: number; part: Extra; out: ChatEvent[] },
) {
  const kind: PartStart['kind'] = part['type'] === 'refusal' ? 'refusal' : 'text'
  const members = unreadValues(part, readMembers) ?? {}
  return partAt(state, `content ${at}`, { kind, members, out })
}

/** The part of reasoning that stands at a place of its summary or content. */
export function thoughtAt(
  state: ItemState,
  { place, at, out }: { place: 'summary' | 'content'; at: number; out: ChatEvent[] },
) {
  return partAt(state, `${place} ${at}`, { kind: 'reasoning', members: { place }, out })
}

const readMembers: ReadonlySet<string> = new Set([
  'type',
  'text',
  'refusal',
  'annotations',
  'logprobs',
])

export function finishContent(
  state: ItemState,
  { at, part, out }: { at: number; part: Extra; out: ChatEvent[] },
): void {
  const known = contentAt(state, { at, part, out })
  const { type, annotations } = part
  if (type === 'refusal') {
    const rest = missing(part['refusal'], known.written)
    if (rest !== '') out.push({ type: 'refusal-delta', choice: 0, text: rest })
    known.written += rest
  } else {
    const rest = missing(part['text'], known.written)
    const logprobs = known.logprobs ? undefined : decodeLogprobs(part['logprobs'])
    if (rest !== '' || logprobs) {
      out.push({ type: 'text-delta', choice: 0, text: rest, ...(logprobs && { logprobs }) })
    }
    known.written += rest
    known.logprobs ||= logprobs !== undefined
  }
  const fresh = Array.isArray(annotations) ? annotations.slice(known.annotations) : []
  known.annotations += fresh.length
  if (fresh.length > 0) {
    out.push({ type: 'annotations', choice: 0, annotations: fresh.map(decodeAnnotation) })
  }
}

/** What is sealed comes with the last part; an item without parts is a part without words. */
function finishReasoning(state: ItemState, item: Extra, out: ChatEvent[]): void {
  for (const place of ['summary', 'content'] as const) {
    for (const [at, part] of listOf(item[place]).entries()) {
      const known = thoughtAt(state, { place, at, out })
      const rest = missing(part['text'], known.written)
      if (rest !== '') out.push({ type: 'reasoning-delta', choice: 0, text: rest })
      known.written += rest
    }
  }
  if (state.parts.size === 0) partAt(state, 'empty', { kind: 'reasoning', members: {}, out })
  const value = text(item['encrypted_content'])
  if (value === undefined) return
  const sealed = { dialect: openaiResponses, value }
  out.push({ type: 'reasoning-delta', choice: 0, text: '', sealed })
}

function finishCall(state: ItemState, item: Extra, out: ChatEvent[]): void {
  const index = state.call ?? 0
  const whole = item[state.type === 'custom_tool_call' ? 'input' : 'arguments']
  const rest = missing(whole, state.written)
  if (rest !== '') out.push({ type: 'tool-call-delta', choice: 0, index, argumentsDelta: rest })
  out.push({ type: 'tool-call-end', choice: 0, index })
}

function listOf(value: unknown): Extra[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
