import { LRUCache } from 'lru-cache'
import { formatNanos } from '../../lib/decimal.ts'
import type { EmitEvent, GatewayEvent } from '../../protocol/gateway-event.ts'
import type { BudgetMeter, Meter, Reading, Spent } from './meter.ts'
import { periodStart } from './period.ts'

/** Where budgets are followed: what a settlement made of them, and what they refused. */
export interface BudgetWatch {
  spent: (spent: Spent) => void
  /** Meters that were asked, and how they stood. */
  refused: (meters: readonly Meter[], readings: readonly Reading[]) => void
}

const raisedMax = 10_000

/**
 * Raises `budget.threshold` for each threshold that a budget has passed, and `budget.exceeded` when all of it is
 * spent or a request was refused for it. Each is raised as long as it is true, so that none is lost with an
 * instance; by its key whoever writes them tells of it once in a period.
 */
export function watchBudgets(emit: EmitEvent, now: () => number = Date.now): BudgetWatch {
  const raised = new LRUCache<string, true>({ max: raisedMax })
  const raise = (event: Omit<GatewayEvent, 'at'>): void => {
    const place = `${event.organization} ${event.key}`
    if (raised.has(place)) return
    raised.set(place, true)
    emit({ ...event, at: new Date(now()) })
  }
  const exceeded = (meter: BudgetMeter, more: Record<string, unknown>): void =>
    raise({
      type: 'budget.exceeded',
      organization: meter.rule.row.organizationId,
      key: keyOf(meter, 'budget.exceeded'),
      data: { ...factsOf(meter), ...more },
    })
  return {
    spent: ({ meter, after }) => {
      const { row } = meter.rule
      for (const percent of row.thresholds) {
        if (after < (meter.limit * percent) / 100) continue
        raise({
          type: 'budget.threshold',
          organization: row.organizationId,
          key: keyOf(meter, `budget.threshold:${percent}`),
          data: { ...factsOf(meter), threshold: percent, spent: amount(after) },
        })
      }
      if (after >= meter.limit)
        exceeded(meter, { reason: 'spent', remaining: amount(meter.limit - after) })
    },
    refused: (meters, readings) => {
      for (const [index, meter] of meters.entries()) {
        const reading = readings[index]
        if (meter.kind !== 'budget' || !reading || reading.waitMs === 0) continue
        exceeded(meter, {
          reason: 'refused',
          remaining: amount(reading.left),
          estimate: amount(meter.cost),
        })
      }
    },
  }
}

function keyOf(meter: BudgetMeter, what: string): string {
  const { row } = meter.rule
  const period = new Date(periodStart(row, meter.slot)).toISOString()
  // With another limit it is another end that is told of.
  return `${what}:${row.id}:${row.limitNanos}:${period}:${meter.name}`
}

function factsOf(meter: BudgetMeter): Record<string, unknown> {
  const { row } = meter.rule
  return {
    budget: row.id,
    name: row.name,
    scope: meter.scope,
    subject: meter.name,
    currency: row.currency,
    limit: formatNanos(row.limitNanos),
    resetsAt: meter.resetsAt === undefined ? null : new Date(meter.resetsAt).toISOString(),
  }
}

function amount(nanos: number): string {
  return formatNanos(BigInt(Math.round(nanos)))
}
