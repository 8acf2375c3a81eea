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
import { choicesFor, type Choice, type Choices } from './routing/choices.ts'
import { consider, reachOf, type Considered } from './routing/consider.ts'
import { decisionText } from './routing/decision.ts'
import { directed, type Directed } from './routing/direct.ts'
import { isDemanding } from './routing/filters.ts'
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

type Candidates = readonly [Candidate, ...Candidate[]]

/** Where a request goes. */
export interface Route {
  /** In the order in which they are tried, as far as they are ranked. */
  readonly candidates: Candidates
  /** All after the first; ranked by what is known when they are first asked for, where they were not before. */
  others(): readonly Candidate[]
  /** All that such a request may go to now, in any order. */
  reach(): readonly Deployment[]
  /** In which way they are called. */
  mode: AttemptMode
  /** JSON of a `StoredDecision`; absent where there was nothing to decide. */
  readonly decision: string | undefined
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
    const candidates: Candidates = [{ deployment, namedBy }]
    const reach = () => [deployment]
    return { candidates, others: () => [], reach, mode: inOrder, decision: undefined }
  }
  return new DecidedRoute(deps, direction, choices)
}

class DecidedRoute implements Route {
  candidates: Candidates
  readonly mode: AttemptMode
  readonly affinity: readonly string[] | undefined
  readonly #deps: RouteDeps
  readonly #direction: Directed
  readonly #choices: Choices
  #considered: Considered
  #hasMore: boolean
  #decision: string | undefined

  constructor(deps: RouteDeps, direction: Directed, choices: Choices) {
    const { query } = direction
    const considered = consider(deps, query, { choices, extent: 'drawn' })
    const { candidates, policy, names, excluded, hasMore } = considered
    if (!isSome(candidates)) throw nobodyLeft(excluded, query, deps)
    this.candidates = candidates
    this.mode = candidates.length === 1 ? inOrder : modeOf(policy, query.hints)
    this.affinity = names
    this.#deps = deps
    this.#direction = direction
    this.#choices = choices
    this.#considered = considered
    this.#hasMore = hasMore
  }

  /** Written when it is asked for. */
  get decision(): string {
    this.#decision ??= decisionText(this.#considered, this.#direction, this.#deps.states)
    return this.#decision
  }

  get priority(): number | undefined {
    return this.#direction.priority
  }

  others(): readonly Candidate[] {
    if (this.#hasMore) this.#rankAll()
    return this.candidates.slice(1)
  }

  reach(): readonly Deployment[] {
    return reachOf(this.#deps, this.#direction.query, this.#choices)
  }

  /** By what is known now. */
  #rankAll(): void {
    this.#hasMore = false
    const { candidates, affinity } = this.#considered
    const [first] = candidates
    const choices = this.#choices
    const all = consider(this.#deps, this.#direction.query, { choices, extent: 'tried', first })
    if (!isSome(all.candidates)) return
    this.candidates = all.candidates
    this.#considered = { ...all, affinity }
    this.#decision = undefined
  }
}

function isSome<Each>(list: readonly Each[]): list is readonly [Each, ...Each[]] {
  return list.length > 0
}

/** What would be decided, with every deployment that is there, and whether or not anybody is left. */
export function explain(deps: RouteDeps, asked: RouteQuery): Decision {
  const direction = directed(deps, asked)
  const { query } = direction
  const choices = choicesFor(deps.catalogue, query)
  const considered = consider(deps, query, { choices, extent: 'everyone' })
  return parseDecision(decisionText(considered, direction, deps.states))
}

/** Whether there is one deployment and nothing to ask of it. */
function isGiven({ target }: Choice, { hints, actor }: RouteQuery): boolean {
  const permitted = actor.models === null || !target.virtual
  return target.deployments.length === 1 && permitted && !isDemanding(hints)
}

function modeOf(policy: RoutingPolicy, { maxCost: asked }: RoutingHints): AttemptMode {
  const { strategy, parallel, hedgeAfterMs: afterMs, maxCost } = policy
  if (strategy !== 'race' && strategy !== 'hedge') return inOrder
  const maxCosts = [maxCost, asked].filter((most) => most !== undefined)
  if (strategy === 'race') return { kind: 'race', parallel, maxCosts }
  return { kind: 'hedge', afterMs, parallel, maxCosts }
}
