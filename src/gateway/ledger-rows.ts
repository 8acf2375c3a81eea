import { inArray } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import { attempts } from '../db/schema/attempt.ts'
import { requests } from '../db/schema/request.ts'
import type { AttemptRecord, Money } from '../protocol/settlement.ts'
import { storable } from '../lib/storable.ts'
import { totalTokens, type Usage } from '../protocol/usage.ts'
import type { LedgerEntry } from './ledger.ts'
import { rollUp } from './usage-rollup.ts'

export type RequestRow = typeof requests.$inferInsert
export type AttemptRow = typeof attempts.$inferInsert

/** A request and its attempts in the form of their tables. */
export interface LedgerRows {
  request: RequestRow
  attempts: AttemptRow[]
}

/** One transaction; requests that are there already stay as they are, so that a batch may be written twice. */
export async function writeRows(db: Database, batch: readonly LedgerRows[]): Promise<void> {
  const keyIds = new Set(batch.flatMap(({ request }) => request.apiKeyId ?? []))
  const lastUsedAt = new Date(Math.max(...batch.map(({ request }) => request.createdAt.getTime())))
  await db.transaction(async (tx) => {
    const inserted = await tx
      .insert(requests)
      .values(batch.map((rows) => rows.request))
      .onConflictDoNothing()
      .returning({ id: requests.id })
    const ids = new Set(inserted.map(({ id }) => id))
    const fresh = batch.filter(({ request }) => ids.delete(request.id))
    const attemptRows = fresh.flatMap((rows) => rows.attempts)
    if (attemptRows.length > 0) await tx.insert(attempts).values(attemptRows).onConflictDoNothing()
    if (keyIds.size > 0) {
      await tx
        .update(apiKeys)
        .set({ lastUsedAt })
        .where(inArray(apiKeys.id, [...keyIds]))
    }
    await rollUp(tx, fresh)
  })
}

/** What clients and providers write is kept as far as the database can; no row is lost for a character. */
export function rowsOf(entry: LedgerEntry): LedgerRows {
  const { settlement } = entry
  const request: RequestRow = {
    id: settlement.requestId,
    organizationId: entry.organization,
    apiKeyId: entry.apiKeyId,
    createdAt: entry.createdAt,
    door: entry.door,
    requestedModel: entry.requestedModel,
    model: settlement.model ?? null,
    provider: settlement.provider ?? null,
    status: settlement.status,
    stream: entry.stream,
    latencyMs: entry.latencyMs,
    timeToFirstTokenMs: entry.timeToFirstTokenMs ?? null,
    errorCode: entry.errorCode ?? null,
    tags: entry.tags ?? null,
    ...usageRow(settlement.usage, settlement.cost),
  }
  const rows = settlement.attempts.map((attempt) => attemptRow(settlement.requestId, attempt))
  return storable({ request, attempts: rows })
}

function attemptRow(requestId: string, attempt: AttemptRecord): AttemptRow {
  return {
    requestId,
    number: attempt.number,
    provider: attempt.provider,
    model: attempt.model,
    status: attempt.status,
    startedAt: attempt.startedAt,
    httpStatus: attempt.httpStatus ?? null,
    errorCode: attempt.errorCode ?? null,
    errorMessage: attempt.errorMessage ?? null,
    latencyMs: attempt.latencyMs,
    timeToFirstTokenMs: attempt.timeToFirstTokenMs ?? null,
    upstreamId: attempt.upstreamId ?? null,
    upstreamModel: attempt.upstreamModel ?? null,
    rawUsage: attempt.usage?.raw?.body ?? null,
    price: attempt.price ?? null,
    ...usageRow(attempt.usage, attempt.cost),
  }
}

function usageRow(usage: Usage | undefined, cost: Money | undefined) {
  return {
    inputTokens: usage?.inputTokens ?? null,
    cachedInputTokens: usage?.cachedInputTokens ?? null,
    cacheWriteTokens: usage?.cacheWriteTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    reasoningTokens: usage?.reasoningTokens ?? null,
    totalTokens: (usage && totalTokens(usage)) ?? null,
    usageEstimated: usage?.estimated ?? null,
    costNanos: cost?.nanos ?? null,
    costCurrency: cost?.currency ?? null,
  }
}
