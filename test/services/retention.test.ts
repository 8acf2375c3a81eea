import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import type { BudgetRule } from '../../src/gateway/limits/book.ts'
import { windowAt } from '../../src/gateway/limits/period.ts'
import { readSpent } from '../../src/gateway/limits/spent.ts'
import { newId } from '../../src/lib/id.ts'
import { readGeneration } from '../../src/services/generations.ts'
import { entriesOfRequests } from '../../src/services/ledger-entries.ts'
import { attemptsOfRequests, listRequests, requestsById } from '../../src/services/requests.ts'
import { keepWhatIsDue } from '../../src/services/retention.ts'
import { readUsage } from '../../src/services/usage.ts'
import { managerOf } from '../support/actors.ts'
import { startDatabase } from '../support/gateway.ts'
import { usageEntry } from '../support/usage-entries.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

const retention = { usageMinuteDays: 7, usageHourDays: 800, logDays: 90, ledgerDays: 400 }
const keep = (now: string) => keepWhatIsDue(handle, retention, new Date(now))
const write = (...entries: LedgerEntry[]) => writeRows(handle.db, entries.map(rowsOf))
const deps = () => ({ db: handle.db, ledger: { flush: async () => {} } }) as never

/** The partitions of a table, and where the rows of a request are. */
async function partitions(table: string): Promise<string[]> {
  const rows = await handle.db.execute<{ name: string }>(sql`
    select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::text::regclass order by 1`)
  return rows.map(({ name }) => name)
}

async function placesOf({ settlement }: LedgerEntry): Promise<string[]> {
  const { requestId } = settlement
  const rows = await handle.db.execute<{ place: string }>(sql`
    select tableoid::regclass::text as place from requests where id = ${requestId}
    union all select tableoid::regclass::text from attempts where request_id = ${requestId}
    union all select tableoid::regclass::text from ledger_entries where request_id = ${requestId}`)
  return rows.map(({ place }) => place)
}

const at = (organization: string, time: string, id?: string) =>
  usageEntry(organization, { createdAt: new Date(time), ...(id && { id }) })

function budgetRow(organizationId: string, period: 'lifetime'): BudgetRule['row'] {
  const [createdAt, updatedAt] = [new Date(0), new Date(0)]
  const limit = { limitNanos: 1n, currency: 'USD', period, timeZone: null, thresholds: [] }
  return {
    ...limit,
    id: 'bud_1',
    organizationId,
    name: 'all',
    scope: 'organization',
    subject: '',
    stopStreamAtLimit: false,
    createdAt,
    updatedAt,
  }
}

/** What is left of a request, for its readers. */
async function readable({ organization, settlement }: LedgerEntry) {
  const actor = managerOf(organization)
  const ids = [settlement.requestId]
  const [requests, attempts, entries] = await Promise.all([
    requestsById(deps(), actor, ids),
    attemptsOfRequests(deps(), actor, ids),
    entriesOfRequests(deps(), actor, ids),
  ])
  return [requests[0] !== null, attempts[0]?.length, entries[0]?.length]
}

describe('partitions', () => {
  test('of this month and the next two are made ahead, once', async () => {
    const { made, dropped } = await keep('2027-05-31T23:59:59Z')
    const months = ['2027_05', '2027_06', '2027_07']
    expect(made).toEqual(
      ['attempts', 'requests', 'ledger_entries'].flatMap((table) =>
        months.map((month) => `${table}_${month}`),
      ),
    )
    // The migration made those of its own day, which are older than 90 days by now; money is not.
    expect(new Set(dropped.map((name) => name.replace(/_\d{4}_\d{2}$/, '')))).toEqual(
      new Set(['attempts', 'requests']),
    )
    expect(await keep('2027-05-31T23:59:59Z')).toEqual({ made: [], dropped: [], usageDeleted: 0 })
    expect((await keep('2027-06-01T00:00:00Z')).made).toEqual([
      'attempts_2027_08',
      'requests_2027_08',
      'ledger_entries_2027_08',
    ])
  })

  test('take the rows of their month, to the millisecond in UTC', async () => {
    const last = at('org_bounds', '2027-06-30T23:59:59.999Z')
    const first = at('org_bounds', '2027-07-01T00:00:00.000Z')
    await write(last, first)
    expect(await placesOf(last)).toEqual([
      'requests_2027_06',
      'attempts_2027_06',
      'ledger_entries_2027_06',
    ])
    expect(await placesOf(first)).toEqual([
      'requests_2027_07',
      'attempts_2027_07',
      'ledger_entries_2027_07',
    ])
  })

  test('have the indexes of their table', async () => {
    const rows = await handle.db.execute<{ definition: string }>(sql`
      select indexdef as definition from pg_indexes where tablename = 'requests_2027_08'`)
    const columns = rows
      .flatMap(({ definition }) => /\((.*)\)/.exec(definition)?.[1] ?? [])
      .toSorted()
    expect(columns).toEqual([
      'id, created_at',
      'organization_id, created_at DESC NULLS LAST, id DESC NULLS LAST',
      'organization_id, model, created_at DESC NULLS LAST',
      'organization_id, provider, created_at DESC NULLS LAST',
    ])
  })
})

describe('a row of a month without a partition', () => {
  test('is kept at once, and moves to a partition of its month', async () => {
    const late = at('org_late', '2027-03-15T12:00:00Z')
    await write(late)
    expect(await placesOf(late)).toEqual([
      'requests_default',
      'attempts_default',
      'ledger_entries_default',
    ])
    const { made } = await keep('2027-06-01T00:00:00Z')
    expect(made).toEqual(['attempts_2027_03', 'requests_2027_03', 'ledger_entries_2027_03'])
    expect(await placesOf(late)).toEqual([
      'requests_2027_03',
      'attempts_2027_03',
      'ledger_entries_2027_03',
    ])
    expect(await readable(late)).toEqual([true, 1, 1])
  })

  test('that is delivered again is there once, before and after it moved', async () => {
    const late = at('org_again', '2027-04-15T12:00:00Z')
    await write(late)
    await write(late)
    await keep('2027-06-01T00:00:00Z')
    await write(late, late)
    expect(await placesOf(late)).toEqual([
      'requests_2027_04',
      'attempts_2027_04',
      'ledger_entries_2027_04',
    ])
    const usage = await readUsage(deps(), managerOf('org_again'), {
      from: new Date('2027-04-01T00:00:00Z'),
      to: new Date('2027-05-01T00:00:00Z'),
      groupBy: [],
      granularity: 'total',
    })
    expect(usage).toMatchObject([{ requests: 1n, cost: [{ currency: 'USD', nanos: 1_000n }] }])
  })

  test('of a clock that is far ahead stays where it is', async () => {
    const early = at('org_early', '9998-01-01T00:00:00Z')
    await write(early)
    expect((await keep('2027-06-01T00:00:00Z')).made).toEqual([])
    expect(await readable(early)).toEqual([true, 1, 1])
  })

  test('and is older than it is kept, goes with the next look', async () => {
    const old = at('org_old', '2020-02-02T00:00:00Z')
    await write(old)
    expect((await keep('2027-06-01T00:00:00Z')).made).toEqual([])
    expect(await placesOf(old)).toEqual([])
  })
})

describe('what is older than it is kept', () => {
  const old = at('org_expiry', '2027-06-10T00:00:00Z')
  const recent = at('org_expiry', '2027-07-31T00:00:00Z')

  test('is dropped by whole months: the log first, money later, roll-ups stay', async () => {
    await write(old, recent)
    // 90 days before are the 30th of June: its month is kept.
    await keep('2027-09-28T00:00:00Z')
    expect(await readable(old)).toEqual([true, 1, 1])
    const { dropped } = await keep('2027-09-29T00:00:00Z')
    expect(dropped).toEqual(['attempts_2027_06', 'requests_2027_06'])
    expect(await readable(old)).toEqual([false, 0, 1])
    expect(await readable(recent)).toEqual([true, 1, 1])
    const log = await listRequests(deps(), managerOf('org_expiry'), { limit: 10, filter: {} })
    expect(log.map(({ id }) => id)).toEqual([recent.settlement.requestId])

    await keep('2028-08-05T00:00:00Z')
    expect(await partitions('ledger_entries')).not.toContain('ledger_entries_2027_06')
    expect(await readable(old)).toEqual([false, 0, 0])
    expect(await readable(recent)).toEqual([false, 0, 1])
    const usage = await readUsage(deps(), managerOf('org_expiry'), {
      from: new Date('2027-06-01T00:00:00Z'),
      to: new Date('2027-08-01T00:00:00Z'),
      groupBy: [],
      granularity: 'total',
    })
    expect(usage).toMatchObject([{ requests: 2n, cost: [{ currency: 'USD', nanos: 2_000n }] }])
  })

  test('and a partition that an operator attached is left alone', async () => {
    await handle.db.execute(sql`create table requests_archive partition of requests
      for values from ('2001-01-01') to ('2002-01-01')`)
    const { dropped } = await keep('2028-08-05T00:00:00Z')
    expect(dropped).toEqual([])
    expect(await partitions('requests')).toContain('requests_archive')
  })
})

describe('a budget', () => {
  test('of a lifetime still counts what is on no log and in no hour any more', async () => {
    await write(
      at('org_lifetime', '2024-01-15T10:20:00Z'),
      at('org_lifetime', '2028-08-01T00:00:00Z'),
    )
    await keep('2028-08-05T00:00:00Z')
    const row = budgetRow('org_lifetime', 'lifetime')
    const now = Date.parse('2028-08-05T00:00:00Z')
    const query = { organization: 'org_lifetime', subject: '', now, cutoff: now }
    const rule = { row, limit: 1, windowAt: (moment: number) => windowAt(row, moment) }
    const usd = ({ nanos }: { nanos: bigint }) => nanos
    expect(await readSpent(handle.db, { ...query, rule }, usd)).toEqual({
      cutoff: now,
      slots: [{ slot: 0, nanos: 2_000 }],
    })
    // What was settled after the cutoff is added by whoever counts; here it is left out.
    const before = Date.parse('2028-08-01T00:00:00Z')
    const early = await readSpent(handle.db, { ...query, rule, cutoff: before }, usd)
    expect(early.slots).toEqual([{ slot: 0, nanos: 1_000 }])
  })
})

describe('a look-up by id', () => {
  test('finds a request by the time in its id, and looks into its partitions alone', async () => {
    const now = new Date()
    await keep(now.toISOString())
    const entry = at('org_place', now.toISOString(), newId('req'))
    await write(entry)
    expect(await readable(entry)).toEqual([true, 1, 1])
    const { requestId } = entry.settlement
    const read = await readGeneration(deps(), managerOf('org_place'), requestId)
    expect(read.attempts).toHaveLength(1)
    const scans = await handle.db.transaction(async (tx) => {
      const counts = async () => {
        await tx.execute(sql`select pg_stat_clear_snapshot()`)
        return tx.execute<{ name: string; scans: number }>(sql`
          select relname::text as name, (seq_scan + idx_scan)::int as scans
          from pg_stat_xact_user_tables where relname like 'requests_%'`)
      }
      const before = await counts()
      await requestsById({ ...(deps() as object), db: tx } as never, managerOf('org_place'), [
        requestId,
      ])
      const after = await counts()
      return after.filter(({ name, scans: count }) =>
        before.some((row) => row.name === name && row.scans < count),
      )
    })
    const month = now.toISOString().slice(0, 7).replace('-', '_')
    expect(scans.map(({ name }) => name)).toContain(`requests_${month}`)
    // The default partition may hold anything; the month before may be within the slack of an hour.
    expect(scans.length).toBeLessThanOrEqual(3)
  })

  test.each(['req_1', 'gen_8zzzzzzzzz0000000000000000', 'req_zzzzzzzzzz0000000000000000', 'x'])(
    'of no request of ours finds nothing: %s',
    async (id) => {
      expect(await requestsById(deps(), managerOf('org_place'), [id])).toEqual([null])
      await expect(readGeneration(deps(), managerOf('org_place'), id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      })
    },
  )
})
