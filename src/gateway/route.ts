import type { Decision } from '../protocol/routing.ts'
import type { RoutingPolicy } from '../protocol/routing-policy.ts'
import type { Rule } from '../protocol/rule.ts'
import { parseDecision } from '../protocol/stored-decision.ts'
import type { Affinity } from './affinity.ts'
import { inOrder, type AttemptMode } from './attempt-plan.ts'
import type { RoutingHints } from './call.ts'
import type { Catalogue, Deployment } from './catalogue.ts'
import type { DeploymentStates } from './deployment-view.ts'
import type { Headroom } from './headroom.ts'
import type { Rates } from './rates.ts'
import { choicesFor, type Choice } from './routing/choices.ts'
import { consider } from './routing/consider.ts'
import { decisionText } from './routing/decision.ts'
import { directed } from './routing/direct.ts'
import type { RouteQuery } from './routing/query.ts'
import { nobodyLeft } from './routing/reasons.ts'

/** A deployment that may be tried, and whether the client named it or the configuration did. */
export interface Candidate {
  deployment: Deployment
  namedBy: 'client' | 'configuration'
}

/** What routing looks at and draws from; nothing of it is waited for. */
export interface RouteDeps {
  catalogue: Catalogue
  /** Of the configuration, in their order. */
  rules: readonly Rule[]
  states: DeploymentStates
  headroom: Headroom
  affinity: Affinity
  /** What money is worth in other currencies. */
  rates: Pick<Rates, 'accountingCurrency' | 'convert'>
  /** From 0 to below 1. */
  random: () => number
  /** Milliseconds of the Unix epoch. */
  now: () => number
}

/** Where a request goes. */
export interface Route {
  /** In the order in which they are tried. */
  candidates: [Candidate, ...Candidate[]]
  /** In which way they are called. */
  mode: AttemptMode
  /** JSON of a `StoredDecision`; absent where there was nothing to decide. */
  decision: string | undefined
  /** Of a rule; absent where none says one. */
  priority?: number | undefined
  /** Under which names who serves it is to be remembered; absent where that is not wanted. */
  affinity?: readonly string[] | undefined
}

/**
 * Decides where a request goes: who is left of those that its model means, in the order of the strategy, then
 * the fallbacks. Throws where a name means nothing or nobody is left.
 */
export function route(deps: RouteDeps, asked: RouteQuery): Route {
  const direction = directed(deps, asked)
  const { query } = direction
  const choices = choicesFor(deps.catalogue, query)
  const [main] = choices
  const untouched = query === asked && direction.failedRules.length === 0
  if (untouched && choices.length === 1 && isGiven(main, query)) {
    const [deployment] = main.target.deployments
    const namedBy = main.target.virtual ? 'configuration' : 'client'
    return { candidates: [{ deployment, namedBy }], mode: inOrder, decision: undefined }
  }
  const considered = consider(deps, query, { choices })
  const [first, ...others] = considered.candidates
  if (!first) throw nobodyLeft(considered.excluded, query, deps)
  return {
    candidates: [first, ...others],
    mode: others.length === 0 ? inOrder : modeOf(considered.policy, query.hints),
    decision: decisionText(considered, direction, deps.states),
    affinity: considered.names,
    priority: direction.priority,
  }
}

/** What would be decided, with every deployment that is there, and whether or not anybody is left. */
export function explain(deps: RouteDeps, asked: RouteQuery): Decision {
  const direction = directed(deps, asked)
  const { query } = direction
  const choices = choicesFor(deps.catalogue, query)
  const considered = consider(deps, query, { choices, everyone: true })
  return parseDecision(decisionText(considered, direction, deps.states))
}

/** Whether there is one deployment and nothing to ask of it. */
function isGiven({ target }: Choice, { hints, actor }: RouteQuery): boolean {
  const permitted = actor.models === null || !target.virtual
  return target.deployments.length === 1 && permitted && !isDemanding(hints)
}

function isDemanding(hints: RoutingHints): boolean {
  return (
    hints.allowProviders !== undefined ||
    hints.denyProviders !== undefined ||
    hints.regions !== undefined ||
    hints.dataPolicy !== undefined ||
    hints.deploymentTags !== undefined ||
    hints.maxPrice !== undefined
  )
}

function modeOf(policy: RoutingPolicy, { maxCost: asked }: RoutingHints): AttemptMode {
  const { strategy, parallel, hedgeAfterMs: afterMs, maxCost } = policy
  if (strategy !== 'race' && strategy !== 'hedge') return inOrder
  const maxCosts = [maxCost, asked].filter((most) => most !== undefined)
  if (strategy === 'race') return { kind: 'race', parallel, maxCosts }
  return { kind: 'hedge', afterMs, parallel, maxCosts }
}
