import { index, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

/** What was raised, so that of all instances one alone tells of it. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    organizationId: text('organization_id').notNull(),
    key: text('key').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.key] }),
    // What is out of date.
    index('webhook_events_by_time').on(table.createdAt),
  ],
)
