import type { FinishReason } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'

/** Why an answer ended, in our words, with the wire's beside them. */
export function decodeStopReason(raw: string, stopSequence: unknown): FinishReason {
  const unified = reasons.get(raw) ?? 'other'
  return { unified, raw, ...(typeof stopSequence === 'string' && { stopSequence }) }
}

/** This wire's word for the end of an answer, whatever its provider called it. */
export function encodeStopReason({ unified, raw, stopSequence }: FinishReason): string {
  if (raw !== undefined && reasons.has(raw)) return raw
  switch (unified) {
    case 'length':
      return 'max_tokens'
    case 'tool_calls':
      return 'tool_use'
    case 'content_filter':
    case 'refusal':
      return 'refusal'
    case 'stop':
      return stopSequence === undefined ? 'end_turn' : 'stop_sequence'
    case 'cancelled':
    case 'error':
    case 'other':
      return 'end_turn'
    default:
      return unified satisfies never
  }
}

/** Other dialects end a refusal like any answer; this one has a word for it. */
export function refused(reason: FinishReason): FinishReason {
  return reason.unified === 'stop' ? { unified: 'refusal' } : reason
}

/** The members of a message that tell of a refusal; undefined where nothing was refused. */
export function refusalDetails(explanation: string): Extra | undefined {
  return explanation === ''
    ? undefined
    : { stop_details: { type: 'refusal', category: null, explanation } }
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])
