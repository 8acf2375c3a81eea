import type { Decision } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { Deployment, Target } from '../catalogue.ts'
import type { RouteDeps } from '../route.ts'
import { affinityNames, type AffinityNames } from '../affinity.ts'
import type { Choice } from './choices.ts'
import type { Sourced } from './decision.ts'
import { eligibleOf } from './eligible.ts'
import { contendersOf, type Contender, type Field } from './field.ts'
import { passingCheck, type Scene } from './filters.ts'
import type { RouteQuery } from './query.ts'
import type { Excluded } from './reasons.ts'
import type { Ranked } from './ranking.ts'
import { rank, type StrategyContext } from './strategies.ts'
import { factsOf } from './target-facts.ts'
import { unitFor } from './unit.ts'
import { worthAmong } from './worth.ts'

/** Who is left of a request's candidates, in the order in which they would be tried, and who is not. */
export interface Considered {
  target: Target
  policy: RoutingPolicy
  candidates: Sourced[]
  /** All against whom something lasting speaks; of what passes those whose turn came. */
  excluded: readonly Excluded[]
  variant: string | undefined
  affinity: Decision['affinity']
  /** Under which names who serves the request is to be remembered. */
  names: readonly string[] | undefined
}

/** Filters and orders all choices; of each as many as may be tried, or `everyone`. */
export function consider(
  deps: RouteDeps,
  query: RouteQuery,
  { choices, everyone = false }: { choices: readonly [Choice, ...Choice[]]; everyone?: boolean },
): Considered {
  const [main] = choices
  const { target, policy } = main
  const alone = choices.length === 1 && target.deployments.length === 1
  const names = alone ? undefined : affinityNames(query, target.id, policy)
  const found: Found = { candidates: [], excluded: [] }
  let affinity: Decision['affinity']
  for (const choice of choices) {
    const asked = choice === main ? names : undefined
    affinity = add(deps, query, { choice, found, alone, everyone, names: asked }) ?? affinity
  }
  const { candidates, excluded } = found
  const experiment = policy.strategy === 'weighted' && target.virtual
  const variant = experiment ? candidates[0]?.deployment.variant : undefined
  const remembered = names && [...names.session, ...names.prefix]
  return { target, policy, candidates, excluded, variant, affinity, names: remembered }
}

interface Found {
  candidates: Sourced[]
  excluded: readonly Excluded[]
}

interface Adding {
  choice: Choice
  found: Found
  alone: boolean
  everyone: boolean
  names: AffinityNames | undefined
}

/** Adds who is left of one choice, best first; says by which of the names the first was found, where it was. */
function add(
  deps: RouteDeps,
  query: RouteQuery,
  { choice, found, alone, everyone, names }: Adding,
): Decision['affinity'] {
  const { target, policy, source } = choice
  const namedBy = source === 'configuration' || target.virtual ? 'configuration' : 'client'
  const scene: Scene = { target, namedBy: everyone ? 'configuration' : namedBy, alone }
  const { tiers, excluded } = eligibleOf(query, scene)
  found.excluded = joined(found.excluded, excluded)
  const waiting: Contender[] = []
  const admits = admission(query, scene, { found, waiting })
  const lasts = target.virtual
  const fields = tiers.map((tier): Field => ({
    ...contendersOf(deps.states, tier, { lasts }),
    admits,
  }))
  const most = everyone ? target.deployments.length : policy.attemptsMax
  const kept = names && keptBy(deps, fields, names)
  let ranked = rank(fields, most, contextOf(deps, query, choice))
  if (kept) ranked = preferred(ranked, kept.contender, most)
  // A place may come free in time; nobody is asked twice for it.
  if (waiting.length > 0) {
    ranked = [...ranked, ...waiting.splice(0, most - ranked.length)]
    found.excluded = [...found.excluded, ...waiting.map(busy)]
  }
  for (const { deployment, view, score, parts } of ranked) {
    found.candidates.push({ deployment, view, score, parts, source, namedBy })
  }
  return kept?.by
}

function busy({ deployment }: Contender): Excluded {
  return { deployment, reason: 'BUSY' }
}

/**
 * Whether a deployment may be tried now; who may not is noted with the reason, who has no place for it waits.
 * Nobody is there twice.
 */
function admission(
  query: RouteQuery,
  scene: Scene,
  { found, waiting }: { found: Found; waiting: Contender[] },
): Field['admits'] {
  const check = passingCheck(query, scene)
  const before = found.candidates.length > 0 ? [...found.candidates] : undefined
  let noted: Excluded[] | undefined
  return (contender) => {
    const { deployment, view } = contender
    if (before && has(before, deployment)) return false
    const reason = check(deployment, view)
    if (reason === undefined) {
      const { maxConcurrent = Infinity } = deployment.bounds ?? {}
      if (view.inFlight < maxConcurrent) return true
      if (!has(waiting, deployment)) waiting.push(contender)
      return false
    }
    if (!noted) found.excluded = noted = [...found.excluded]
    if (!has(noted, deployment)) noted.push({ deployment, reason })
    return false
  }
}

/** Those of both; who is in the first is not told again. */
function joined(one: readonly Excluded[], other: readonly Excluded[]): readonly Excluded[] {
  if (one.length === 0) return other
  return [...one, ...other.filter(({ deployment }) => !has(one, deployment))]
}

function has(list: readonly { deployment: Deployment }[], { id }: Deployment): boolean {
  return list.some(({ deployment }) => deployment.id === id)
}

/** The deployment that served the conversation before, while it is among these and not busier than they bear. */
function keptBy(
  { affinity }: RouteDeps,
  fields: readonly Field[],
  { session, prefix }: AffinityNames,
): { contender: Contender; by: 'session' | 'prefix' } | undefined {
  const ofSession = affinity.find(session)
  const id = ofSession ?? affinity.find(prefix)
  if (id === undefined) return undefined
  let kept: Contender | undefined
  let inFlight = 0
  let count = 0
  for (const { contenders, admits } of fields) {
    count += contenders.length
    for (const contender of contenders) {
      inFlight += contender.view.inFlight
      if (contender.deployment.id === id && admits(contender)) kept = contender
    }
  }
  if (!kept || kept.view.inFlight > busyTimes * (inFlight / count) + busyMore) return undefined
  return { contender: kept, by: ofSession === undefined ? 'prefix' : 'session' }
}

/** A cache is worth waiting for, but not behind everybody else. */
const busyTimes = 2
const busyMore = 4

function preferred(ranked: readonly Ranked[], contender: Contender, most: number): Ranked[] {
  const found = ranked.find(({ deployment }) => deployment === contender.deployment)
  const others = ranked.filter((each) => each !== found)
  return [found ?? contender, ...others].slice(0, most)
}

function contextOf(
  { headroom, random, rates, now }: RouteDeps,
  query: RouteQuery,
  { target, policy }: Choice,
): StrategyContext {
  const unit = unitFor(policy.stickyBy, target.id, query)
  const worth = worthAmong(factsOf(target).currencies, rates, now)
  return { policy, headroom, random, estimate: query.estimate, worth, unit }
}
