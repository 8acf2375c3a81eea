import type { GatewayError } from '../../errors.ts'
import type { ChatEvent, FinishReason } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { unusable } from '../broken-answer.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { decodeInlineError } from '../openai-chat/decode-error.ts'
import type { AnswerState } from './answer-state.ts'
import { finishItem } from './decode-item.ts'
import { openaiResponses } from './dialect.ts'
import { decodeUsage } from './usage.ts'

/** A whole response object; a failure is returned, so that what came with it is not lost. */
export function decodeResponse(
  answer: AnswerState,
  response: Extra,
  out: ChatEvent[],
): GatewayError | undefined {
  if (!Array.isArray(response['output'])) {
    return isRecord(response['error']) ? decodeInlineError(response) : unusable()
  }
  startAnswer(answer, response, out)
  return finishResponse(answer, response, out)
}

export function startAnswer(answer: AnswerState, response: Extra, out: ChatEvent[]): void {
  if (answer.started) return
  answer.started = true
  const id = text(response['id'])
  const model = text(response['model'])
  out.push({
    type: 'response-start',
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
  })
}

/** The end of an answer: items that were not streamed, its own members, usage and the reason. */
export function finishResponse(
  answer: AnswerState,
  response: Extra,
  out: ChatEvent[],
): GatewayError | undefined {
  startAnswer(answer, response, out)
  const { output, status } = response
  const items: unknown[] = Array.isArray(output) ? output : []
  for (const [index, item] of items.entries()) {
    if (isRecord(item) && !isKnown(answer, index, item)) finishItem(answer, index, { item, out })
  }
  const members = unreadValues(response, readMembers)
  if (members) out.push({ type: 'extra', dialect: openaiResponses, members })
  const usage = decodeUsage(response['usage'])
  if (usage) out.push({ type: 'usage', usage })
  if (isRecord(response['error'])) return decodeInlineError(response)
  if (status === 'failed' || status === 'cancelled')
    return decodeInlineError({ error: { message: `the response was ${status}` } })
  out.push({ type: 'finish', choice: 0, reason: finishReason(answer, response) })
  return undefined
}

/** Whether an item was streamed at another place than the one at which the whole answer has it. */
function isKnown({ items }: AnswerState, index: number, { id }: Extra): boolean {
  if (items.has(index) || id === undefined) return false
  return [...items.values()].some(({ done, members }) => done && members['id'] === id)
}

function finishReason({ calls }: AnswerState, response: Extra): FinishReason {
  const details = response['incomplete_details']
  const reason = isRecord(details) ? text(details['reason']) : undefined
  if (reason !== undefined) return { unified: reasons.get(reason) ?? 'other', raw: reason }
  const raw = text(response['status'])
  if (raw === 'incomplete') return { unified: 'other', raw }
  return { unified: calls > 0 ? 'tool_calls' : 'stop', ...(raw !== undefined && { raw }) }
}

const reasons: ReadonlyMap<string, FinishReason['unified']> = new Map([
  ['max_output_tokens', 'length'],
  ['max_tokens', 'length'],
  ['content_filter', 'content_filter'],
])

/** Members that have events of their own, and those that the gateway answers for itself. */
const readMembers: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'completed_at',
  'status',
  'error',
  'incomplete_details',
  'model',
  'output',
  'output_text',
  'usage',
  'background',
  'conversation',
  'instructions',
  'metadata',
  'previous_response_id',
  'prompt',
  'store',
  'user',
])
