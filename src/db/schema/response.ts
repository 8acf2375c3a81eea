import { sql } from 'drizzle-orm'
import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/** Responses that clients may build upon, until they expire. */
export const responses = pgTable(
  'responses',
  {
    /** As `resp_…`. */
    id: text('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** The API key, or the master key, that made it: nobody else sees it. */
    actorId: text('actor_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
    /** The items before the answer, those of earlier responses included; JSON as text, which may hold any character. */
    input: text('input').notNull(),
    /** The response object with its output, likewise. */
    response: text('response').notNull(),
    itemIds: text('item_ids')
      .array()
      .notNull()
      .default(sql`'{}'`),
  },
  (table) => [
    // What has expired, to be deleted.
    index('responses_by_expiry').on(table.expiresAt),
    // The response that holds an item which a client refers to.
    index('responses_by_item').using('gin', table.itemIds),
  ],
)
