import { index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Scope } from '../../protocol/actor.ts'
import type { Tags } from '../../protocol/tags.ts'
import { bytea } from '../bytea.ts'
import { organizations } from './organization.ts'

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
    /** Of the secret before the last rotation; it works until `previousExpiresAt`. */
    previousHash: bytea('previous_hash').unique(),
    previousExpiresAt: timestamp('previous_expires_at', { withTimezone: true }),
    tier: text('tier').notNull(),
    scopes: jsonb('scopes').$type<Scope[]>().notNull(),
    /** Null = every model. */
    models: jsonb('models').$type<string[]>(),
    /** Addresses and networks that it may be used from; null = every address. */
    allowedIps: jsonb('allowed_ips').$type<string[]>(),
    /** Tags of each of its requests that does not say otherwise. */
    tags: jsonb('tags').$type<Tags>(),
    /** What its owner keeps with it; never interpreted. */
    metadata: jsonb('metadata').$type<Record<string, unknown>>(),
    /** In milliseconds, as cursors are. */
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
    /** Null while it is enabled. */
    disabledAt: timestamp('disabled_at', { withTimezone: true }),
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
