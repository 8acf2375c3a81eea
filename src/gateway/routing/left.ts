import type { Headroom } from '../headroom.ts'
import type { Contender } from './field.ts'

/** What is left to a deployment, from 0 to 1: of what its provider gives it, and of what its operator does. */
export function leftOf({ deployment, view }: Contender, headroom: Headroom): number {
  return Math.min(headroom.of(deployment), view.ownLeft)
}
