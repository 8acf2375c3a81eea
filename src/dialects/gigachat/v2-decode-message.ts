import type { Annotation, ChatEvent, TokenLogprob } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { type ChoiceState, pushCall, pushPieces } from './decode-choice.ts'
import { gigachatV2 } from './dialect.ts'
import { toolCallId } from './tool-call-id.ts'
import { decodeLogprobs } from './v2-logprobs.ts'

/** What must be remembered of the messages between two frames. */
export interface V2State {
  choice: ChoiceState
  /** Ids of the service's own for calls: a call that is told again is the same one. */
  callIds: Set<string>
  /** The state that an id has taken: two calls may not have the same id. */
  usedState: string | undefined
}

/** One of the messages of an answer, or what a frame adds to one; all together are one choice. */
export function decodeV2Message(state: V2State, message: Extra, out: ChatEvent[]): void {
  const told = text(message['tool_state_id']) ?? text(message['tools_state_id'])
  if (told !== undefined) state.choice.signature = { dialect: gigachatV2, value: told }
  const { content } = message
  const parts: unknown[] = Array.isArray(content) ? content : [{ text: content }]
  for (const part of parts) {
    if (!isRecord(part)) continue
    if (message['role'] === 'reasoning') pushThought(state, part, out)
    else pushPart(state, part, out)
  }
  pushExecution(message['tool_execution'], out)
}

function pushThought({ choice }: V2State, part: Extra, out: ChatEvent[]): void {
  const said = text(part['text'])
  if (said !== undefined) pushPieces(choice, [{ kind: 'reasoning', text: said }], out)
  pushExecution(part['tool_execution'], out)
}

const readMembers: ReadonlySet<string> = new Set([
  'text',
  'logprobs',
  'function_call',
  'files',
  'inline_data',
  'tool_execution',
])

function pushPart(state: V2State, part: Extra, out: ChatEvent[]): void {
  const { choice } = state
  const { text: said, function_call: call, files, inline_data: inline } = part
  if (typeof said === 'string') pushText(choice, said, decodeLogprobs(part['logprobs']), out)
  if (isRecord(inline)) pushInline(inline, out)
  if (isRecord(call)) pushV2Call(state, call, out)
  if (Array.isArray(files)) {
    choice.spoken = true
    out.push({ type: 'native-part', choice: 0, dialect: gigachatV2, part: { files } })
  }
  pushExecution(part['tool_execution'], out)
  const rest = unread(part, readMembers)
  if (rest) pushExtra({ parts: [rest] }, out)
}

/** Log probabilities are those of the whole text, which is not cut then. */
function pushText(
  choice: ChoiceState,
  said: string,
  logprobs: TokenLogprob[] | undefined,
  out: ChatEvent[],
): void {
  if (!logprobs) {
    pushPieces(choice, choice.thoughts.add(said), out)
    return
  }
  choice.spoken = true
  out.push({ type: 'text-delta', choice: 0, text: said, logprobs })
}

function pushV2Call(state: V2State, call: Extra, out: ChatEvent[]): void {
  const own = text(call['id'])
  if (own !== undefined && state.callIds.has(own)) return
  if (own !== undefined) state.callIds.add(own)
  const told = state.choice.signature?.value
  const fresh = told !== undefined && told !== state.usedState
  if (fresh) state.usedState = told
  pushCall(state.choice, { call, id: fresh ? toolCallId(told) : (own ?? toolCallId()) }, out)
}

/** Where a search found what it says; the text refers to these as `[sources=[1]]`. */
function pushInline({ sources, ...others }: Extra, out: ChatEvent[]): void {
  const annotations = Object.entries(isRecord(sources) ? sources : {}).map(annotationOf)
  if (annotations.length > 0) out.push({ type: 'annotations', choice: 0, annotations })
  const filled = Object.entries(others).filter(
    ([, list]) => !Array.isArray(list) || list.length > 0,
  )
  if (filled.length > 0) pushExtra({ inline_data: Object.fromEntries(filled) }, out)
}

function annotationOf([number, source]: [string, unknown]): Annotation {
  const { url, title }: Extra = isRecord(source) ? source : {}
  return {
    dialect: gigachatV2,
    raw: { [number]: source },
    ...(typeof url === 'string' && { url }),
    ...(typeof title === 'string' && { title }),
  }
}

/** What came of a tool of the service; until it has ended it only tells that it runs. */
export function pushExecution(execution: unknown, out: ChatEvent[]): void {
  if (!isRecord(execution) || text(execution['status']) === undefined) return
  pushExtra({ tool_executions: [execution] }, out)
}

function pushExtra(members: Extra, out: ChatEvent[]): void {
  out.push({ type: 'extra', dialect: gigachatV2, choice: 0, place: 'message', members })
}
