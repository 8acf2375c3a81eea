import type { FinishReason } from '../../protocol/event.ts'

/** Our word for the end of a candidate; calls end with the same word as a text. */
export function finishReason(
  raw: string | undefined,
  { called }: { called: boolean },
): FinishReason {
  const known = (raw !== undefined && reasons.get(raw)) || 'other'
  const unified = called && (known === 'stop' || known === 'other') ? 'tool_calls' : known
  return raw === undefined ? { unified } : { unified, raw }
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['IMAGE_OTHER', 'content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
  ['UNEXPECTED_TOOL_CALL', 'error'],
  ['TOO_MANY_TOOL_CALLS', 'error'],
])
