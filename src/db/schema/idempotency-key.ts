import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { bytea } from '../bytea.ts'

/** Requests that came with an `Idempotency-Key`, and how they were answered. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    organizationId: text('organization_id').notNull(),
    /** The id of the API key, or `master-key`. */
    actorId: text('actor_id').notNull(),
    /** As the client sent it. */
    key: text('key').notNull(),
    /** Of the route and the body: tells a repetition from another request. */
    fingerprint: text('fingerprint').notNull(),
    /** The `x-request-id` of the request that runs or ran. */
    requestId: text('request_id').notNull(),
    /** Null while the request runs. */
    status: integer('status'),
    headers: jsonb('headers').$type<Record<string, string>>(),
    /** Null while the request runs, and where the answer was too large to be kept. */
    body: bytea('body'),
    /** From then on the row is as good as gone; while the request runs it is put off again and again. */
    expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [
    // One row for each key of an actor: of two requests at once one runs.
    primaryKey({ columns: [table.organizationId, table.actorId, table.key] }),
    // What can be thrown away.
    index('idempotency_keys_by_end').on(table.expiresAt),
  ],
)
