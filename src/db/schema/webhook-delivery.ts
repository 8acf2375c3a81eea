import { sql } from 'drizzle-orm'
import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { webhookEndpoints } from './webhook-endpoint.ts'

export type DeliveryState = 'pending' | 'delivered' | 'failed'

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** The outbox: a message for one endpoint, written with what it tells of and sent afterwards. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    /** The `webhook-id`, the same for every attempt. */
    id: text('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => webhookEndpoints.id, { onDelete: 'cascade' }),
    eventType: text('event_type').notNull(),
    /** The body, to the byte: signatures are of it. */
    payload: text('payload').notNull(),
    state: text('state').$type<DeliveryState>().notNull(),
    /** Begun ones. */
    attempts: integer('attempts').notNull(),
    /** While an attempt runs: when another instance may take it for dead. Null where none is due any more. */
    nextAttemptAt: time('next_attempt_at'),
    /** The HTTP status of the last answer, and what was wrong with it. */
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    deliveredAt: time('delivered_at'),
    createdAt: time('created_at').notNull(),
  },
  (table) => [
    // What is due.
    index('webhook_deliveries_due')
      .on(table.nextAttemptAt)
      .where(sql`state = 'pending'`),
    // The deliveries of an organisation and of an endpoint, newest first.
    index('webhook_deliveries_by_organization').on(
      table.organizationId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    index('webhook_deliveries_by_endpoint').on(
      table.endpointId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    // What is out of date.
    index('webhook_deliveries_by_time').on(table.createdAt),
  ],
)
