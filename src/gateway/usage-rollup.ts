import { hash } from 'node:crypto'
import { getColumns, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { hourSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import type { AttemptRow, LedgerRows } from './ledger-rows.ts'

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

const nothing = {
  requests: 0,
  errors: 0,
  attempts: 0,
  unpriced_attempts: 0,
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  total_tokens: 0,
  /** A string, because JSON has no big numbers. */
  cost_nanos: '0',
}

const columns = Object.values(getColumns(usageRollups))
const columnList = sql.raw(columns.map(({ name }) => name).join(', '))
const columnTypes = sql.raw(columns.map((each) => `${each.name} ${each.getSQLType()}`).join(', '))
const additions = sql.raw(
  Object.keys(nothing)
    .map((name) => `${name} = usage_rollups.${name} + excluded.${name}`)
    .join(', '),
)

/** One row to be, in the form that `jsonb_to_recordset` reads. */
type Sum = typeof nothing & {
  organization_id: string
  bucket_seconds: number
  bucket_start: Date
  digest: string
  api_key_id: string | null
  provider: string | null
  model: string | null
  tag_name: string | null
  tag_value: string | null
  currency: string | null
}

function sums(batch: readonly LedgerRows[]): Sum[] {
  const byKey = new Map<string, Sum>()
  for (const { request, attempts } of batch) {
    const failed = request.status === 'failed' || request.status === 'interrupted'
    const tags = Object.entries(request.tags ?? {})
    for (const tag of [undefined, ...tags]) {
      let last: Sum | undefined
      for (const attempt of attempts) {
        last = sumOf(byKey, request, { attempt, tag })
        addAttempt(last, attempt)
      }
      last ??= sumOf(byKey, request, { attempt: undefined, tag })
      last.requests += 1
      if (failed) last.errors += 1
    }
  }
  return [...byKey.values()]
}

function addAttempt(sum: Sum, attempt: AttemptRow): void {
  sum.attempts += 1
  if (attempt.usageEstimated != null && attempt.costNanos == null) sum.unpriced_attempts += 1
  sum.input_tokens += attempt.inputTokens ?? 0
  sum.cached_input_tokens += attempt.cachedInputTokens ?? 0
  sum.cache_write_tokens += attempt.cacheWriteTokens ?? 0
  sum.output_tokens += attempt.outputTokens ?? 0
  sum.reasoning_tokens += attempt.reasoningTokens ?? 0
  sum.total_tokens += attempt.totalTokens ?? 0
  if (attempt.costNanos) sum.cost_nanos = String(BigInt(sum.cost_nanos) + BigInt(attempt.costNanos))
}

/** The row that an attempt adds to; one of no provider for a request that was never sent. */
function sumOf(
  byKey: Map<string, Sum>,
  { organizationId, createdAt, apiKeyId = null }: LedgerRows['request'],
  { attempt, tag }: { attempt: AttemptRow | undefined; tag: [string, unknown] | undefined },
): Sum {
  const { provider = null, model = null, costCurrency: currency = null } = attempt ?? {}
  const [tagName, tagValue] = tag ? [tag[0], JSON.stringify(tag[1])] : [null, null]
  const bucketMs = hourSeconds * 1000
  const bucket = Math.floor(Date.parse(createdAt) / bucketMs)
  const dimensions = JSON.stringify([apiKeyId, provider, model, tagName, tagValue, currency])
  const key = `${bucket} ${organizationId} ${dimensions}`
  const known = byKey.get(key)
  if (known) return known
  const sum: Sum = {
    organization_id: organizationId,
    bucket_seconds: hourSeconds,
    bucket_start: new Date(bucket * bucketMs),
    digest: hash('sha256', dimensions, 'base64url'),
    api_key_id: apiKeyId,
    provider,
    model: wellFormed(model),
    tag_name: wellFormed(tagName),
    tag_value: tagValue,
    currency,
    ...nothing,
  }
  byKey.set(key, sum)
  return sum
}

/** JSON writes NUL and half a surrogate pair as escapes, which the database refuses; here they are replaced. */
function wellFormed(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\u0000', '\ufffd').toWellFormed()
}
