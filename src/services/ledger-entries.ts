import { and, asc, eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '../db/client.ts'
import { ledgerEntries } from '../db/schema/ledger-entry.ts'
import { requests } from '../db/schema/request.ts'
import { GatewayError, invalidRequest } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { isStorableText } from '../lib/storable.ts'
import type { Actor } from '../protocol/actor.ts'
import type { Money } from '../protocol/settlement.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { timesOf, timesSince } from './log-place.ts'
import { operatorOf } from './operator.ts'
import { requireScope } from './permission.ts'

export type LedgerEntryRow = typeof ledgerEntries.$inferSelect

/** A correction to be: what is added to the account, and why. */
export interface Adjustment {
  amount: Money
  reason: string
  /** The request whose cost is corrected; without it the account of the organisation is. */
  requestId?: string | undefined
  attemptNumber?: number | undefined
}

const nanosMax = 2n ** 63n - 1n

const adjustment = z.object({
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code of three capitals, as "USD"'),
  nanos: z
    .bigint()
    .refine((nanos) => nanos !== 0n, 'must not be zero')
    .refine((nanos) => nanos <= nanosMax && nanos >= -nanosMax, 'is too much'),
  reason: z
    .string()
    .trim()
    .min(1, 'must say why')
    .max(500, 'may have at most 500 characters')
    .refine(isStorableText, 'must be text without NUL'),
})

/** Corrects what was booked, by a further entry; throws NOT_FOUND for a request that is not on the log. */
export async function createAdjustment(
  deps: Pick<ServiceDeps, 'db' | 'ledger'>,
  actor: Actor,
  input: Adjustment,
): Promise<LedgerEntryRow> {
  requireScope(actor, 'ADMIN', 'correct the ledger')
  const { amount, requestId } = input
  const parsed = adjustment.safeParse({ ...amount, reason: input.reason })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = `input.${issue?.path[0] === 'nanos' ? 'amountNanos' : issue?.path.join('.')}`
    throw invalidRequest(path, `\`${path}\` ${issue?.message}.`)
  }
  await deps.ledger.flush()
  return deps.db.transaction(async (tx) => {
    const corrected = { ...input, reason: parsed.data.reason }
    const apiKeyId = requestId === undefined ? null : await keyOf(tx, actor, requestId)
    return writeAdjustment(tx, actor, { ...corrected, apiKeyId })
  })
}

/** Corrects the cost of one attempt, as the operator, where its usage costs something else than was booked. */
export async function correctAttempt(
  { db }: Pick<ServiceDeps, 'db'>,
  { organization, requestId, attemptNumber, corrections }: AttemptCorrection,
): Promise<void> {
  const actor = operatorOf(organization)
  await db.transaction(async (tx) => {
    const apiKeyId = await keyOf(tx, actor, requestId)
    for (const amount of corrections) {
      await writeAdjustment(tx, actor, {
        amount,
        reason: 'replay: the cost was computed again',
        requestId,
        attemptNumber,
        apiKeyId,
      })
    }
  })
}

interface AttemptCorrection {
  organization: string
  requestId: string
  attemptNumber: number
  /** One amount for each currency. */
  corrections: readonly Money[]
}

/** Writes one correction with its audit; belongs into a transaction. */
async function writeAdjustment(
  tx: Pick<Database, 'insert'>,
  actor: Actor,
  { amount, reason, requestId, attemptNumber, apiKeyId }: Adjustment & { apiKeyId: string | null },
): Promise<LedgerEntryRow> {
  const row: LedgerEntryRow = {
    id: newId('adj'),
    createdAt: new Date(),
    organizationId: actor.organization,
    apiKeyId,
    requestId: requestId ?? null,
    attemptNumber: attemptNumber ?? null,
    kind: 'adjustment',
    currency: amount.currency,
    nanos: amount.nanos,
    reason,
  }
  await tx.insert(ledgerEntries).values(row)
  await writeAudit(tx, actor, {
    action: 'ledger.adjust',
    entity:
      requestId === undefined
        ? { kind: 'organization', id: actor.organization }
        : { kind: 'request', id: requestId },
    detail: { entry: row.id, currency: amount.currency, nanos: String(amount.nanos), reason },
  })
  return row
}

async function keyOf(
  tx: Pick<Database, 'select'>,
  actor: Actor,
  requestId: string,
): Promise<string | null> {
  const own = and(
    eq(requests.id, requestId),
    timesOf(requests.createdAt, [requestId]),
    eq(requests.organizationId, actor.organization),
  )
  const found = isStorableText(requestId)
    ? await tx.select({ apiKeyId: requests.apiKeyId }).from(requests).where(own)
    : []
  const [request] = found
  if (request) return request.apiKeyId
  throw new GatewayError({
    code: 'NOT_FOUND',
    message: 'There is no request with this id on the log.',
    path: 'input.requestId',
  })
}

/** The entries of several requests of the actor's organisation, oldest first, in the order of `requestIds`. */
export async function entriesOfRequests(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
  requestIds: readonly string[],
): Promise<LedgerEntryRow[][]> {
  requireScope(actor, 'READ', 'read the ledger')
  const rows = await db
    .select()
    .from(ledgerEntries)
    .where(
      and(
        inArray(ledgerEntries.requestId, [...requestIds]),
        timesSince(ledgerEntries.createdAt, requestIds),
        eq(ledgerEntries.organizationId, actor.organization),
      ),
    )
    .orderBy(asc(ledgerEntries.createdAt), asc(ledgerEntries.id))
  const byRequest = Map.groupBy(rows, ({ requestId }) => requestId)
  return requestIds.map((id) => byRequest.get(id) ?? [])
}
