import { usageRollups } from '../db/schema/usage-rollup.ts'
import { invalidRequest } from '../errors.ts'
import { addCounts } from '../lib/histogram.ts'
import type { Actor } from '../protocol/actor.ts'
import type { Money } from '../protocol/settlement.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'
import {
  asksForNothing,
  checkRange,
  countNames,
  usageCondition,
  type UsageCount,
  usageGroups,
  type UsageQuery,
} from './usage-query.ts'

/** What was used, by the dimensions that were asked for; the others are null. */
export interface UsageRow extends Record<UsageCount, bigint> {
  /** When the minute, hour or day begins; null in totals. */
  time: Date | null
  model: string | null
  provider: string | null
  apiKeyId: string | null
  user: string | null
  tag: { name: string; value: unknown } | null
  /** One amount for each currency. */
  cost: Money[]
  /** The same in the accounting currency, or in several where it was changed. */
  accountingCost: Money[]
  /** Durations in buckets, as `lib/histogram.ts` reads them: of requests that succeeded, and that said something. */
  latency: number[]
  timeToFirstToken: number[]
}

const rowsMax = 10_000

/** The usage of the actor's organisation from the roll-ups, oldest first; nothing where nothing was used. */
export async function readUsage(
  deps: Pick<ServiceDeps, 'db' | 'ledger'>,
  actor: Actor,
  query: UsageQuery,
): Promise<UsageRow[]> {
  requireScope(actor, 'READ', 'read usage')
  checkRange(query, 'filter.')
  if (asksForNothing(query)) return []
  await deps.ledger.flush()
  const rows = await selectSums(deps.db, actor, query)
  if (rows.length <= rowsMax) return merged(rows)
  throw invalidRequest(
    'filter',
    `This would be more than ${rowsMax} rows. Ask for a shorter time, a coarser granularity or fewer dimensions.`,
  )
}

type Sums = Awaited<ReturnType<typeof selectSums>>[number]

/** A row for each currency of a group. */
function selectSums(db: ServiceDeps['db'], actor: Actor, query: UsageQuery) {
  const { selection, time, columns } = usageGroups(query)
  const grouped = [...(time ? [time] : []), ...columns]
  return db
    .select(selection)
    .from(usageRollups)
    .where(usageCondition(actor, query))
    .groupBy(...grouped)
    .orderBy(...grouped)
    .limit(rowsMax + 1)
}

/** Rows that differ in nothing but their currencies become one; they may stand apart, as nulls sort last. */
function merged(rows: readonly Sums[]): UsageRow[] {
  const groups = new Map<string, UsageRow>()
  for (const { tagName, tagValue, currency, costNanos, ...row } of rows) {
    const { accountingCurrency, accountingNanos, ...counted } = row
    const { time, model, provider, apiKeyId, user } = row
    const key = JSON.stringify([time, model, provider, apiKeyId, user, tagName, tagValue])
    const tag =
      tagName === null || tagValue === null ? null : { name: tagName, value: JSON.parse(tagValue) }
    const group = groups.get(key)
    if (group) addRow(group, row)
    const whole: UsageRow = group ?? { ...counted, tag, cost: [], accountingCost: [] }
    groups.set(key, whole)
    addMoney(whole.cost, currency, costNanos)
    addMoney(whole.accountingCost, accountingCurrency, accountingNanos)
  }
  return [...groups.values()]
}

type Durations = 'latency' | 'timeToFirstToken'

function addRow(group: UsageRow, row: Pick<UsageRow, UsageCount | Durations>): void {
  for (const name of countNames) group[name] += row[name]
  addCounts(group.latency, row.latency)
  addCounts(group.timeToFirstToken, row.timeToFirstToken)
}

function addMoney(amounts: Money[], currency: string | null, nanos: bigint): void {
  if (currency === null) return
  const known = amounts.find((amount) => amount.currency === currency)
  if (known) known.nanos += nanos
  else amounts.push({ currency, nanos })
}
