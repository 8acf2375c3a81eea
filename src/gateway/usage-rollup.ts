import { getColumns, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { usageRollups } from '../db/schema/usage-rollup.ts'
import type { LedgerRows } from './ledger-rows.ts'
import { sums, type Sum } from './usage-sums.ts'

/**
 * Adds requests to the roll-ups, in one statement. Belongs into the transaction that inserts their rows, and
 * gets those alone that were really inserted, so that what is delivered twice is counted once.
 */
export async function rollUp(
  db: Pick<Database, 'execute'>,
  batch: readonly LedgerRows[],
): Promise<void> {
  if (batch.length === 0) return
  const rows = JSON.stringify(sums(batch))
  // In the order of the key, so that two instances that add to the same rows never wait for each other in a circle.
  await db.execute(sql`
    insert into ${usageRollups} (${columnList})
    select ${columnList} from jsonb_to_recordset(${rows}::text::jsonb) as rows (${columnTypes})
    order by organization_id, bucket_seconds, bucket_start, digest
    on conflict (organization_id, bucket_seconds, bucket_start, digest) do update set ${additions}`)
}

const added = [
  'requests',
  'errors',
  'attempts',
  'unpriced_attempts',
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
  'cost_nanos',
  'accounting_nanos',
  'cache_hits',
] as const satisfies (keyof Sum)[]
const histograms = ['latency', 'time_to_first_token'] as const satisfies (keyof Sum)[]

const columns = Object.values(getColumns(usageRollups))
const columnList = sql.raw(columns.map(({ name }) => name).join(', '))
const columnTypes = sql.raw(
  columns
    .map((each) => `${each.name} ${each.getSQLType()}${each.dimensions === 1 ? '[]' : ''}`)
    .join(', '),
)
const additions = sql.raw(
  [
    ...added.map((name) => `${name} = usage_rollups.${name} + excluded.${name}`),
    ...histograms.map((name) => `${name} = add_counts(usage_rollups.${name}, excluded.${name})`),
  ].join(', '),
)
