import { pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import type { LimitScope } from '../../protocol/limit.ts'
import { organizations } from './organization.ts'
import { rateColumns } from './tier.ts'

/** Limits beside those of the tiers: on a key, a user, the organisation, a tag, a provider, a model. */
export const rateLimits = pgTable(
  'rate_limits',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    scope: text('scope').$type<LimitScope>().notNull(),
    /** The id of a key, a user's name, `team=search`, a provider, `provider/model`; `*` = each by itself. */
    subject: text('subject').notNull(),
    ...rateColumns,
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  // Also the limits of an organisation.
  (table) => [unique('rate_limits_of').on(table.organizationId, table.scope, table.subject)],
)
