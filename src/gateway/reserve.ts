import type { Money } from '../protocol/settlement.ts'
import type { CallOrder } from './attempt-plan.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { dearestCost, type Demand } from './limits/demand.ts'
import { limitLevels } from './limits/level.ts'
import type { Limits } from './limits/limits.ts'
import type { BudgetMeter, Meter, Outcome, Reading } from './limits/meter.ts'
import {
  callerLimits,
  countsTokens,
  deploymentLimits,
  limitsDeployments,
  metersOf,
} from './limits/plan.ts'
import type { Applying, Cost } from './limits/plan.ts'
import { refusalOf, tooDear, unpriced } from './limits/refusal.ts'
import { Reservation, type Option } from './limits/reservation.ts'

/** Who asks for what, and where it may go. */
export interface Admission {
  call: Call
  order: CallOrder
  demand: Demand
}

/**
 * Takes room on every limit that applies, in one atomic step: on those of whoever asks, and on those of the
 * first deployment that has room. Throws RATE_LIMIT_EXCEEDED or INSUFFICIENT_QUOTA where there is none, and
 * then nothing was taken. Undefined where nothing limits the request.
 */
export async function reserve(
  { limits, metrics, headroom }: Pick<GatewayDeps, 'limits' | 'metrics' | 'headroom'>,
  { call, order, demand }: Admission,
): Promise<Reservation | undefined> {
  const known = limits.books.of(call.actor.organization)
  const book = known instanceof Promise ? await known : known
  const caller = callerLimits(book, call, limits.settings.masterRates)
  const { maxCost } = call.hints
  // Without a word on money, tokens or deployments it is the same wherever the request goes.
  const isSame = !maxCost && !countsTokens(caller) && !limitsDeployments(book)
  const deployments = isSame ? [order.first] : [order.first, ...order.others()]
  const perDeployment = deployments.map((deployment) => deploymentLimits(book, deployment))
  if (!maxCost && caller.length === 0 && perDeployment.every(({ length }) => length === 0)) {
    return undefined
  }
  const counting = maxCost !== undefined || countsTokens([...caller, ...perDeployment.flat()])
  const inputTokens = counting ? await demand.inputTokens() : 0
  const estimate = estimator(limits, { deployments, demand, inputTokens })
  const currencies = new Set(caller.flatMap(currenciesOf))
  const options = deployments.map((deployment, index): Option => {
    const own = perDeployment[index] ?? []
    const cost = estimate.of(deployment)
    const meters = metersOf(book, own, { cost, now: Date.now() })
    const needed = new Set([...currencies, ...own.flatMap(currenciesOf)])
    return { deployment, meters, refusal: estimate.refusal(deployment, { needed, maxCost }) }
  })
  const open = options.filter(({ refusal }) => !refusal)
  const [first] = open
  if (!first) throw options[0]?.refusal ?? new Error('there is no deployment to reserve for')
  const cost = estimate.dearest(open.map(({ deployment }) => deployment))
  const meters = metersOf(book, caller, { cost, now: Date.now() })
  const taken = await ask(limits, { id: call.requestId, meters, open })
  const { outcome } = taken
  call.onLimits?.(limitLevels(taken.meters, readingsOf(outcome)))
  noteLeft(headroom, open, readingsOf(outcome).slice(taken.meters.length))
  if (outcome.status !== 'admitted') {
    const refusal = refuse(taken.meters, open, outcome)
    metrics.limited(refusal.by, refusal.error.code)
    const asked = [taken.meters, ...open.map((option) => option.meters)].flat()
    limits.onRefused(asked, readingsOf(outcome))
    throw refusal.error
  }
  noteRefusals(limits, { meters: taken.meters, open, outcome })
  const held = { id: call.requestId, organization: book.organization, by: taken.by, meters: [] }
  const chosen = open[outcome.option] ?? first
  const budgeted = [...taken.meters, ...chosen.meters].some(isBudget)
  const money = budgeted ? estimate.cost(chosen.deployment) : undefined
  return new Reservation(limits, { meters: taken.meters, options, first: chosen, held, money })
}

/** What is taken at most of tokens and money. */
function estimator(
  { settings, toCurrency }: Limits,
  {
    demand,
    inputTokens,
  }: { deployments: readonly Deployment[]; demand: Demand; inputTokens: number },
) {
  const usageOf = ({ maxOutputTokens }: Deployment) => ({
    inputTokens,
    outputTokens: demand.outputTokens(maxOutputTokens, settings.defaultOutputTokens),
  })
  const costs = new Map<Deployment, Money | undefined>()
  const costOf = (deployment: Deployment): Money | undefined => {
    if (!costs.has(deployment)) costs.set(deployment, dearestCost(deployment, usageOf(deployment)))
    return costs.get(deployment)
  }
  const worth = (deployment: Deployment, currency: string): bigint | undefined => {
    const cost = costOf(deployment)
    return cost && (cost.currency === currency ? cost.nanos : toCurrency(cost, currency))
  }
  const of = (deployment: Deployment): Cost => {
    const { outputTokens } = usageOf(deployment)
    return {
      tokens: inputTokens + outputTokens,
      nanos: (currency) => Number(worth(deployment, currency) ?? 0n),
    }
  }
  return {
    of,
    cost: costOf,
    dearest: (deployments: readonly Deployment[]): Cost => {
      const each = deployments.map(of)
      return {
        tokens: Math.max(...each.map(({ tokens }) => tokens)),
        nanos: (currency) => Math.max(...each.map(({ nanos }) => nanos(currency))),
      }
    },
    refusal: (
      deployment: Deployment,
      { needed, maxCost }: { needed: ReadonlySet<string>; maxCost: Money | undefined },
    ) => {
      if (maxCost) {
        const cost = worth(deployment, maxCost.currency)
        if (cost === undefined || cost > maxCost.nanos) {
          return tooDear(deployment.id, costOf(deployment), maxCost)
        }
      }
      if (settings.unpriced === 'open') return undefined
      for (const currency of needed) {
        if (worth(deployment, currency) === undefined) return unpriced(deployment.id, currency)
      }
      return undefined
    },
  }
}

function currenciesOf({ budgets }: Applying): string[] {
  return budgets.map(({ row }) => row.currency)
}

interface Asked {
  id: string
  meters: readonly Meter[]
  open: readonly Option[]
}

/** Budgets that end a stream in time let it begin with what is left of them. */
const retriesMax = 2

async function ask({ engine }: Limits, { id, meters, open }: Asked) {
  const options = open.map((option) => option.meters)
  let asked = meters
  for (let turn = 0; ; turn += 1) {
    const { outcome, by } = await engine.reserve({ id, meters: asked, options })
    const less = outcome.status === 'refused' ? withLess(asked, outcome.readings) : undefined
    if (!less || turn >= retriesMax) return { outcome, by, meters: asked }
    asked = less
  }
}

/** The same meters with what is left of the budgets that end streams; undefined where that does not help. */
function withLess(meters: readonly Meter[], readings: readonly Reading[]): Meter[] | undefined {
  let helps = false
  const less = meters.map((meter, index) => {
    const reading = readings[index]
    if (!reading || reading.waitMs === 0) return meter
    const partial = meter.kind === 'budget' && meter.rule.row.stopStreamAtLimit && reading.left > 0
    if (!partial) return undefined
    helps = true
    return { ...meter, cost: reading.left }
  })
  return helps ? definedOf(less) : undefined
}

function definedOf(meters: readonly (Meter | undefined)[]): Meter[] | undefined {
  const known = meters.filter((meter) => meter !== undefined)
  return known.length === meters.length ? known : undefined
}

function refuse(meters: readonly Meter[], open: readonly Option[], outcome: Outcome) {
  const readings = readingsOf(outcome)
  const own = refusalOf(meters, readings)
  if (own) return { error: own, by: refusing(meters, readings) }
  let at = meters.length
  const errors = open.map((option) => {
    const part = readings.slice(at, (at += option.meters.length))
    return { error: refusalOf(option.meters, part), by: refusing(option.meters, part) }
  })
  // The one that lets the client try again first.
  const [best] = errors
    .flatMap(({ error, by }) => (error ? [{ error, by }] : []))
    .toSorted((a, b) => (a.error.retryAfterMs ?? Infinity) - (b.error.retryAfterMs ?? Infinity))
  if (!best) throw new Error('a limiter refused a request that fits')
  return best
}

/** The first that had no room. */
function refusing(meters: readonly Meter[], readings: readonly Reading[]): Meter | undefined {
  return meters[readings.findIndex(({ waitMs }) => waitMs > 0)]
}

/** The deployments before the chosen one had no room: why, is told where they are passed over. */
function noteRefusals(
  { onRefused }: Limits,
  {
    meters,
    open,
    outcome,
  }: { meters: readonly Meter[]; open: readonly Option[]; outcome: Outcome },
): void {
  if (outcome.status !== 'admitted') return
  let at = meters.length
  for (const option of open.slice(0, outcome.option)) {
    const part = outcome.readings.slice(at, (at += option.meters.length))
    option.refusal = refusalOf(option.meters, part)
    onRefused(option.meters, part)
  }
}

/** Routing looks at what is left of the limits on deployments, and does not ask for it. */
function noteLeft(
  headroom: GatewayDeps['headroom'],
  open: readonly Option[],
  readings: readonly Reading[],
): void {
  let at = 0
  for (const { deployment, meters } of open) {
    const now = Date.now()
    const parts = meters.flatMap(({ limit }) => {
      const reading = readings[at++]
      return reading ? [{ share: Math.max(0, reading.left / limit), resetMs: reading.resetMs }] : []
    })
    const [least] = parts.toSorted((one, other) => one.share - other.share)
    if (!least) continue
    const untilMs = now + Math.min(least.resetMs || leftKnownMs, leftKnownMs)
    headroom.noteLimits(deployment, { share: least.share, untilMs })
  }
}

/** No longer is what was seen believed. */
const leftKnownMs = 60_000

function readingsOf(outcome: Outcome): readonly Reading[] {
  return outcome.status === 'unloaded' ? [] : outcome.readings
}

function isBudget(meter: Meter): meter is BudgetMeter {
  return meter.kind === 'budget'
}
