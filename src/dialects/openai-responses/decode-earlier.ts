import { isRecord, text } from '../narrow.ts'

/** What of stored responses a request names. Nothing is checked: that is done when the request is read. */
export interface EarlierNames {
  previousId: string | undefined
  itemIds: string[]
}

const referencesMax = 500

export function earlierNames(body: unknown): EarlierNames {
  if (!isRecord(body)) return { previousId: undefined, itemIds: [] }
  const { input } = body
  const items: unknown[] = Array.isArray(input) ? input : []
  const itemIds = items.flatMap((item) =>
    isRecord(item) && item['type'] === 'item_reference' ? (text(item['id']) ?? []) : [],
  )
  return {
    previousId: text(body['previous_response_id']),
    itemIds: [...new Set(itemIds)].slice(0, referencesMax),
  }
}
