import type { BudgetLevel, LimitLevel } from '../../protocol/limit.ts'
import type { Meter, Reading } from './meter.ts'

/** How rates stand, in the words that clients are told. */
export function limitLevels(
  meters: readonly Meter[],
  readings: readonly (Reading | undefined)[],
): LimitLevel[] {
  return meters.flatMap((meter, index) => {
    const reading = readings[index]
    if (!reading || meter.kind === 'budget') return []
    const { scope, name: subject, kind, limit } = meter
    const periodMs = kind === 'concurrency' ? undefined : meter.periodMs
    const remaining = Math.max(0, reading.left)
    return [{ scope, subject, kind, periodMs, limit, remaining, resetMs: reading.resetMs }]
  })
}

/** The same of budgets. */
export function budgetLevels(
  meters: readonly Meter[],
  readings: readonly (Reading | undefined)[],
): BudgetLevel[] {
  return meters.flatMap((meter, index) => {
    const reading = readings[index]
    if (!reading || meter.kind !== 'budget') return []
    const { scope, name: subject, resetsAt, rule } = meter
    const { id, name, currency, limitNanos } = rule.row
    const remainingNanos = BigInt(Math.round(reading.left))
    return [
      {
        id,
        name,
        scope,
        subject,
        currency,
        limitNanos,
        remainingNanos,
        resetsAt: resetsAt === undefined ? undefined : new Date(resetsAt),
      },
    ]
  })
}
