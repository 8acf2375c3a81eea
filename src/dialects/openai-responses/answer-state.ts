import type { ChatEvent, PartStart } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { openaiResponses } from './dialect.ts'

/** What must be remembered of an answer between two frames. */
export interface AnswerState {
  started: boolean
  /** Items by their place in the output: ids are not the same in all frames of some servers. */
  items: Map<number, ItemState>
  /** How many calls were opened. */
  calls: number
}

export interface ItemState {
  type: string
  /** Members that the parts of the item carry. */
  members: Extra
  /** Parts that were opened, by what they are and their place. */
  parts: Map<string, PartState>
  /** The position of a call among the calls. */
  call: number | undefined
  /** The arguments of a call, as far as they came as deltas. */
  written: string
  done: boolean
}

export interface PartState {
  /** The text, as far as it came as deltas. */
  written: string
  annotations: number
  logprobs: boolean
}

export function newAnswer(): AnswerState {
  return { started: false, items: new Map(), calls: 0 }
}

/** The item at a place of the output, opened where it was not yet. */
export function itemAt(
  answer: AnswerState,
  index: number,
  { item, out }: { item: Extra; out: ChatEvent[] },
): ItemState {
  const known = answer.items.get(index)
  if (known) return known
  const type = text(item['type']) ?? ''
  const members = unreadValues(item, readMembers.get(type) ?? new Set()) ?? {}
  const state: ItemState = {
    type,
    members,
    parts: new Map(),
    call: undefined,
    written: '',
    done: false,
  }
  answer.items.set(index, state)
  if (isCall(type)) startCall(answer, state, { item, out })
  return state
}

/** Opens a part of a message or of reasoning, once. */
export function partAt(
  item: ItemState,
  name: string,
  { kind, members, out }: { kind: PartStart['kind']; members: Extra; out: ChatEvent[] },
): PartState {
  const known = item.parts.get(name)
  if (known) return known
  const part: PartState = { written: '', annotations: 0, logprobs: false }
  item.parts.set(name, part)
  const extra = { dialect: openaiResponses, members: { item: item.members, ...members } }
  out.push({ type: 'part-start', choice: 0, kind, extra })
  return part
}

/** What a text that is complete has beyond its deltas; nothing where it says something else. */
export function missing(whole: unknown, written: string): string {
  return typeof whole === 'string' && whole.startsWith(written) ? whole.slice(written.length) : ''
}

export function isCall(type: string): boolean {
  return type === 'function_call' || type === 'custom_tool_call'
}

/** Members of items that have events of their own. */
const readMembers: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['message', new Set(['type', 'role', 'status', 'content'])],
  ['reasoning', new Set(['type', 'status', 'summary', 'content', 'encrypted_content'])],
  ['function_call', new Set(['type', 'status', 'call_id', 'name', 'arguments'])],
  ['custom_tool_call', new Set(['type', 'status', 'call_id', 'name', 'input'])],
])

function startCall(
  answer: AnswerState,
  state: ItemState,
  { item, out }: { item: Extra; out: ChatEvent[] },
): void {
  const index = answer.calls++
  state.call = index
  out.push({
    type: 'tool-call-start',
    choice: 0,
    index,
    id: text(item['call_id']) ?? text(item['id']) ?? `call_${index}`,
    kind: state.type === 'custom_tool_call' ? 'custom' : 'function',
    name: text(item['name']) ?? '',
    ...(isRecord(state.members) &&
      Object.keys(state.members).length > 0 && {
        extra: { dialect: openaiResponses, members: state.members },
      }),
  })
}
