import { formatNanos } from '../../lib/decimal.ts'
import type { EmitEvent } from '../events.ts'
import type { Spent } from './meter.ts'

/**
 * Raises `budget.threshold` for each threshold that a settlement took a budget over. Sums only grow by atomic
 * steps, so that of all instances one alone sees it passed.
 */
export function thresholdEvents(emit: EmitEvent): (spent: Spent) => void {
  return ({ meter, before, after }) => {
    const { row } = meter.rule
    for (const percent of row.thresholds) {
      const at = (meter.limit * percent) / 100
      if (before >= at || after < at) continue
      emit({
        type: 'budget.threshold',
        organization: row.organizationId,
        data: {
          budget: row.id,
          name: row.name,
          scope: meter.scope,
          subject: meter.name,
          threshold: percent,
          currency: row.currency,
          limit: formatNanos(row.limitNanos),
          spent: formatNanos(BigInt(Math.round(after))),
          resetsAt: meter.resetsAt === undefined ? null : new Date(meter.resetsAt).toISOString(),
        },
      })
    }
  }
}
