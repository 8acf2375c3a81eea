import { scoreParts, type ScoreParts } from '../../protocol/routing.ts'
import type { Deployment } from '../catalogue.ts'
import { estimatedCost } from './estimate.ts'
import type { Ranked } from './ranking.ts'
import type { StrategyContext } from './strategies.ts'

/** A mix: each part is 1 for the best of the deployments and falls towards 0, and counts as its weight says. */
export function scored(
  deployments: readonly Deployment[],
  count: number,
  context: StrategyContext,
): Ranked[] {
  const { weights } = context.policy
  const total = scoreParts.reduce((sum, part) => sum + (weights[part] ?? 0), 0)
  const measures = deployments.map((deployment) => measure(deployment, context))
  const leastMs = least(measures.map(({ latencyMs }) => latencyMs))
  const leastCost = least(measures.map(({ cost }) => cost))
  const ranked = measures.map(({ deployment, latencyMs, cost, ...rest }) => {
    // What is not known yet counts as good, so that it becomes known; an unknown price as bad.
    const latency = latencyMs === undefined ? 1 : ratio(leastMs, latencyMs)
    const parts: ScoreParts = {
      ...rest,
      latency,
      cost: cost === undefined ? 0 : ratio(leastCost, cost),
    }
    const sum = scoreParts.reduce(
      (sofar, part) => sofar + (weights[part] ?? 0) * (parts[part] ?? 0),
      0,
    )
    return { deployment, score: total === 0 ? 0 : 1 - sum / total, parts }
  })
  return ranked.toSorted((a, b) => a.score - b.score).slice(0, count)
}

function measure(deployment: Deployment, { states, headroom, estimate }: StrategyContext) {
  const { rates } = deployment
  const { ttftEwmaMs, inFlight, cachedShare, errorShare } = states.of(deployment)
  return {
    deployment,
    latencyMs: ttftEwmaMs,
    cost: rates && estimatedCost(rates, estimate(), cachedShare),
    busy: 1 / (1 + inFlight),
    headroom: headroom.of(deployment),
    cache: cachedShare ?? 0,
    errors: 1 - errorShare,
  }
}

function least(numbers: readonly (number | undefined)[]): number {
  let lowest = Infinity
  for (const number of numbers) if (number !== undefined && number < lowest) lowest = number
  return lowest
}

function ratio(best: number, own: number): number {
  return own <= best ? 1 : best / own
}
