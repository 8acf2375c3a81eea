import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as run } from 'drizzle-orm/postgres-js/migrator'
import type postgres from 'postgres'
import { afterEach, expect, inject, test } from 'vitest'
import { connect, openClient, type DatabaseAddress } from '../../src/db/client.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { createDatabase } from '../support/databases.ts'
import { usageEntry } from '../support/usage-entries.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'xrouter-log-migration-'))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function emptyDatabase(): Promise<DatabaseAddress> {
  if (inject('database') === 'postgres') {
    const { url, drop } = await createDatabase('empty')
    cleanups.push(drop)
    return { url }
  }
  const embedded = await startEmbedded(folder())
  cleanups.push(() => embedded.stop())
  return embedded
}

/** The migrations that came before the one of a name. */
function migrationsBefore(name: string): string {
  const [all, some] = ['drizzle', folder()]
  const names = readdirSync(all).toSorted()
  const until = names.findIndex((each) => each.endsWith(name))
  expect(until).toBeGreaterThan(0)
  for (const each of names.slice(0, until)) {
    mkdirSync(join(some, each))
    cpSync(join(all, each), join(some, each), { recursive: true })
  }
  return some
}

async function withClient<T>(
  address: DatabaseAddress,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = openClient(address, { max: 1, max_lifetime: null, fetch_types: false })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Requests over years, at the edges of months, with attempts, money, and a correction made much later. */
async function fill(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`
    insert into requests (id, organization_id, created_at, door, requested_model, status, stream, latency_ms, tags)
    select 'req_' || i, 'default', timestamptz '2024-01-01 00:00:00Z' - interval '1 ms' + i * interval '97 hours',
      'rest', 'openai/gpt', 'succeeded', false, i, '{"n": 1}'
    from generate_series(0, 300) as i;
    insert into attempts (request_id, number, provider, model, status, started_at, latency_ms, cost_nanos, cost_currency)
    select id, number, 'openai', 'openai/gpt', 'succeeded', created_at, 1, 7, 'USD'
    from requests, generate_series(1, 2) as number;
    insert into ledger_entries (id, created_at, organization_id, request_id, kind, currency, nanos)
    select id || '/settlement/USD', created_at, 'default', id, 'settlement', 'USD', 14 from requests;
    insert into ledger_entries (id, created_at, organization_id, request_id, kind, currency, nanos, reason)
    values ('adj_1', '2031-07-01 00:00:00Z', 'default', 'req_0', 'adjustment', 'USD', -3, 'too much');`)
}

function fillBefore(address: DatabaseAddress): Promise<void> {
  return withClient(address, async (sql) => {
    await run(drizzle({ client: sql }), { migrationsFolder: migrationsBefore('_log_partitions') })
    await fill(sql)
  })
}

async function read(sql: postgres.Sql) {
  return {
    requests: await sql`select * from requests order by id`,
    attempts: await sql`select * from attempts order by request_id, number`,
    ledgerEntries: await sql`select * from ledger_entries order by id`,
  }
}

test('rows from before the log was partitioned are all there after it, in their months', async () => {
  const address = await emptyDatabase()
  await fillBefore(address)
  const before = await withClient(address, read)
  expect(before.requests).toHaveLength(301)
  await migrate(address)
  await withClient(address, async (sql) => {
    const after = await read(sql)
    expect(after.requests).toEqual(before.requests)
    expect(after.ledgerEntries).toEqual(before.ledgerEntries)
    const times = new Map(before.requests.map((row) => [row['id'], row['created_at']]))
    expect(after.attempts).toEqual(
      before.attempts.map((row) => ({ ...row, created_at: times.get(row['request_id']) })),
    )
    const misplaced = await sql.unsafe(`
      select * from (
        select tableoid::regclass::text as place, created_at from requests
        union all select tableoid::regclass::text, created_at from attempts
        union all select tableoid::regclass::text, created_at from ledger_entries) as rows
      where right(place, 7) <> to_char(created_at at time zone 'UTC', 'YYYY_MM')`)
    expect(misplaced).toEqual([])
    const left = await sql.unsafe(`select relname from pg_class where relname like '%\\_before%'`)
    expect(left).toEqual([])
  })
})

test('a request of before that its journal delivers again stays as it is', async () => {
  const address = await emptyDatabase()
  await fillBefore(address)
  await migrate(address)
  const handle = connect(address)
  cleanups.push(() => handle.close())
  const again = usageEntry('default', {
    id: 'req_1',
    createdAt: new Date(Date.UTC(2024, 0, 1) - 1 + 97 * 3_600_000),
  })
  await writeRows(handle.db, [rowsOf(again)])
  const [count] = await handle.db.execute(`
    select (select count(*) from requests where id = 'req_1')::int as requests,
      (select count(*) from attempts where request_id = 'req_1')::int as attempts,
      (select count(*) from ledger_entries where request_id = 'req_1')::int as entries`)
  expect(count).toEqual({ requests: 1, attempts: 2, entries: 1 })
})
