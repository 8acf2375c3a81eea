import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

/** The tables that are kept in partitions of one month (UTC) of their rows' `created_at`. */
export type Partitioned = 'requests' | 'attempts' | 'ledger_entries'

export interface PartitionOptions {
  now: Date
  /** How long rows are kept; a partition goes when the last moment of its month is older. */
  keepDays: number
}

/** The names of the partitions that were made and of those that were dropped. */
export interface PartitionChanges {
  made: string[]
  dropped: string[]
}

type Transaction = Pick<Database, 'execute'>

/** Any number that nobody else locks in this database. */
const lockId = 4_711_000_002
const monthsAhead = 2
/** Rows of later months come from a clock that is wrong; they stay where they are. */
const strayMonthsMax = 12
const dayMs = 86_400_000

/**
 * Makes the partitions of this month and the next two, and drops those that are out of date. What came into the
 * default partition moves to one of its own month. Where another instance does the same, nothing is done.
 */
export async function keepPartitions(
  db: Database,
  table: Partitioned,
  { now, keepDays }: PartitionOptions,
): Promise<PartitionChanges> {
  const since = monthOf(new Date(now.getTime() - keepDays * dayMs), 0)
  // Two transactions: a drop that does not get its lock takes no new partition with it.
  const made = await alone(db, (tx) => makePartitions(tx, table, { now, since }))
  const dropped = await alone(db, (tx) => dropPartitions(tx, table, since))
  return { made, dropped }
}

/** One instance at a time; who waits for a lock on the table does not make others wait for long. */
function alone(db: Database, work: (tx: Transaction) => Promise<string[]>): Promise<string[]> {
  return db.transaction(async (tx) => {
    const [lock] = await tx.execute<{ free: boolean }>(
      sql`select pg_try_advisory_xact_lock(${lockId}) as free`,
    )
    if (!lock?.free) return []
    await tx.execute(sql`set local lock_timeout = '2s'`)
    return work(tx)
  })
}

async function makePartitions(
  tx: Transaction,
  table: Partitioned,
  { now, since }: { now: Date; since: Date },
): Promise<string[]> {
  const strays = await tx.execute<{ month: string }>(sql`
    select distinct to_char(created_at at time zone 'UTC', 'YYYY-MM') as month
    from ${named(`${table}_default`)}
    where created_at >= ${moment(since)} and created_at < ${moment(monthOf(now, strayMonthsMax))}`)
  const wanted = new Set(strays.map(({ month }) => new Date(`${month}-01`).getTime()))
  for (let ahead = 0; ahead <= monthsAhead; ahead += 1) wanted.add(monthOf(now, ahead).getTime())
  const there = new Set(await partitionsOf(tx, table))
  const made: string[] = []
  for (const start of [...wanted].toSorted((one, other) => one - other)) {
    const name = nameOf(table, new Date(start))
    if (there.has(name)) continue
    await makePartition(tx, table, { name, month: new Date(start) })
    made.push(name)
  }
  return made
}

/** Attached, not created in place: that would lock the whole table against readers. */
async function makePartition(
  tx: Transaction,
  table: Partitioned,
  { name, month }: { name: string; month: Date },
): Promise<void> {
  const rest = named(`${table}_default`)
  const [from, to] = [moment(month), moment(monthOf(month, 1))]
  await tx.execute(sql`lock table ${rest} in access exclusive mode`)
  await tx.execute(sql`create table ${named(name)} (like ${named(table)} including all)`)
  await tx.execute(sql`
    with moved as (delete from ${rest} where created_at >= ${from} and created_at < ${to} returning *)
    insert into ${named(name)} select * from moved`)
  await tx.execute(
    sql`alter table ${named(table)} attach partition ${named(name)} for values from (${from}) to (${to})`,
  )
}

async function dropPartitions(tx: Transaction, table: Partitioned, since: Date): Promise<string[]> {
  const names = await partitionsOf(tx, table)
  const old = names.filter((name) => {
    const month = monthNamed(table, name)
    return month !== undefined && month < since
  })
  for (const name of old) await tx.execute(sql`drop table ${named(name)}`)
  await tx.execute(
    sql`delete from ${named(`${table}_default`)} where created_at < ${moment(since)}`,
  )
  return old
}

async function partitionsOf(tx: Transaction, table: Partitioned): Promise<string[]> {
  const rows = await tx.execute<{ name: string }>(sql`
    select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::text::regclass order by relname`)
  return rows.map(({ name }) => name)
}

/** The first moment of a date's month, or of one `ahead` of it. */
function monthOf(date: Date, ahead: number): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead))
}

function nameOf(table: Partitioned, month: Date): string {
  return `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`
}

/** The month of a partition that is ours; undefined for the default one and for what an operator attached. */
function monthNamed(table: Partitioned, name: string): Date | undefined {
  const [, year, month] = /^_(\d{4})_(\d{2})$/.exec(name.slice(table.length)) ?? []
  return name.startsWith(table) && year && month ? new Date(`${year}-${month}-01`) : undefined
}

function named(name: string) {
  return sql.identifier(name)
}

/** As a literal: the bounds of a partition cannot be parameters. */
function moment(date: Date) {
  return sql.raw(`'${date.toISOString()}'`)
}
