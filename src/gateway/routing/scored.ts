import { scoreParts, type ScorePart, type ScoreParts } from '../../protocol/routing.ts'
import { estimatedCost } from './estimate.ts'
import type { Contender, Field } from './field.ts'
import { leftOf } from './left.ts'
import { lowest, type Ranked } from './ranking.ts'
import type { StrategyContext } from './strategies.ts'

/** A mix: each part is 1 for the best of the field and falls towards 0, and counts as its weight says. */
export function scored(field: Field, count: number, context: StrategyContext): Ranked[] {
  const { weights } = context.policy
  const measures = measuresOf(field.contenders, context)
  const weighed = scoreParts.flatMap((part) => {
    const weight = weights[part] ?? 0
    return weight > 0 ? [{ weight, measure: measures[part] }] : []
  })
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0)
  return lowest(field, count, {
    score: (contender, at) => {
      let sum = 0
      for (const part of weighed) sum += part.weight * part.measure(contender, at)
      return total === 0 ? 0 : 1 - sum / total
    },
    parts: (contender, at) => {
      const parts: ScoreParts = {}
      for (const part of scoreParts) parts[part] = measures[part](contender, at)
      return parts
    },
  })
}

/** A part of a contender's score, from 0 to 1; `at` is its place in the field. */
type Measure = (contender: Contender, at: number) => number

function measuresOf(
  contenders: readonly Contender[],
  { headroom, estimate, worth }: StrategyContext,
): Record<ScorePart, Measure> {
  const tokens = estimate()
  const latencies: number[] = []
  const costs: number[] = []
  let leastMs = Infinity
  let leastCost = Infinity
  for (const {
    deployment: { rates },
    view,
  } of contenders) {
    // What is not known yet counts as good, so that it becomes known; an unknown price as bad.
    const ms = view.ttftEwmaMs
    latencies.push(ms ?? 0)
    if (ms !== undefined && ms < leastMs) leastMs = ms
    const cost = rates
      ? worth.of(rates.currency) * estimatedCost(rates, tokens, view.cachedShare)
      : Infinity
    costs.push(cost)
    if (cost < leastCost) leastCost = cost
  }
  return {
    latency: (_each, at) => ratio(leastMs, latencies[at] ?? 0),
    cost: (_each, at) => ratio(leastCost, costs[at] ?? Infinity),
    busy: ({ view }) => 1 / (1 + view.inFlight),
    headroom: (each) => leftOf(each, headroom),
    cache: ({ view }) => view.cachedShare ?? 0,
    errors: ({ view }) => 1 - view.errorShare,
  }
}

function ratio(best: number, own: number): number {
  if (own === Infinity) return 0
  return own <= best ? 1 : best / own
}
