import type { Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'

/** The name under which extras, passthrough members and raw usage of this wire are kept. */
export const openaiResponses = 'openai-responses'

/**
 * Members of the item to which a part belongs: several parts may be of one item, and two items may follow
 * each other. They stand in a part's extras as `item`; a part without them goes on with the open item.
 */
export function itemMembers(extra: Extra | undefined): Extra | undefined {
  const item = extra?.['item']
  return isRecord(item) ? item : undefined
}

/** Whether a part of reasoning is of the reasoning itself and not of its summary. */
export function isRawReasoning(extra: Extra | undefined): boolean {
  return extra?.['place'] === 'content'
}
