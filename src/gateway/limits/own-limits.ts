import type { Actor } from '../../protocol/actor.ts'
import type { BudgetLevel, LimitLevel } from '../../protocol/limit.ts'
import type { GatewayDeps } from '../deps.ts'
import { budgetLevels, limitLevels } from './level.ts'
import { callerLimits, metersOf, type Cost } from './plan.ts'

/** How the limits and budgets stand that hold for every request of an actor; nothing is taken. */
export async function ownLimits(
  { limits }: Pick<GatewayDeps, 'limits'>,
  actor: Actor,
): Promise<{ limits: LimitLevel[]; budgets: BudgetLevel[] }> {
  const book = await limits.books.of(actor.organization)
  const tags = actor.kind === 'api-key' ? actor.tags : undefined
  const applying = callerLimits(book, { actor, user: undefined, tags }, limits.settings.masterRates)
  const meters = metersOf(book, applying, { cost: nothing, now: Date.now() })
  if (meters.length === 0) return { limits: [], budgets: [] }
  const readings = await limits.engine.read(meters)
  return { limits: limitLevels(meters, readings), budgets: budgetLevels(meters, readings) }
}

const nothing: Cost = { tokens: 0, nanos: () => 0 }
