import { inArray } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import type { attempts } from '../db/schema/attempt.ts'
import type { requests } from '../db/schema/request.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { AttemptRecord, Money } from '../protocol/settlement.ts'
import { totalTokens, type Usage } from '../protocol/usage.ts'
import { insertRows } from './ledger-insert.ts'
import type { LedgerEntry } from './ledger.ts'
import { rollUp } from './usage-rollup.ts'

export type RequestRow = Written<typeof requests.$inferInsert>
/** Its request says when that arrived. */
export type AttemptRow = Omit<Written<typeof attempts.$inferInsert>, 'createdAt'>

/** A row as JSON has it, in the journal and on its way to the database: times and big numbers are text. */
type Written<Row> = {
  [Member in keyof Row]: Row[Member] extends Date
    ? string
    : Row[Member] extends bigint | null | undefined
      ? string | null | undefined
      : Row[Member]
}

/** A request and its attempts in the form of their tables. */
export interface LedgerRows {
  request: RequestRow
  attempts: AttemptRow[]
  /** The request's decision as JSON, where `request` lacks it. */
  decision?: string | undefined
  /** All of it as JSON, where it was made already. */
  text?: string
  /** The same without the decision, where there is one. */
  brief?: string | undefined
}

/** One transaction; requests that are there already stay as they are, so that a batch may be written twice. */
export async function writeRows(db: Database, batch: readonly LedgerRows[]): Promise<void> {
  const keyIds = new Set(batch.flatMap(({ request }) => request.apiKeyId ?? []))
  const lastUsedAt = new Date(
    Math.max(...batch.map(({ request }) => Date.parse(request.createdAt))),
  )
  await db.transaction(async (tx) => {
    const inserted = await insertRows(tx, batch)
    const fresh = batch.filter(({ request }) => inserted.delete(request.id))
    if (keyIds.size > 0) {
      await tx
        .update(apiKeys)
        .set({ lastUsedAt })
        .where(inArray(apiKeys.id, [...keyIds]))
    }
    await rollUp(tx, fresh)
  })
}

export function rowsOf(entry: LedgerEntry): LedgerRows {
  const { settlement } = entry
  const request: RequestRow = {
    id: settlement.requestId,
    organizationId: entry.organization,
    apiKeyId: entry.apiKeyId,
    createdAt: isoTime(entry.createdAt),
    door: entry.door,
    requestedModel: entry.requestedModel,
    model: settlement.model,
    provider: settlement.provider,
    status: settlement.status,
    stream: entry.stream,
    latencyMs: micros(entry.latencyMs),
    timeToFirstTokenMs: entry.timeToFirstTokenMs && micros(entry.timeToFirstTokenMs),
    errorCode: entry.errorCode,
    cache: settlement.cache,
    tags: entry.tags,
    userId: entry.user,
    reservedNanos: entry.reserved?.nanos.toString(),
    reservedCurrency: entry.reserved?.currency,
    ...usageRow(settlement.usage, settlement.cost),
  }
  const rows = settlement.attempts.map((attempt) => attemptRow(settlement.requestId, attempt))
  return { request, attempts: rows, decision: entry.decision?.() }
}

function attemptRow(requestId: string, attempt: AttemptRecord): AttemptRow {
  return {
    requestId,
    number: attempt.number,
    provider: attempt.provider,
    model: attempt.model,
    status: attempt.status,
    startedAt: isoTime(attempt.startedAt),
    httpStatus: attempt.httpStatus,
    errorCode: attempt.errorCode,
    errorMessage: attempt.errorMessage,
    latencyMs: micros(attempt.latencyMs),
    timeToFirstTokenMs: attempt.timeToFirstTokenMs && micros(attempt.timeToFirstTokenMs),
    upstreamId: attempt.upstreamId,
    upstreamModel: attempt.upstreamModel,
    rawUsage: attempt.usage?.raw?.body,
    price: attempt.price,
    accountingNanos: attempt.accounting?.money.nanos.toString(),
    accountingCurrency: attempt.accounting?.money.currency,
    rate: attempt.accounting?.rate,
    ...usageRow(attempt.usage, attempt.cost),
  }
}

function usageRow(usage: Usage | undefined, cost: Money | undefined) {
  return {
    inputTokens: usage?.inputTokens,
    cachedInputTokens: usage?.cachedInputTokens,
    cacheWriteTokens: usage?.cacheWriteTokens,
    outputTokens: usage?.outputTokens,
    reasoningTokens: usage?.reasoningTokens,
    totalTokens: usage && totalTokens(usage),
    usageEstimated: usage?.estimated,
    costNanos: cost?.nanos.toString(),
    costCurrency: cost?.currency,
  }
}

/** When a request ended, in Unix milliseconds: the same number as the database computes from its row. */
export function settledAt({
  createdAt,
  latencyMs,
}: Pick<LedgerEntry, 'createdAt' | 'latencyMs'>): number {
  return createdAt.getTime() + micros(latencyMs)
}

/** Milliseconds to the microsecond: more digits say nothing and are written twice. */
function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
