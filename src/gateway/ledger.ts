import { inArray } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import { attempts } from '../db/schema/attempt.ts'
import { requests } from '../db/schema/request.ts'
import type { ErrorCode } from '../errors.ts'
import type { AttemptRecord, Money, Settlement } from '../protocol/settlement.ts'
import { totalTokens, type Usage } from '../protocol/usage.ts'
import type { Tags } from './call.ts'

/** Everything that is kept of one request. */
export interface LedgerEntry {
  settlement: Settlement
  organization: string
  /** Null for the master key. */
  apiKeyId: string | null
  createdAt: Date
  door: 'rest' | 'graphql'
  requestedModel: string
  stream: boolean
  latencyMs: number
  timeToFirstTokenMs?: number | undefined
  errorCode?: ErrorCode | undefined
  tags?: Tags | undefined
}

/** Where settled requests go. Writing happens off the request path. */
export interface Ledger {
  /** Takes an entry; never throws and never waits. */
  append(entry: LedgerEntry): void
  /** Resolves when everything appended so far is in the database; rejects when the database refuses it. */
  flush(): Promise<void>
}

const batchDelayMs = 25
const batchRowsMax = 500
const retryDelayMs = 1_000

/** A ledger that writes in batches; what the database refuses is kept and tried again. */
export function createLedger(db: Database, logger: Logger): Ledger {
  let waiting: LedgerEntry[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined

  function schedule(delayMs: number): void {
    timer ??= setTimeout(() => void flush().catch(() => {}), delayMs)
  }

  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchRowsMax)
      try {
        await writeBatch(db, batch)
      } catch (error) {
        logger.error({ err: error, entries: waiting.length }, 'the ledger could not be written')
        schedule(retryDelayMs)
        throw error
      }
      waiting = waiting.slice(batch.length)
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.catch(() => {}).then(writeWaiting)
    return writing
  }

  return {
    append: (entry) => {
      waiting.push(entry)
      schedule(batchDelayMs)
    },
    flush,
  }
}

/** One transaction; rows that are there already stay as they are, so that a batch may be written twice. */
async function writeBatch(db: Database, batch: readonly LedgerEntry[]): Promise<void> {
  const attemptRows = batch.flatMap(({ settlement }) =>
    settlement.attempts.map((attempt) => attemptRow(settlement.requestId, attempt)),
  )
  const keyIds = new Set(batch.flatMap((entry) => entry.apiKeyId ?? []))
  const lastUsedAt = new Date(Math.max(...batch.map((entry) => entry.createdAt.getTime())))
  await db.transaction(async (tx) => {
    await tx.insert(requests).values(batch.map(requestRow)).onConflictDoNothing()
    if (attemptRows.length > 0) await tx.insert(attempts).values(attemptRows).onConflictDoNothing()
    if (keyIds.size > 0) {
      await tx
        .update(apiKeys)
        .set({ lastUsedAt })
        .where(inArray(apiKeys.id, [...keyIds]))
    }
  })
}

function requestRow(entry: LedgerEntry): typeof requests.$inferInsert {
  const { settlement } = entry
  return {
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
}

function attemptRow(requestId: string, attempt: AttemptRecord): typeof attempts.$inferInsert {
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
