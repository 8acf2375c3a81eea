import { and, gte, min, sql, type SQL } from 'drizzle-orm'
import { daySeconds, hourSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'
import {
  asksForNothing,
  checkRange,
  usageCondition,
  usageGroups,
  type Granularity,
  type UsageQuery,
} from './usage-query.ts'

type ExportDeps = Pick<ServiceDeps, 'db' | 'ledger'>

/** Sums of one group in one currency; those of all currencies add up to the group's. */
export type UsageExportRow = Omit<Sums, 'key'>

export const exportPageRows = 500

/** A bucket's row of a page is found again by its time and its columns. */
interface Place {
  time: Date | null
  key: string
}

/**
 * All usage that `readUsage` would sum up, page by page, oldest first; a page is read when it is asked for, so
 * that no more than one is held.
 */
export async function* exportUsage(
  deps: ExportDeps,
  actor: Actor,
  query: UsageQuery,
): AsyncGenerator<UsageExportRow[]> {
  requireScope(actor, 'READ', 'read usage')
  checkRange(query, '')
  if (asksForNothing(query)) return
  await deps.ledger.flush()
  for await (const span of spansOf(deps, actor, query)) {
    let after: Place | undefined
    do {
      const rows = await pageOf(deps, actor, { ...query, ...span, after })
      if (rows.length > 0) yield rows.map(({ key: _key, ...row }) => row)
      after = rows.length < exportPageRows ? undefined : rows.at(-1)
    } while (after)
  }
}

/** How much time is summed up in one query: whole buckets, and not too many of them. */
const spanSeconds: Record<Exclude<Granularity, 'total'>, number> = {
  minute: hourSeconds,
  hour: daySeconds,
  day: 30 * daySeconds,
}

/** The spans in which something was used. What is asked for in whole days stays so: its buckets are others. */
async function* spansOf(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
  query: UsageQuery,
): AsyncGenerator<{ from: Date; to: Date }> {
  const { granularity, from, to } = query
  if (granularity === 'total') {
    yield { from, to }
    return
  }
  const spanMs = spanSeconds[granularity] * 1000
  for (let start = from; start < to;) {
    const rest = and(usageCondition(actor, query), gte(usageRollups.bucketStart, start))
    const [first] = await db
      .select({ start: min(usageRollups.bucketStart) })
      .from(usageRollups)
      .where(rest)
    if (!first?.start) return
    const end = (Math.floor(first.start.getTime() / spanMs) + 1) * spanMs
    yield { from: first.start, to: new Date(Math.min(end, to.getTime())) }
    start = new Date(end)
  }
}

type Sums = Awaited<ReturnType<typeof pageOf>>[number]

function pageOf(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
  { after, ...query }: UsageQuery & { after: Place | undefined },
) {
  const { selection, time, columns } = usageGroups(query)
  // One text that no two groups share, compared byte by byte: nulls and collations have an order of their own.
  const key = sql<string>`json_build_array(${sql.join(columns, sql`, `)})::text collate "C"`
  const grouped = [...(time ? [time] : []), ...columns]
  return db
    .select({ ...selection, key })
    .from(usageRollups)
    .where(and(usageCondition(actor, query), after && laterThan(after, { time, key })))
    .groupBy(...grouped)
    .orderBy(...(time ? [time] : []), key)
    .limit(exportPageRows)
}

function laterThan(
  { time: lastTime, key: lastKey }: Place,
  { time, key }: { time: SQL<Date> | undefined; key: SQL<string> },
): SQL {
  const further = sql`${key} > ${lastKey}`
  if (!time || !lastTime) return further
  const last = sql`${lastTime.toISOString()}::timestamptz`
  return sql`(${time} > ${last} or (${time} = ${last} and ${further}))`
}
