import { and, asc, eq, gt, gte, inArray, isNotNull, lt, or } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { attempts } from '../db/schema/attempt.ts'
import { ledgerEntries } from '../db/schema/ledger-entry.ts'
import { requests } from '../db/schema/request.ts'
import { GatewayError } from '../errors.ts'
import type { Money, PriceSnapshot } from '../protocol/settlement.ts'
import type { Usage } from '../protocol/usage.ts'
import type { Catalogue } from './catalogue.ts'
import { costOf } from './cost.ts'

export interface ReplayOptions {
  /** Requests that arrived at `from` or later and before `to`. */
  from: Date
  to: Date
  /** The price of a `provider/model` now; without it each attempt's own price is taken. */
  priceOf?: ((model: string) => PriceSnapshot | undefined) | undefined
}

/** An attempt whose booked cost is not what its usage costs. */
export interface CostDifference {
  organization: string
  requestId: string
  attemptNumber: number
  model: string
  /** With the corrections that were made before. */
  booked: Money[]
  /** Undefined where the cost cannot be told any more: nothing is corrected then. */
  recomputed: Money | undefined
  /** What is to be added to the ledger, one amount for each currency. */
  corrections: Money[]
}

const pageSize = 500

/** Works out the cost of every attempt with usage again; yields a page of what differs, and how many there were. */
export async function* replayCosts(
  db: Pick<Database, 'select'>,
  options: ReplayOptions,
): AsyncGenerator<{ attempts: number; differences: CostDifference[] }> {
  let after: Place | undefined
  for (;;) {
    const rows = await pageAfter(db, options, after)
    const last = rows.at(-1)
    if (!last) return
    const corrected = await correctionsOf(db, rows)
    const differences = rows.flatMap((row) => differenceOf(row, corrected, options) ?? [])
    yield { attempts: rows.length, differences }
    after = { createdAt: last.createdAt, id: last.requestId, number: last.number }
  }
}

/** What the models of a catalogue cost now; undefined for those that are gone. */
export function currentPrices(catalogue: Pick<Catalogue, 'resolve'>) {
  return (model: string): PriceSnapshot | undefined => {
    try {
      return catalogue.resolve(model).price
    } catch (error) {
      if (error instanceof GatewayError) return undefined
      throw error
    }
  }
}

interface Place {
  createdAt: Date
  id: string
  number: number
}

function pageAfter(
  db: Pick<Database, 'select'>,
  { from, to }: ReplayOptions,
  after: Place | undefined,
) {
  const later = after
    ? or(
        gt(requests.createdAt, after.createdAt),
        and(eq(requests.createdAt, after.createdAt), gt(requests.id, after.id)),
        and(eq(requests.id, after.id), gt(attempts.number, after.number)),
      )
    : undefined
  return (
    db
      .select(columns)
      .from(attempts)
      // Both times, so that each side is looked for in its partitions alone.
      .innerJoin(
        requests,
        and(eq(requests.id, attempts.requestId), eq(requests.createdAt, attempts.createdAt)),
      )
      .where(
        and(
          gte(requests.createdAt, from),
          lt(requests.createdAt, to),
          gte(attempts.createdAt, from),
          lt(attempts.createdAt, to),
          isNotNull(attempts.usageEstimated),
          later,
        ),
      )
      .orderBy(asc(requests.createdAt), asc(requests.id), asc(attempts.number))
      .limit(pageSize)
  )
}

const columns = {
  requestId: attempts.requestId,
  number: attempts.number,
  organization: requests.organizationId,
  createdAt: requests.createdAt,
  model: attempts.model,
  price: attempts.price,
  inputTokens: attempts.inputTokens,
  cachedInputTokens: attempts.cachedInputTokens,
  cacheWriteTokens: attempts.cacheWriteTokens,
  outputTokens: attempts.outputTokens,
  reasoningTokens: attempts.reasoningTokens,
  costNanos: attempts.costNanos,
  costCurrency: attempts.costCurrency,
}

type Row = Awaited<ReturnType<typeof pageAfter>>[number]

/** What was corrected of each attempt before; corrections of a whole request are somebody's decision and stay. */
async function correctionsOf(
  db: Pick<Database, 'select'>,
  rows: readonly Row[],
): Promise<Map<string, Money[]>> {
  const entries = await db
    .select()
    .from(ledgerEntries)
    .where(
      and(
        inArray(ledgerEntries.requestId, [...new Set(rows.map(({ requestId }) => requestId))]),
        isNotNull(ledgerEntries.attemptNumber),
      ),
    )
  const byAttempt = Map.groupBy(entries, (entry) => `${entry.requestId} ${entry.attemptNumber}`)
  return new Map(
    [...byAttempt].map(([key, of]) => [
      key,
      of.map(({ currency, nanos }) => ({ currency, nanos })),
    ]),
  )
}

function differenceOf(
  row: Row,
  corrected: ReadonlyMap<string, Money[]>,
  { priceOf }: ReplayOptions,
): CostDifference | undefined {
  const price = priceOf ? priceOf(row.model) : (row.price ?? undefined)
  const recomputed = costOf(price, usageOf(row))
  const { costNanos: nanos, costCurrency: currency } = row
  const cost = nanos === null || currency === null ? [] : [{ currency, nanos }]
  const before = corrected.get(`${row.requestId} ${row.number}`) ?? []
  const booked = summed([...cost, ...before])
  const corrections = recomputed
    ? summed([recomputed, ...booked.map((money) => ({ ...money, nanos: -money.nanos }))])
    : []
  const wrong = recomputed ? corrections.length > 0 : booked.length > 0
  if (!wrong) return undefined
  const { organization, requestId, number: attemptNumber, model } = row
  return { organization, requestId, attemptNumber, model, booked, recomputed, corrections }
}

function usageOf(row: Row): Usage {
  return {
    inputTokens: row.inputTokens ?? undefined,
    cachedInputTokens: row.cachedInputTokens ?? undefined,
    cacheWriteTokens: row.cacheWriteTokens ?? undefined,
    outputTokens: row.outputTokens ?? undefined,
    reasoningTokens: row.reasoningTokens ?? undefined,
    estimated: false,
  }
}

/** One amount for each currency; those that come to nothing are left out. */
export function summed(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, bigint>()
  for (const { currency, nanos } of amounts) sums.set(currency, (sums.get(currency) ?? 0n) + nanos)
  return [...sums]
    .filter(([, nanos]) => nanos !== 0n)
    .map(([currency, nanos]) => ({ currency, nanos }))
}
