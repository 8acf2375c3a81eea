import { GatewayError } from '../../errors.ts'
import type { ChatEvent, FinishReason } from '../../protocol/event.ts'
import type { Signature } from '../../protocol/request.ts'
import { isRecord, text } from '../narrow.ts'
import { decodeName } from './function-name.ts'
import { type Piece, splitThoughts, type ThoughtSplitter } from './split-thoughts.ts'
import { toolCallId } from './tool-call-id.ts'

/** What must be remembered of one choice between two frames. */
export interface ChoiceState {
  index: number
  thoughts: ThoughtSplitter
  calls: number
  /** Whether there was any text. */
  spoken: boolean
  /** What goes back with the text, where nothing was called. */
  signature?: Signature
  finished: boolean
}

export function newChoice(index: number): ChoiceState {
  return { index, thoughts: splitThoughts(), calls: 0, spoken: false, finished: false }
}

/** A message, or what a frame adds to one. */
export function decodeMessage(
  state: ChoiceState,
  message: Record<string, unknown>,
  out: ChatEvent[],
): void {
  // While a function of the service runs, the content is the time that it still takes.
  if (message['role'] === 'function_in_progress') return
  const { content, reasoning_content: reasoning, function_call: call } = message
  if (typeof reasoning === 'string') {
    pushPieces(state, [{ kind: 'reasoning', text: reasoning }], out)
  }
  if (typeof content === 'string') pushPieces(state, state.thoughts.add(content), out)
  if (isRecord(call)) {
    pushCall(state, { call, id: toolCallId(text(message['functions_state_id'])) }, out)
  }
}

/** Says once why the choice ended; a call that could not be written to the end is a failure. */
export function finishChoice(
  state: ChoiceState,
  raw: string | undefined,
  out: ChatEvent[],
): GatewayError | undefined {
  if (state.finished) return undefined
  state.finished = true
  pushPieces(state, state.thoughts.end(), out)
  if (raw === 'error' || raw === 'function_call_error') return badCall()
  // An empty text is an answer too.
  if (!state.spoken && state.calls === 0) {
    out.push({ type: 'text-delta', choice: state.index, text: '' })
  }
  if (state.signature && state.calls === 0) {
    out.push({ type: 'text-delta', choice: state.index, text: '', signature: state.signature })
  }
  const called = state.calls > 0 && (raw === undefined || raw === 'stop')
  const unified = called ? 'tool_calls' : (raw !== undefined && reasons.get(raw)) || 'other'
  const reason: FinishReason = raw === undefined ? { unified } : { unified, raw }
  out.push({ type: 'finish', choice: state.index, reason })
  return undefined
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['function_call', 'tool_calls'],
  ...[
    'blacklist',
    'request_blacklist',
    'request_whitelist',
    'request_filter',
    'response_blacklist',
  ].map((word) => [word, 'content_filter'] as const),
])

/** Text and thoughts, as they were told apart. */
export function pushPieces(state: ChoiceState, pieces: readonly Piece[], out: ChatEvent[]): void {
  for (const { kind, text: said } of pieces) {
    if (said === '') continue
    if (kind === 'text') state.spoken = true
    out.push({ type: `${kind}-delta`, choice: state.index, text: said })
  }
}

/** A call comes whole, with its arguments as an object, and each is a call of its own. */
export function pushCall(
  choice: ChoiceState,
  { call, id }: { call: Record<string, unknown>; id: string },
  out: ChatEvent[],
): void {
  const name = text(call['name'])
  if (name === undefined) return
  const place = { choice: choice.index, index: choice.calls }
  choice.calls += 1
  const { arguments: written } = call
  const argumentsDelta = typeof written === 'string' ? written : JSON.stringify(written ?? {})
  out.push({ type: 'tool-call-start', ...place, id, kind: 'function', name: decodeName(name) })
  out.push({ type: 'tool-call-delta', ...place, argumentsDelta })
  out.push({ type: 'tool-call-end', ...place })
}

function badCall(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: 'The model tried to call a function with arguments that are not valid. Try again.',
  })
}
