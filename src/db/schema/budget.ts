import { bigint, boolean, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { BudgetPeriod, LimitScope } from '../../protocol/limit.ts'
import { organizations } from './organization.ts'

/** What may be spent at most in a period. */
export const budgets = pgTable(
  'budgets',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    scope: text('scope').$type<LimitScope>().notNull(),
    /** As in `rate_limits`; `*` = each by itself. */
    subject: text('subject').notNull(),
    /** Nano-units (1e-9) of `currency`. */
    limitNanos: bigint('limit_nanos', { mode: 'bigint' }).notNull(),
    currency: text('currency').notNull(),
    period: text('period').$type<BudgetPeriod>().notNull(),
    /** Of calendar periods; null = the window that rolls with the time, of 1, 7 or 30 days. */
    timeZone: text('time_zone'),
    /** Per cent of the limit at which an event is raised. */
    thresholds: jsonb('thresholds').$type<number[]>().notNull(),
    /** Whether a stream ends when what was reserved for it is used up. */
    stopStreamAtLimit: boolean('stop_stream_at_limit').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  // The budgets of an organisation, newest first.
  (table) => [index('budgets_by_organization').on(table.organizationId, table.createdAt.desc())],
)
