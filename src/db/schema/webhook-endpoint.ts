import { boolean, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { WebhookEvent } from '../../protocol/gateway-event.ts'
import { organizations } from './organization.ts'

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** Who is told of events, and how it knows that it was us. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    url: text('url').notNull(),
    description: text('description').notNull(),
    events: jsonb('events').$type<WebhookEvent[]>().notNull(),
    /** Encrypted with a key of the installation, for this row alone. */
    secret: text('secret').notNull(),
    /** Of before the last rotation; both sign until `previousExpiresAt`. */
    previousSecret: text('previous_secret'),
    previousExpiresAt: time('previous_expires_at'),
    enabled: boolean('enabled').notNull(),
    /** Why the gateway itself disabled it. */
    disabledReason: text('disabled_reason').$type<'gone' | 'failing'>(),
    /** Since when no delivery has succeeded; null where the last one did. */
    failingSince: time('failing_since'),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  // The endpoints of an organisation, newest first.
  (table) => [
    index('webhook_endpoints_by_organization').on(table.organizationId, table.createdAt.desc()),
  ],
)
