import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { ErrorCode } from '../../errors.ts'
import type { CacheResult, RequestStatus } from '../../protocol/settlement.ts'
import type { StoredDecision } from '../../protocol/stored-decision.ts'

/** Token classes and cost, the same on requests and on attempts; null = unknown. */
export const usageColumns = {
  inputTokens: integer('input_tokens'),
  cachedInputTokens: integer('cached_input_tokens'),
  cacheWriteTokens: integer('cache_write_tokens'),
  outputTokens: integer('output_tokens'),
  reasoningTokens: integer('reasoning_tokens'),
  totalTokens: integer('total_tokens'),
  /** Null where there is no usage at all. */
  usageEstimated: boolean('usage_estimated'),
  /** Nano-units (1e-9) of `cost_currency`. */
  costNanos: bigint('cost_nanos', { mode: 'bigint' }),
  costCurrency: text('cost_currency'),
}

/** In partitions by month of `created_at`, as are `attempts` and `ledger_entries`: see `db/partitions.ts`. */
export const requests = pgTable(
  'requests',
  {
    /** The `x-request-id`. */
    id: text('id').notNull(),
    organizationId: text('organization_id').notNull(),
    /** Null for the master key. */
    apiKeyId: text('api_key_id'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
    door: text('door').$type<'rest' | 'graphql'>().notNull(),
    requestedModel: text('requested_model').notNull(),
    /** The deployment that answered, `provider/model`. */
    model: text('model'),
    provider: text('provider'),
    status: text('status').$type<RequestStatus>().notNull(),
    stream: boolean('stream').notNull(),
    /** Of an interrupted request: as long as its journal was still written to. */
    latencyMs: doublePrecision('latency_ms').notNull(),
    timeToFirstTokenMs: doublePrecision('time_to_first_token_ms'),
    errorCode: text('error_code').$type<ErrorCode>(),
    /** How it was routed; null where there was nothing to decide. */
    decision: jsonb('decision').$type<StoredDecision>(),
    /** What the cache of answers did; null where it was not asked. */
    cache: text('cache').$type<CacheResult>(),
    tags: jsonb('tags').$type<Record<string, unknown>>(),
    /** What the client calls its own user. */
    userId: text('user_id'),
    /** What the budgets held for it by estimate, in nano-units of `reserved_currency`. */
    reservedNanos: bigint('reserved_nanos', { mode: 'bigint' }),
    reservedCurrency: text('reserved_currency'),
    ...usageColumns,
  },
  (table) => [
    primaryKey({ columns: [table.id, table.createdAt] }),
    // The log of an organisation, newest first, whole and by model or provider.
    index('requests_by_time').on(table.organizationId, table.createdAt.desc(), table.id.desc()),
    index('requests_by_model').on(table.organizationId, table.model, table.createdAt.desc()),
    index('requests_by_provider').on(table.organizationId, table.provider, table.createdAt.desc()),
  ],
)
