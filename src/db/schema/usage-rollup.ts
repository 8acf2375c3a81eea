import { eq, isNotNull, isNull, sql } from 'drizzle-orm'
import {
  bigint,
  index,
  integer,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

const count = (name: string) => bigint(name, { mode: 'bigint' }).notNull()

/** Counts of durations by bucket; those of two rows add up. */
const histogram = (name: string) => bigint(name, { mode: 'number' }).array().notNull().default([])

export const minuteSeconds = 60
export const hourSeconds = 3_600
export const daySeconds = 86_400

/** The sizes of buckets that are kept, the finest first. */
export const bucketSizes = [minuteSeconds, hourSeconds, daySeconds] as const

/**
 * Sums over the log, kept by whoever writes the log. Each request is in the rows without a tag and once more
 * in the rows of each of its tags: a query reads the ones or the others.
 */
export const usageRollups = pgTable(
  'usage_rollups',
  {
    organizationId: text('organization_id').notNull(),
    /** How long a bucket is; rows of several sizes do not know of each other. */
    bucketSeconds: integer('bucket_seconds').notNull(),
    bucketStart: timestamp('bucket_start', { withTimezone: true, precision: 3 }).notNull(),
    /** Of the columns from here to `accounting_currency`: an index does not take names of any length, nor two nulls as equal. */
    digest: text('digest').notNull(),
    /** Null for the master key. */
    apiKeyId: text('api_key_id'),
    /** What the client calls its own user. */
    userId: text('user_id'),
    /** Null where nothing was called. */
    provider: text('provider'),
    /** `provider/model`. */
    model: text('model'),
    /** Null in the rows that stand for all requests. */
    tagName: text('tag_name'),
    /** As JSON: 7 and "7" are two values. */
    tagValue: text('tag_value'),
    /** Of the cost; null where there is none. */
    currency: text('currency'),
    /** Null where there is no accounting currency. */
    accountingCurrency: text('accounting_currency'),
    /** Requests of which this was the last attempt. */
    requests: count('requests'),
    errors: count('errors'),
    attempts: count('attempts'),
    /** Attempts with tokens and without a price. */
    unpricedAttempts: count('unpriced_attempts'),
    inputTokens: count('input_tokens'),
    cachedInputTokens: count('cached_input_tokens'),
    cacheWriteTokens: count('cache_write_tokens'),
    outputTokens: count('output_tokens'),
    reasoningTokens: count('reasoning_tokens'),
    totalTokens: count('total_tokens'),
    /** Nano-units (1e-9) of `currency`; no sum is too large for it. */
    costNanos: numeric('cost_nanos', { mode: 'bigint' }).notNull(),
    /** The same in nano-units of `accounting_currency`. */
    accountingNanos: numeric('accounting_nanos', { mode: 'bigint' }).notNull().default(0n),
    /** Requests of these that the response cache answered. */
    cacheHits: count('cache_hits').default(0n),
    /** Of requests that succeeded. */
    latency: histogram('latency'),
    /** Of requests that said something. */
    timeToFirstToken: histogram('time_to_first_token'),
  },
  (table) => [
    // The row that a request adds to.
    primaryKey({
      columns: [table.organizationId, table.bucketSeconds, table.bucketStart, table.digest],
    }),
    // The usage of an organisation in a span of time, however many tags there were.
    index('usage_rollups_of_all')
      .on(table.organizationId, table.bucketSeconds, table.bucketStart)
      .where(isNull(table.tagName)),
    index('usage_rollups_by_tag')
      .on(table.organizationId, table.bucketSeconds, table.tagName, table.bucketStart)
      .where(isNotNull(table.tagName)),
    // What is older than minutes are kept.
    index('usage_rollups_minutes')
      .on(table.bucketStart)
      .where(eq(table.bucketSeconds, sql.raw('60'))),
  ],
)
