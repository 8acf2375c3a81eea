import { eq, inArray } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { budgets } from '../../db/schema/budget.ts'
import { rateLimits } from '../../db/schema/rate-limit.ts'
import { tiers } from '../../db/schema/tier.ts'
import {
  everyOrganization,
  limitScopes,
  rateNames,
  type LimitScope,
  type Rates,
} from '../../protocol/limit.ts'
import { windowAt, type Window } from './period.ts'

/** Everything that limits the requests of one organisation. */
export interface LimitBook {
  organization: string
  tiers: ReadonlyMap<string, Rates>
  /** By scope and subject; `*` stands for each that has none of its own. */
  rates: ReadonlyMap<LimitScope, ReadonlyMap<string, Rates>>
  budgets: ReadonlyMap<LimitScope, readonly BudgetRule[]>
}

export interface BudgetRule {
  row: typeof budgets.$inferSelect
  limit: number
  /** Where a moment stands among its slots. */
  windowAt(now: number): Window
}

/** Reads an organisation's limits; `overrides` are the configuration's words on tiers. */
export async function loadBook(
  db: Database,
  organization: string,
  overrides: Readonly<Record<string, Partial<Rates>>>,
): Promise<LimitBook> {
  const tierRows = await db
    .select()
    .from(tiers)
    .where(inArray(tiers.organizationId, [everyOrganization, organization]))
  const rateRows = await db
    .select()
    .from(rateLimits)
    .where(eq(rateLimits.organizationId, organization))
  const budgetRows = await db.select().from(budgets).where(eq(budgets.organizationId, organization))
  const common = tierRows.filter(({ organizationId }) => organizationId === everyOrganization)
  const own = tierRows.filter(({ organizationId }) => organizationId !== everyOrganization)
  const plans = new Map(
    common.map((row) => [row.name, { ...ratesOf(row), ...overrides[row.name] }]),
  )
  for (const row of own) plans.set(row.name, ratesOf(row))
  return {
    organization,
    tiers: plans,
    rates: new Map(
      limitScopes.map((scope) => [
        scope,
        new Map(
          rateRows.flatMap((row) => (row.scope === scope ? [[row.subject, ratesOf(row)]] : [])),
        ),
      ]),
    ),
    budgets: Map.groupBy(budgetRows.map(budgetRule), ({ row }) => row.scope),
  }
}

/** The rates among the columns of a row. */
function ratesOf(row: Rates): Rates {
  const { requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay, concurrency } = row
  return { requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay, concurrency }
}

/** Whether they limit anything. */
export function isLimited(rates: Rates): boolean {
  return rateNames.some((name) => rates[name] !== null)
}

/** A calendar is asked once for each slot. */
function budgetRule(row: typeof budgets.$inferSelect): BudgetRule {
  let window: Window | undefined
  return {
    row,
    limit: Number(row.limitNanos),
    windowAt: (now) => {
      if (!window || now >= window.until || now < window.slot) window = windowAt(row, now)
      return window
    },
  }
}
