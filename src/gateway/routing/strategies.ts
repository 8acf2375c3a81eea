import { mix32, unitOf } from '../../lib/hash.ts'
import type { Strategy, TokenEstimate } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { Headroom } from '../headroom.ts'
import { estimatedCost } from './estimate.ts'
import type { Contender, Field } from './field.ts'
import { leftOf } from './left.ts'
import { betterOfTwo, inGivenOrder, lowest, type Ranked } from './ranking.ts'
import { scored } from './scored.ts'
import type { Worth } from './worth.ts'

/** What a strategy may look at. */
export interface StrategyContext {
  policy: RoutingPolicy
  headroom: Headroom
  /** From 0 to below 1. */
  random: () => number
  /** How many may be drawn of a field. */
  draws: number
  estimate: () => TokenEstimate
  /** What amounts of different currencies are worth in one. */
  worth: Worth
  /** A hash of what a weighted choice stays the same for; a new choice each time when absent. */
  unit: number | undefined
}

/** The best `count` of a field, the best first. */
type Rank = (field: Field, count: number, context: StrategyContext) => Ranked[]

const ranks: Record<Strategy, Rank> = {
  ordered: inGivenOrder,
  weighted,
  'least-latency': leastLatency,
  'least-busy': (field, count, { random }) =>
    lowest(field, count, { score: (each) => busyness(each) + random() * tieBreak }),
  cheapest: (field, count, { estimate, worth }) => {
    const tokens = estimate()
    return lowest(field, count, {
      score: ({ deployment: { rates }, view: { cachedShare } }) =>
        rates ? worth.of(rates.currency) * estimatedCost(rates, tokens, cachedShare) : Infinity,
    })
  },
  headroom: (field, count, { headroom, random }) =>
    lowest(field, count, {
      score: (each) => 1 - leftOf(each, headroom) + random() * tieBreak,
    }),
  scored,
  'prefer-local': (field, count) =>
    lowest(field, count, { score: ({ deployment }) => (deployment.local ? 0 : 1) }),
  race: leastLatency,
  hedge: leastLatency,
}

/** Decides among equals only. */
const tieBreak = 1e-6

/** Whether it looks at those alone that it draws, and calls one after the other. */
export function isDrawing(strategy: Strategy): boolean {
  return strategy === 'least-latency'
}

/** The best `count` of fields of falling priority: all of one come before those of the next. */
export function rank(fields: readonly Field[], count: number, context: StrategyContext): Ranked[] {
  const order = ranks[context.policy.strategy]
  const [first] = fields
  if (!first) return []
  const ranked = order(first, count, context)
  for (const field of fields.slice(1)) {
    if (ranked.length < count) ranked.push(...order(field, count - ranked.length, context))
  }
  return ranked
}

/**
 * Each deployment draws a number that is the smaller the more it weighs, and the smallest wins: so the shares
 * are those of the weights. Drawn from a hash of the unit, the choice stays; a change of weights or of the list
 * moves no more units than it must.
 */
function weighted(field: Field, count: number, { unit, random }: StrategyContext): Ranked[] {
  const score = ({ deployment: { weight, hash } }: Contender): number => {
    const drawn = unit === undefined ? 1 - random() : unitOf(mix32(unit, hash))
    return -Math.log(drawn) / weight
  }
  return lowest(field, count, { score })
}

/** The time to the first token, times the requests that wait for theirs. */
function leastLatency(field: Field, count: number, { random, draws }: StrategyContext): Ranked[] {
  return betterOfTwo(field, count, { random, draws, score: latencyLoad })
}

/** One that is not known yet is tried, but by one request at a time. */
const unknownLatencyMs = 100_000

function latencyLoad({ view: { ttftEwmaMs, inFlight } }: Contender): number {
  if (ttftEwmaMs === undefined) return inFlight * unknownLatencyMs
  return ttftEwmaMs * (inFlight + 1)
}

/** Attempts under way, by the share of the work that a deployment is for. */
function busyness({ deployment, view }: Contender): number {
  return view.inFlight / Math.max(deployment.weight, 1e-3)
}
