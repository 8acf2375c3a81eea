import type { Extra } from '../../protocol/request.ts'

/** One frame of a stream before it has its number. */
export type EmitFrame = (type: string, members: Extra) => void

/** Where an item stands in the answer, and its id. */
export interface ItemPlace {
  id: string
  index: number
}

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'
