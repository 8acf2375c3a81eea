import { customType, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Scope } from '../../protocol/actor.ts'
import { organizations } from './organization.ts'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    /** The first characters of the key, for people to recognise it. */
    prefix: text('prefix').notNull(),
    /** HMAC-SHA-256 of the whole key. */
    hash: bytea('hash').notNull().unique(),
    tier: text('tier').notNull(),
    scopes: jsonb('scopes').$type<Scope[]>().notNull(),
    /** Null = every model. */
    models: jsonb('models').$type<string[]>(),
    /** In milliseconds, as cursors are. */
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  // The list of an organisation's keys, newest first.
  (table) => [
    index('api_keys_by_organization').on(
      table.organizationId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
  ],
)
