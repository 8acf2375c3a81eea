import { and, gte, inArray, sql } from 'drizzle-orm'
import { ledgerEntries } from '../db/schema/ledger-entry.ts'
import { requests } from '../db/schema/request.ts'
import { invalidRequest } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import type { Money } from '../protocol/settlement.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'
import {
  isImpossible,
  newestFirst,
  onPage,
  type RequestFilter,
  type RequestPosition,
} from './requests.ts'
import { exportPageRows } from './usage-export.ts'

type ExportDeps = Pick<ServiceDeps, 'db' | 'ledger'>

/** A request of the log without what explains its way, and what was booked for it. */
export type RequestExportRow = Awaited<ReturnType<typeof pageOf>>[number] & {
  /** The sum of its ledger entries, of all attempts and with corrections: one amount for each currency. */
  booked: Money[]
}

/**
 * The actor's organisation's log, page by page, newest first; a page is read when it is asked for, so that no
 * more than one is held.
 */
export async function* exportRequests(
  deps: ExportDeps,
  actor: Actor,
  filter: RequestFilter,
): AsyncGenerator<RequestExportRow[]> {
  requireScope(actor, 'READ', 'read the request log')
  const { from, to, model, provider } = filter
  if (from && to && from >= to) throw invalidRequest('to', '`to` must be later than `from`.')
  if ([model, provider].some(isImpossible)) return
  await deps.ledger.flush()
  let after: RequestPosition | undefined
  do {
    const rows = await pageOf(deps, actor, { filter, after })
    if (rows.length === 0) return
    const booked = await bookedOf(deps, rows)
    yield rows.map((row) => ({ ...row, booked: booked.get(row.id) ?? [] }))
    const last = rows.length < exportPageRows ? undefined : rows.at(-1)
    after = last && { createdAtMs: last.createdAt.getTime(), id: last.id }
  } while (after)
}

function pageOf(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
  page: { filter: RequestFilter; after: RequestPosition | undefined },
) {
  return db
    .select(columns)
    .from(requests)
    .where(onPage(actor, page))
    .orderBy(...newestFirst)
    .limit(exportPageRows)
}

const columns = {
  id: requests.id,
  createdAt: requests.createdAt,
  apiKeyId: requests.apiKeyId,
  user: requests.userId,
  door: requests.door,
  requestedModel: requests.requestedModel,
  model: requests.model,
  provider: requests.provider,
  status: requests.status,
  errorCode: requests.errorCode,
  stream: requests.stream,
  cache: requests.cache,
  latencyMs: requests.latencyMs,
  timeToFirstTokenMs: requests.timeToFirstTokenMs,
  tags: requests.tags,
  inputTokens: requests.inputTokens,
  cachedInputTokens: requests.cachedInputTokens,
  cacheWriteTokens: requests.cacheWriteTokens,
  outputTokens: requests.outputTokens,
  reasoningTokens: requests.reasoningTokens,
  totalTokens: requests.totalTokens,
  usageEstimated: requests.usageEstimated,
  costNanos: requests.costNanos,
  costCurrency: requests.costCurrency,
}

/** What the ledger says of these requests. */
async function bookedOf(
  { db }: Pick<ServiceDeps, 'db'>,
  rows: readonly { id: string; createdAt: Date }[],
): Promise<Map<string | null, Money[]>> {
  const { requestId, currency } = ledgerEntries
  const ids = rows.map(({ id }) => id)
  // What is older is in partitions that need not be looked into.
  const oldest = rows.at(-1)
  const nanos = sql<string>`sum(${ledgerEntries.nanos})`.mapWith((text: string) => BigInt(text))
  const sums = await db
    .select({ requestId, currency, nanos })
    .from(ledgerEntries)
    .where(and(inArray(requestId, ids), oldest && gte(ledgerEntries.createdAt, oldest.createdAt)))
    .groupBy(requestId, currency)
    .orderBy(requestId, currency)
  const booked = new Map<string | null, Money[]>()
  for (const { requestId: id, ...money } of sums) {
    booked.set(id, [...(booked.get(id) ?? []), money])
  }
  return booked
}
