import type { FinishReason } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'

/** Our word for the end of an answer; which stop sequence it was stands among the additional fields. */
export function finishReason(
  raw: string | undefined,
  { called, additional }: { called: boolean; additional: unknown },
): FinishReason {
  const known = (raw !== undefined && reasons.get(raw)) || 'other'
  const unified = called && known === 'stop' ? 'tool_calls' : known
  const stopSequence = isRecord(additional) ? text(additional['stop_sequence']) : undefined
  return {
    unified,
    ...(raw !== undefined && { raw }),
    ...(raw === 'stop_sequence' && stopSequence !== undefined && { stopSequence }),
  }
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['guardrail_intervened', 'content_filter'],
  ['content_filtered', 'content_filter'],
  ['malformed_model_output', 'error'],
  ['malformed_tool_use', 'error'],
])
