import { mix32, unitOf } from '../../lib/hash.ts'
import type { Strategy, TokenEstimate } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { Deployment } from '../catalogue.ts'
import type { DeploymentStates } from '../deployment-state.ts'
import type { Headroom } from '../headroom.ts'
import { estimatedCost } from './estimate.ts'
import { betterOfTwo, lowest, type Ranked } from './ranking.ts'
import { scored } from './scored.ts'

/** What a strategy may look at. */
export interface StrategyContext {
  policy: RoutingPolicy
  states: DeploymentStates
  headroom: Headroom
  /** From 0 to below 1. */
  random: () => number
  estimate: () => TokenEstimate
  /** A hash of what a weighted choice stays the same for; a new choice each time when absent. */
  unit: number | undefined
}

/** The best `count` of these deployments, the best first. */
type Rank = (
  deployments: readonly Deployment[],
  count: number,
  context: StrategyContext,
) => Ranked[]

const ranks: Record<Strategy, Rank> = {
  ordered: (deployments, count) =>
    deployments.slice(0, count).map((deployment) => ({ deployment })),
  weighted,
  'least-latency': leastLatency,
  'least-busy': (deployments, count, { states, random }) =>
    lowest(deployments, count, (each) => busyness(each, states) + random() * tieBreak),
  cheapest: (deployments, count, { estimate, states }) => {
    const tokens = estimate()
    const currency = deployments.find(({ rates }) => rates)?.rates?.currency
    return lowest(deployments, count, (each) =>
      each.rates?.currency === currency && each.rates
        ? estimatedCost(each.rates, tokens, states.of(each).cachedShare)
        : Infinity,
    )
  },
  headroom: (deployments, count, { headroom, random }) =>
    lowest(deployments, count, (each) => 1 - headroom.of(each) + random() * tieBreak),
  scored,
  'prefer-local': (deployments, count) =>
    lowest(deployments, count, ({ local }) => (local ? 0 : 1)),
  race: leastLatency,
  hedge: leastLatency,
}

/** Decides among equals only. */
const tieBreak = 1e-6

/** The best `count` deployments; one of a higher priority number comes after all of a lower one. */
export function rank(
  deployments: readonly Deployment[],
  count: number,
  context: StrategyContext,
): Ranked[] {
  const order = ranks[context.policy.strategy]
  const [first] = deployments
  const last = deployments.at(-1)
  if (first?.priority === last?.priority) return order(deployments, count, context)
  const tiers = Map.groupBy(deployments, ({ priority }) => priority)
  const ranked: Ranked[] = []
  for (const tier of tiers.values()) {
    if (ranked.length < count) ranked.push(...order(tier, count - ranked.length, context))
  }
  return ranked
}

/**
 * Each deployment draws a number that is the smaller the more it weighs, and the smallest wins: so the shares
 * are those of the weights. Drawn from a hash of the unit, the choice stays; a change of weights or of the list
 * moves no more units than it must.
 */
function weighted(
  deployments: readonly Deployment[],
  count: number,
  { unit, random }: StrategyContext,
): Ranked[] {
  return lowest(deployments, count, ({ weight, hash }) => {
    const drawn = unit === undefined ? 1 - random() : unitOf(mix32(unit, hash))
    return -Math.log(drawn) / weight
  })
}

/** The time to the first token, times the requests that wait for theirs. */
function leastLatency(
  deployments: readonly Deployment[],
  count: number,
  { states, random }: StrategyContext,
): Ranked[] {
  return betterOfTwo(deployments, count, { random, score: (each) => latencyLoad(each, states) })
}

/** One that is not known yet is tried, but by one request at a time. */
const unknownLatencyMs = 100_000

function latencyLoad(deployment: Deployment, states: DeploymentStates): number {
  const { ttftEwmaMs, inFlight } = states.of(deployment)
  if (ttftEwmaMs === undefined) return inFlight * unknownLatencyMs
  return ttftEwmaMs * (inFlight + 1)
}

/** Attempts under way, by the share of the work that a deployment is for. */
function busyness(deployment: Deployment, states: DeploymentStates): number {
  return states.of(deployment).inFlight / Math.max(deployment.weight, 1e-3)
}
