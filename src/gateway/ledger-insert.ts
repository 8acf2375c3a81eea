import { getColumns, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Database } from '../db/client.ts'
import { attempts } from '../db/schema/attempt.ts'
import { ledgerEntries } from '../db/schema/ledger-entry.ts'
import { requests } from '../db/schema/request.ts'
import { encodeRows } from './journal-format.ts'
import type { LedgerRows } from './ledger-rows.ts'

/**
 * Inserts requests with their attempts and the entries of their money in one statement; the ids of those that
 * were not there before. All rows are one parameter, of JSON: one for each value costs more than the rest.
 */
export async function insertRows(
  db: Pick<Database, 'execute'>,
  batch: readonly LedgerRows[],
): Promise<Set<string>> {
  const lines = listOf(batch.map(encodeRows))
  // In the order of ids, so that two writers of the same requests never wait for each other in a circle.
  const inserted = await db.execute<{ id: string }>(sql`
    with lines as materialized (select value from json_array_elements(${lines}::text::json)),
    inserted as (
      insert into ${requests} (${request.names})
      select ${request.members} from lines, json_to_record(value->'request') as row (${request.types})
      order by "row"."id"
      on conflict do nothing
      returning id, created_at, organization_id, api_key_id, reserved_nanos, reserved_currency
    ),
    tried as (
      insert into ${attempts} (created_at, ${attempt.names})
      select inserted.created_at, ${attempt.members}
      from lines, json_to_recordset(value->'attempts') as row (${attempt.types})
      join inserted on inserted.id = row."requestId"
      on conflict do nothing
      returning request_id, cost_nanos, cost_currency
    ),
    ${entered}
    select id from inserted`)
  return new Set(inserted.map(({ id }) => id))
}

/** JSON's list, in one copy: brackets around what was joined would be another of some hundred kilobytes. */
function listOf(texts: string[]): string {
  const last = texts.length - 1
  if (last < 0) return '[]'
  texts[0] = `[${texts[0]}`
  texts[last] += ']'
  return texts.join(',')
}

/** What was held by estimate, and in each currency what was spent less that. */
const entered = sql`spent as (
      select request_id as id, cost_currency as currency, cost_nanos as nanos
      from tried where cost_nanos is not null
      union all
      select id, reserved_currency, -reserved_nanos from inserted where reserved_nanos is not null
    ),
    entered as (
      insert into ${ledgerEntries}
        (id, created_at, organization_id, api_key_id, request_id, kind, currency, nanos)
      select id || '/reservation', created_at, organization_id, api_key_id, id,
        'reservation', reserved_currency, reserved_nanos
      from inserted where reserved_nanos is not null
      union all
      select id || '/settlement/' || currency, created_at, organization_id, api_key_id, id,
        'settlement', currency, nanos
      from (select id, currency, sum(nanos)::bigint as nanos from spent group by id, currency) as settled
      join inserted using (id)
      on conflict do nothing
    )`

const request = columnsOf(getColumns(requests))
const { createdAt: _ofTheRequest, ...attemptColumns } = getColumns(attempts)
const attempt = columnsOf(attemptColumns)

/** The columns of a table, and the members of the rows' JSON that go there. */
function columnsOf(table: Record<string, PgColumn>) {
  const columns = Object.entries(table)
  const list = (part: (member: string, column: (typeof columns)[number][1]) => string) =>
    sql.raw(columns.map(([member, column]) => part(member, column)).join(', '))
  return {
    names: list((_member, { name }) => `"${name}"`),
    members: list((member) => `"row"."${member}"`),
    types: list((member, column) => `"${member}" ${column.getSQLType()}`),
  }
}
