import type { Decision } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { Deployment, Target } from '../catalogue.ts'
import type { RouteDeps } from '../route.ts'
import { affinityNames, type AffinityNames } from '../affinity.ts'
import type { Choice } from './choices.ts'
import type { Sourced } from './decision.ts'
import { checksFor, reasonAgainst, type Check } from './filters.ts'
import type { RouteQuery } from './query.ts'
import type { Excluded } from './reasons.ts'
import type { Ranked } from './ranking.ts'
import { rank, type StrategyContext } from './strategies.ts'
import { unitFor } from './unit.ts'

/** Who is left of a request's candidates, in the order in which they would be tried, and who is not. */
export interface Considered {
  target: Target
  policy: RoutingPolicy
  candidates: Sourced[]
  excluded: Excluded[]
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
  const candidates: Sourced[] = []
  const excluded: Excluded[] = []
  const alone = choices.length === 1 && target.deployments.length === 1
  const names = alone ? undefined : affinityNames(query, target.id, policy)
  let affinity: Decision['affinity']
  for (const choice of choices) {
    const given = choice.source === 'configuration' || choice.target.virtual
    const namedBy = given ? 'configuration' : 'client'
    const scene = { target: choice.target, namedBy, states: deps.states, alone } as const
    const checks = checksFor(query, everyone ? { ...scene, namedBy: 'configuration' } : scene)
    const eligible = eligibleOf(choice.target, { checks, excluded, candidates })
    const most = everyone ? eligible.length : choice.policy.attemptsMax
    let ranked = rank(eligible, most, contextOf(deps, query, choice))
    if (choice === main && names) {
      const kept = keptBy(deps, eligible, names)
      if (kept) {
        affinity = kept.by
        ranked = preferred(ranked, kept.deployment, most)
      }
    }
    for (const each of ranked) candidates.push({ ...each, source: choice.source, namedBy })
  }
  const experiment = policy.strategy === 'weighted' && target.virtual
  const variant = experiment ? candidates[0]?.deployment.variant : undefined
  const remembered = names && [...names.session, ...names.prefix]
  return { target, policy, candidates, excluded, variant, affinity, names: remembered }
}

/** Those against whom nothing speaks; the others are noted with their reason. Nobody is there twice. */
function eligibleOf(
  { deployments }: Target,
  {
    checks,
    excluded,
    candidates,
  }: { checks: readonly Check[]; excluded: Excluded[]; candidates: readonly Sourced[] },
): Deployment[] {
  const eligible: Deployment[] = []
  for (const deployment of deployments) {
    if (has(candidates, deployment)) continue
    const reason = reasonAgainst(checks, deployment)
    if (reason === undefined) eligible.push(deployment)
    else if (!has(excluded, deployment)) excluded.push({ deployment, reason })
  }
  return eligible
}

function has(list: readonly { deployment: Deployment }[], { id }: Deployment): boolean {
  return list.some(({ deployment }) => deployment.id === id)
}

/** The deployment that served the conversation before, while it is among these and not busier than they bear. */
function keptBy(
  { affinity, states }: RouteDeps,
  eligible: readonly Deployment[],
  { session, prefix }: AffinityNames,
): { deployment: Deployment; by: 'session' | 'prefix' } | undefined {
  const ofSession = affinity.find(session)
  const id = ofSession ?? affinity.find(prefix)
  const deployment = id === undefined ? undefined : eligible.find((each) => each.id === id)
  if (!deployment) return undefined
  let inFlight = 0
  for (const each of eligible) inFlight += states.of(each).inFlight
  const most = busyTimes * (inFlight / eligible.length) + busyMore
  if (states.of(deployment).inFlight > most) return undefined
  return { deployment, by: ofSession === undefined ? 'prefix' : 'session' }
}

/** A cache is worth waiting for, but not behind everybody else. */
const busyTimes = 2
const busyMore = 4

function preferred(ranked: readonly Ranked[], deployment: Deployment, most: number): Ranked[] {
  const found = ranked.find((each) => each.deployment === deployment)
  const others = ranked.filter((each) => each !== found)
  return [found ?? { deployment }, ...others].slice(0, most)
}

function contextOf(
  deps: RouteDeps,
  query: RouteQuery,
  { target, policy }: Choice,
): StrategyContext {
  const { states, headroom, random } = deps
  const unit = unitFor(policy.stickyBy, target.id, query)
  return { policy, states, headroom, random, estimate: query.estimate, unit }
}
