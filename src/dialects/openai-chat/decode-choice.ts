import type { ChatEvent, FinishReason, TokenLogprob } from '../../protocol/event.ts'
import { decodeAnnotation } from './annotation.ts'
import { openaiChat } from './dialect.ts'
import { decodeLogprobs } from './logprobs.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import {
  addFunctionCall,
  addToolCall,
  endToolCalls,
  noToolCalls,
  type ToolCalls,
} from './tool-calls.ts'

/** What must be remembered of one choice between two chunks. */
export interface ChoiceState {
  index: number
  calls: ToolCalls
  finished: boolean
}

export function newChoice(index: number): ChoiceState {
  return { index, calls: noToolCalls(index), finished: false }
}

/** A choice of a chunk: its delta, and what stands beside it. */
export function decodeChunkChoice(
  state: ChoiceState,
  raw: Record<string, unknown>,
  out: ChatEvent[],
): void {
  // A cumulative `message` beside the delta repeats what came; alone it is the whole answer at once.
  const delta = isRecord(raw['delta']) ? raw['delta'] : raw['message']
  decodeExtras(state, raw, delta, out)
  if (isRecord(delta)) {
    decodeReasoning(state, delta, out)
    decodeContent(state, { raw, delta, out })
    const { tool_calls: calls } = delta
    if (Array.isArray(calls)) {
      for (const item of calls) addToolCall(state.calls, item, { wireIndex: wireIndex(item), out })
    }
    decodeRest(state, delta, out)
  } else {
    decodeContent(state, { raw, delta: {}, out })
  }
  const reason = text(raw['finish_reason'])
  if (reason !== undefined) finishChoice(state, reason, out)
}

/** A choice of a whole answer. Calls are told apart by position: ids may repeat. */
export function decodeWholeChoice(
  state: ChoiceState,
  raw: Record<string, unknown>,
  out: ChatEvent[],
): void {
  const message = isRecord(raw['message']) ? raw['message'] : {}
  decodeExtras(state, raw, message, out)
  decodeReasoning(state, message, out)
  // An empty text is an answer too; in a stream only the opening of one.
  if (message['content'] === '') out.push({ type: 'text-delta', choice: state.index, text: '' })
  decodeContent(state, { raw, delta: message, out })
  const { tool_calls: calls } = message
  if (Array.isArray(calls)) {
    calls.forEach((item, position) => {
      addToolCall(state.calls, item, { wireIndex: position, out })
    })
  }
  decodeRest(state, message, out)
  finishChoice(state, text(raw['finish_reason']), out)
}

/** Says once why the choice ended; repetitions are dropped. */
export function finishChoice(state: ChoiceState, raw: string | undefined, out: ChatEvent[]): void {
  if (state.finished) return
  state.finished = true
  const unified = unifiedReason(raw, state.calls.all.length > 0)
  endToolCalls(state.calls, unified, out)
  const reason: FinishReason = raw === undefined ? { unified } : { unified, raw }
  out.push({ type: 'finish', choice: state.index, reason })
}

/** A forced call ends with `stop` on some models: the calls themselves say more than the word. */
function unifiedReason(raw: string | undefined, called: boolean): FinishReason['unified'] {
  if (called && (raw === undefined || raw === 'stop')) return 'tool_calls'
  return (raw !== undefined && reasons.get(raw)) || 'other'
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
])

const choiceMembers: ReadonlySet<string> = new Set([
  'index',
  'delta',
  'message',
  'finish_reason',
  'logprobs',
])
const messageMembers: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'tool_calls',
  'function_call',
  'annotations',
  'audio',
])

/** Extras come first, so that a door can put them into the same chunk as what they came with. */
function decodeExtras(
  state: ChoiceState,
  raw: Record<string, unknown>,
  delta: unknown,
  out: ChatEvent[],
): void {
  const beside = unreadValues(raw, choiceMembers)
  if (beside) pushExtra(state, 'choice', beside, out)
  const inside = isRecord(delta) ? unreadValues(delta, messageMembers) : undefined
  if (inside) pushExtra(state, 'message', inside, out)
}

function pushExtra(
  state: ChoiceState,
  place: 'choice' | 'message',
  members: Record<string, unknown>,
  out: ChatEvent[],
): void {
  out.push({ type: 'extra', dialect: openaiChat, choice: state.index, place, members })
}

/** Two spellings are in use; servers that send both say the same in both. */
function decodeReasoning(
  state: ChoiceState,
  delta: Record<string, unknown>,
  out: ChatEvent[],
): void {
  const { reasoning_content: first, reasoning: second } = delta
  if (text(first) !== undefined) pushReasoning(state, first, out)
  if (second !== first) pushReasoning(state, second, out)
}

function pushReasoning(state: ChoiceState, thought: unknown, out: ChatEvent[]): void {
  if (typeof thought === 'string') {
    if (thought !== '') out.push({ type: 'reasoning-delta', choice: state.index, text: thought })
  } else if (thought !== null && thought !== undefined) {
    pushExtra(state, 'message', { reasoning: thought }, out)
  }
}

interface ContentPiece {
  raw: Record<string, unknown>
  delta: Record<string, unknown>
  out: ChatEvent[]
}

function decodeContent(state: ChoiceState, { raw, delta, out }: ContentPiece): void {
  const { logprobs } = raw
  const tokens = isRecord(logprobs) ? logprobs : undefined
  const { content, refusal } = delta
  if (Array.isArray(content)) {
    for (const part of content) decodeContentPart(state, part, out)
  }
  pushText(state, 'text-delta', {
    written: typeof content === 'string' ? content : '',
    logprobs: decodeLogprobs(tokens?.['content']),
    out,
  })
  pushText(state, 'refusal-delta', {
    written: typeof refusal === 'string' ? refusal : '',
    logprobs: decodeLogprobs(tokens?.['refusal']),
    out,
  })
  if (tokens && !('content' in tokens) && !('refusal' in tokens)) {
    pushExtra(state, 'choice', { logprobs: tokens }, out)
  }
}

interface WrittenPiece {
  written: string
  logprobs: TokenLogprob[] | undefined
  out: ChatEvent[]
}

function pushText(
  state: ChoiceState,
  type: 'text-delta' | 'refusal-delta',
  { written, logprobs, out }: WrittenPiece,
): void {
  if (logprobs) out.push({ type, choice: state.index, text: written, logprobs })
  else if (written !== '') out.push({ type, choice: state.index, text: written })
}

/** Mistral's reasoning models write their content as a list of parts. */
function decodeContentPart(state: ChoiceState, part: unknown, out: ChatEvent[]): void {
  if (!isRecord(part)) return
  const { type, thinking } = part
  if (type === 'text') {
    pushText(state, 'text-delta', { written: text(part['text']) ?? '', logprobs: undefined, out })
  } else if (type === 'thinking' && Array.isArray(thinking)) {
    for (const thought of thinking) pushReasoning(state, isRecord(thought) && thought['text'], out)
  } else {
    pushExtra(state, 'message', { content_parts: [part] }, out)
  }
}

function decodeRest(state: ChoiceState, delta: Record<string, unknown>, out: ChatEvent[]): void {
  const { function_call: call, annotations, audio } = delta
  if (call !== undefined && call !== null) addFunctionCall(state.calls, call, out)
  if (Array.isArray(annotations) && annotations.length > 0) {
    out.push({
      type: 'annotations',
      choice: state.index,
      annotations: annotations.map(decodeAnnotation),
    })
  }
  if (isRecord(audio)) out.push({ type: 'audio', choice: state.index, audio })
}

function wireIndex(item: unknown): number | undefined {
  const index = isRecord(item) ? item['index'] : undefined
  return typeof index === 'number' ? index : undefined
}
