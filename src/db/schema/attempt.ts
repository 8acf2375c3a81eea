import {
  bigint,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { ErrorCode } from '../../errors.ts'
import type { AttemptRecord, PriceSnapshot, RateSnapshot } from '../../protocol/settlement.ts'
import { usageColumns } from './request.ts'

export const attempts = pgTable(
  'attempts',
  {
    requestId: text('request_id').notNull(),
    /** That of its request, beside which it is kept and dropped. */
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
    /** From 1, in the order of the calls. */
    number: integer('number').notNull(),
    provider: text('provider').notNull(),
    /** `provider/model`. */
    model: text('model').notNull(),
    status: text('status').$type<AttemptRecord['status']>().notNull(),
    startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }).notNull(),
    httpStatus: integer('http_status'),
    errorCode: text('error_code').$type<ErrorCode>(),
    errorMessage: text('error_message'),
    latencyMs: doublePrecision('latency_ms').notNull(),
    timeToFirstTokenMs: doublePrecision('time_to_first_token_ms'),
    upstreamId: text('upstream_id'),
    upstreamModel: text('upstream_model'),
    /** The provider's usage object as it came. */
    rawUsage: jsonb('raw_usage').$type<Record<string, unknown>>(),
    /** The price at the time of the call, with which `cost_nanos` was computed. */
    price: jsonb('price').$type<PriceSnapshot>(),
    /** The cost in the accounting currency, in nano-units; null without a rate. */
    accountingNanos: bigint('accounting_nanos', { mode: 'bigint' }),
    accountingCurrency: text('accounting_currency'),
    /** The rate that was used; null where the currency is the same. */
    rate: jsonb('rate').$type<RateSnapshot>(),
    ...usageColumns,
  },
  (table) => [primaryKey({ columns: [table.requestId, table.createdAt, table.number] })],
)
