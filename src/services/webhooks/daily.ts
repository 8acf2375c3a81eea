import { and, eq, inArray, min } from 'drizzle-orm'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { webhookEvents } from '../../db/schema/webhook-event.ts'
import { formatNanos } from '../../lib/decimal.ts'
import type { GatewayEvent } from '../../protocol/gateway-event.ts'
import type { Money } from '../../protocol/settlement.ts'
import type { ServiceDeps } from '../deps.ts'
import { operatorOf } from '../operator.ts'
import { readUsage, type UsageRow } from '../usage.ts'
import { countNames } from '../usage-query.ts'
import { listensTo } from './endpoints.ts'

const dayMs = 86_400_000
/** What began before midnight has ended and is written by then. */
const settledAfterMs = 15 * 60_000
/** How many missed days are told of later. */
const missedDaysMax = 31

const type = 'usage.daily'

/** The day of UTC that was told of last, or is to be, at a moment: its midnight in Unix milliseconds. */
export function lastWholeDay(now: number): number {
  return Math.floor((now - settledAfterMs) / dayMs) * dayMs - dayMs
}

/**
 * Raises `usage.daily` for every organisation that listens and every day that is over, once over all instances;
 * days that were missed, as nothing ran, come later.
 */
export async function tellDailyUsage(
  deps: Pick<ServiceDeps, 'db' | 'ledger'>,
  now: number,
  write: (event: GatewayEvent) => Promise<unknown>,
): Promise<void> {
  const listening = await deps.db
    .select({
      organization: webhookEndpoints.organizationId,
      since: min(webhookEndpoints.createdAt),
    })
    .from(webhookEndpoints)
    .where(listensTo(type))
    .groupBy(webhookEndpoints.organizationId)
  for (const { organization, since } of listening) {
    if (!since) continue
    const missing = await missingDays(deps, { organization, since: since.getTime(), now })
    for (const day of missing) await write(await eventOf(deps, organization, day))
  }
}

async function missingDays(
  { db }: Pick<ServiceDeps, 'db'>,
  { organization, since, now }: { organization: string; since: number; now: number },
): Promise<number[]> {
  const last = lastWholeDay(now)
  const first = Math.max(Math.floor(since / dayMs) * dayMs, last - (missedDaysMax - 1) * dayMs)
  const days: number[] = []
  for (let day = first; day <= last; day += dayMs) days.push(day)
  if (days.length === 0) return []
  const { organizationId, key } = webhookEvents
  const told = await db
    .select({ key })
    .from(webhookEvents)
    .where(and(eq(organizationId, organization), inArray(key, days.map(keyOf))))
  const keys = new Set(told.map((row) => row.key))
  return days.filter((day) => !keys.has(keyOf(day)))
}

async function eventOf(
  deps: Pick<ServiceDeps, 'db' | 'ledger'>,
  organization: string,
  day: number,
): Promise<GatewayEvent> {
  const span = { from: new Date(day), to: new Date(day + dayMs) }
  const query = { ...span, groupBy: [], granularity: 'total' as const }
  const [used] = await readUsage(deps, operatorOf(organization), query)
  return {
    type,
    organization,
    key: keyOf(day),
    at: span.to,
    data: { day: dateOf(day), ...countsOf(used), ...moneyOf(used) },
  }
}

function countsOf(used: UsageRow | undefined): Record<string, number> {
  return Object.fromEntries(countNames.map((name) => [name, Number(used?.[name] ?? 0n)]))
}

function moneyOf(used: UsageRow | undefined): Record<string, object[]> {
  const texts = (amounts: readonly Money[]) =>
    amounts.map(({ currency, nanos }) => ({ currency, amount: formatNanos(nanos) }))
  return { cost: texts(used?.cost ?? []), accountingCost: texts(used?.accountingCost ?? []) }
}

function keyOf(day: number): string {
  return `${type}:${dateOf(day)}`
}

/** As `2026-11-30`. */
function dateOf(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}
