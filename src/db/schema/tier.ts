import { integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

/** What a plan may at most; null = as much as one likes. Seeded by the migration with the plans that there are. */
export const rateColumns = {
  requestsPerMinute: integer('requests_per_minute'),
  requestsPerDay: integer('requests_per_day'),
  tokensPerMinute: integer('tokens_per_minute'),
  tokensPerDay: integer('tokens_per_day'),
  /** Requests under way at once. */
  concurrency: integer('concurrency'),
}

export const tiers = pgTable(
  'tiers',
  {
    /** `*` for every organisation that has no row of its own. */
    organizationId: text('organization_id').notNull(),
    name: text('name').notNull(),
    ...rateColumns,
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.name] })],
)
