import type { FinishReason } from '../../protocol/event.ts'

/** OpenAI's word for the end of a choice, whatever its provider called it. */
export function encodeFinishReason(reason: FinishReason, { deprecatedCall = false } = {}): string {
  switch (reason.unified) {
    case 'tool_calls':
      return deprecatedCall ? 'function_call' : 'tool_calls'
    case 'stop':
    case 'length':
    case 'content_filter':
      return reason.unified
    case 'refusal':
      return 'stop'
    case 'cancelled':
    case 'error':
    case 'other':
      return reason.raw !== undefined && words.has(reason.raw) ? reason.raw : 'stop'
    default:
      return reason.unified satisfies never
  }
}

const words: ReadonlySet<string> = new Set([
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'function_call',
])
