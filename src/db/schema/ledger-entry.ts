import { bigint, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * Money, as entries that are only ever added. The entries of a request sum up to its cost in each currency:
 * `reservation` is the estimate, `settlement` what was spent less the estimate, `adjustment` a correction.
 */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    /** Of a request's own entries made from its id, so that none is written twice. */
    id: text('id').notNull(),
    /** When the request arrived, or when the correction was made. */
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
    organizationId: text('organization_id').notNull(),
    /** Null for the master key. */
    apiKeyId: text('api_key_id'),
    /** Null for a correction of no one request. */
    requestId: text('request_id'),
    /** The attempt that is corrected. */
    attemptNumber: integer('attempt_number'),
    kind: text('kind').$type<'reservation' | 'settlement' | 'adjustment'>().notNull(),
    currency: text('currency').notNull(),
    /** Nano-units (1e-9) of `currency`; negative where money goes back. */
    nanos: bigint('nanos', { mode: 'bigint' }).notNull(),
    /** Why it was corrected. */
    reason: text('reason'),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.createdAt] }),
    // The account of an organisation over a span of time, and of one request.
    index('ledger_entries_by_time').on(table.organizationId, table.createdAt),
    index('ledger_entries_by_request').on(table.requestId),
  ],
)
