import { index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Actor } from '../../protocol/actor.ts'

/** Who changed what in the control plane; rows are only ever added. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    actorKind: text('actor_kind').$type<Actor['kind']>().notNull(),
    actorId: text('actor_id').notNull(),
    /** As `api-key.create`. */
    action: text('action').notNull(),
    entityKind: text('entity_kind').notNull(),
    entityId: text('entity_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    /** What was changed; never a secret. */
    detail: jsonb('detail').$type<Record<string, unknown>>(),
  },
  (table) => [
    // The log of an organisation, newest first, and the history of one entity.
    index('audit_log_by_time').on(table.organizationId, table.createdAt.desc(), table.id.desc()),
    index('audit_log_by_entity').on(table.organizationId, table.entityKind, table.entityId),
  ],
)
