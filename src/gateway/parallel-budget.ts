import type { Money } from '../protocol/settlement.ts'

/** Whether all of these together stay within a budget; what is unknown or in another currency does not. */
export function isAffordable(budget: Money, costs: readonly (Money | undefined)[]): boolean {
  let nanos = 0n
  for (const cost of costs) {
    if (cost?.currency !== budget.currency) return false
    nanos += cost.nanos
  }
  return nanos <= budget.nanos
}
