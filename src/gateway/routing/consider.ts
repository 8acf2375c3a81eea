import type { Decision } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { Deployment, Target } from '../catalogue.ts'
import type { RouteDeps } from '../route.ts'
import { affinityNames, type AffinityNames } from '../affinity.ts'
import type { Choice, Choices } from './choices.ts'
import type { Sourced } from './decision.ts'
import { eligibleOf } from './eligible.ts'
import { contendersOf, type Contender, type Field } from './field.ts'
import { passingCheck, type Scene } from './filters.ts'
import type { RouteQuery } from './query.ts'
import type { Excluded } from './reasons.ts'
import type { Ranked } from './ranking.ts'
import { isDrawing, rank, type StrategyContext } from './strategies.ts'
import { factsOf } from './target-facts.ts'
import { unitFor } from './unit.ts'
import { worthAmong } from './worth.ts'

/** Who is left of a request's candidates, in the order in which they would be tried, and who is not. */
export interface Considered {
  target: Target
  policy: RoutingPolicy
  candidates: Sourced[]
  /** Whether not all are ranked that may be tried. */
  hasMore: boolean
  /** All against whom something lasting speaks; of what passes those whose turn came. */
  excluded: readonly Excluded[]
  variant: string | undefined
  affinity: Decision['affinity']
  /** Under which names who serves the request is to be remembered. */
  names: readonly string[] | undefined
}

/**
 * How many of each choice are ranked: as many as may be tried; of a strategy that draws from more than these, the
 * first two alone; or everyone.
 */
export type Extent = 'tried' | 'drawn' | 'everyone'

export interface Considering {
  choices: Choices
  extent: Extent
  /** Who is called already, before those that are ranked now. */
  first?: Sourced | undefined
}

/** Filters and orders all choices. */
export function consider(
  deps: RouteDeps,
  query: RouteQuery,
  { choices, extent, first }: Considering,
): Considered {
  const [main] = choices
  const { target, policy } = main
  const alone = isAlone(choices)
  // It has found the first one, where it has.
  const names = alone || first ? undefined : affinityNames(query, target.id, policy)
  const found: Found = { candidates: first ? [first] : [], first, excluded: [], hasMore: false }
  let affinity: Decision['affinity']
  for (const choice of choices) {
    const asked = choice === main ? names : undefined
    affinity = add(deps, query, { choice, found, alone, extent, names: asked }) ?? affinity
  }
  const { candidates, excluded, hasMore } = found
  const experiment = policy.strategy === 'weighted' && target.virtual
  const variant = experiment ? candidates[0]?.deployment.variant : undefined
  const remembered = names && [...names.session, ...names.prefix]
  return { target, policy, candidates, hasMore, excluded, variant, affinity, names: remembered }
}

/** All that such a request may be sent to now, whoever is drawn. */
export function reachOf({ states }: RouteDeps, query: RouteQuery, choices: Choices): Deployment[] {
  const alone = isAlone(choices)
  return choices.flatMap((choice) => {
    const scene = sceneOf(choice, alone)
    const check = passingCheck(query, scene)
    const { tiers } = eligibleOf(query, scene)
    return tiers.flat().filter((each) => check(each, states.of(each)) === undefined)
  })
}

function isAlone(choices: Choices): boolean {
  return choices.length === 1 && choices[0].target.deployments.length === 1
}

function sceneOf({ target, source }: Choice, alone: boolean): Scene {
  const namedBy = source === 'configuration' || target.virtual ? 'configuration' : 'client'
  return { target, namedBy, alone }
}

interface Found {
  candidates: Sourced[]
  first: Sourced | undefined
  excluded: readonly Excluded[]
  hasMore: boolean
}

interface Adding {
  choice: Choice
  found: Found
  alone: boolean
  extent: Extent
  names: AffinityNames | undefined
}

/** Adds who is left of one choice, best first; says by which of the names the first was found, where it was. */
function add(
  deps: RouteDeps,
  query: RouteQuery,
  { choice, found, alone, extent, names }: Adding,
): Decision['affinity'] {
  const { target, source } = choice
  const scene = sceneOf(choice, alone)
  const { namedBy } = scene
  if (extent === 'everyone') scene.namedBy = 'configuration'
  const { tiers, excluded } = eligibleOf(query, scene)
  found.excluded = joined(found.excluded, excluded)
  const waiting: Contender[] = []
  const admits = admission(query, scene, { found, waiting })
  const lasts = target.virtual
  const fields = tiers.map((tier): Field => ({
    ...contendersOf(deps.states, tier, { lasts }),
    admits,
  }))
  const isDrawn = extent === 'drawn' && drawsFrom(choice)
  if (isDrawn) found.hasMore = true
  const most = isDrawn ? drawnFirst : mostOf(choice, extent, found)
  const kept = names && keptBy(deps, fields, names)
  let ranked = rank(fields, most, contextOf(deps, query, choice, isDrawn ? drawnFirst : Infinity))
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

/** The better one is called, and the other one shows why. */
const drawnFirst = 2

/** Whether who comes after the first is drawn among more than may be tried. */
function drawsFrom({ target, policy: { strategy, attemptsMax } }: Choice): boolean {
  return isDrawing(strategy) && attemptsMax > drawnFirst && target.deployments.length > attemptsMax
}

function mostOf({ target, policy }: Choice, extent: Extent, { first }: Found): number {
  if (extent === 'everyone') return target.deployments.length
  const isCounted = first && target.deployments.includes(first.deployment)
  return isCounted ? policy.attemptsMax - 1 : policy.attemptsMax
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
  draws: number,
): StrategyContext {
  const unit = unitFor(policy.stickyBy, target.id, query)
  const worth = worthAmong(factsOf(target).currencies, rates, now)
  return { policy, headroom, random, draws, estimate: query.estimate, worth, unit }
}
