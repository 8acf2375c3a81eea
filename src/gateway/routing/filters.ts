import { isAsStrict, type ExclusionReason } from '../../protocol/routing.ts'
import type { RoutingHints } from '../call.ts'
import type { Deployment, Target } from '../catalogue.ts'
import type { DeploymentView } from '../deployment-view.ts'
import { mayUse } from '../visible-models.ts'
import type { RouteQuery } from './query.ts'
import { factsOf } from './target-facts.ts'

/** Among whom is chosen. */
export interface Scene {
  target: Target
  /** Who named the target. */
  namedBy: 'client' | 'configuration'
  /** Whether nobody else could take over: then only what the client asked for counts, and the provider has the last word. */
  alone: boolean
}

/** Why a deployment is left out of a request; undefined where it is not. */
export type Check = (deployment: Deployment) => ExclusionReason | undefined

/** A rule of who may not be chosen that is the same whenever it is asked. */
interface FixedFilter {
  /** What its word depends on beside the deployment; undefined where the request gives it nothing to do. */
  by: (query: RouteQuery, scene: Scene) => string | number | object | undefined
  open: (query: RouteQuery) => Check | undefined
  /** Whether it matters only where another deployment could take over. */
  comparing?: boolean
  /** Whether a hint alone gives it something to do. */
  hinted?: boolean
}

/** In the order in which they are asked: the first reason is the one that is told. */
const fixedFilters: readonly FixedFilter[] = [
  {
    by: ({ hints }) => hints.allowProviders,
    open: ({ hints: { allowProviders } }) => allowProviders && only(allowProviders),
    hinted: true,
  },
  {
    by: ({ hints: { denyProviders } }) => (denyProviders?.length ? denyProviders : undefined),
    open: ({ hints: { denyProviders } }) => denyProviders && noneOf(denyProviders),
    hinted: true,
  },
  { by: allowList, open: permitted },
  {
    by: ({ hints }) => hints.regions,
    open: ({ hints: { regions } }) => regions && inRegion(regions),
    hinted: true,
  },
  { by: ({ hints }) => hints.dataPolicy, open: strict, hinted: true },
  {
    by: ({ hints }) => hints.deploymentTags,
    open: ({ hints: { deploymentTags } }) => deploymentTags && tagged(deploymentTags),
    hinted: true,
  },
  { by: ({ hints }) => hints.maxPrice, open: affordable, hinted: true },
  { by: weighsNothing, open: () => weighty, comparing: true },
  {
    by: ({ refusalKey }, { target }) => refusalKey(factsOf(target).refusable),
    open:
      ({ refused }) =>
      (each) =>
        refused(each).length > 0 ? 'FEATURE' : undefined,
    comparing: true,
  },
]

/** Whether a client asks anything of the deployment that serves it. */
export function isDemanding(hints: RoutingHints): boolean {
  return (
    hints.allowProviders !== undefined ||
    hints.denyProviders !== undefined ||
    hints.regions !== undefined ||
    hints.dataPolicy !== undefined ||
    hints.deploymentTags !== undefined ||
    hints.maxPrice !== undefined
  )
}

/** What the fixed checks of a request depend on; empty where there is nothing to check. */
export function fixedKey(query: RouteQuery, scene: Scene): string {
  const isHinted = isDemanding(query.hints)
  let key = ''
  let at = 0
  for (const { by, comparing, hinted } of fixedFilters) {
    const isIdle = (hinted === true && !isHinted) || (comparing === true && scene.alone)
    const value = isIdle ? undefined : by(query, scene)
    if (value !== undefined) key += `${at}:${JSON.stringify(value)} `
    at += 1
  }
  return key
}

/** The first fixed reason against each deployment. */
export function fixedCheck(query: RouteQuery, scene: Scene): Check {
  const checks: Check[] = []
  for (const { by, open, comparing } of fixedFilters) {
    if ((comparing === true && scene.alone) || by(query, scene) === undefined) continue
    const check = open(query)
    if (check) checks.push(check)
  }
  return (deployment) => {
    for (const check of checks) {
      const reason = check(deployment)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

/** What may be different with each request and at each moment: asked of those whose turn comes. */
export function passingCheck(
  query: RouteQuery,
  { target, alone }: Scene,
): (deployment: Deployment, view: DeploymentView) => ExclusionReason | undefined {
  if (alone) return () => undefined
  const { contextLengthMin, outputTokensMin } = factsOf(target)
  const { answerTokensMax: asked = 0 } = query
  const needed = contextLengthMin === Infinity ? 0 : query.estimate().inputTokens + asked
  const fitsAll = needed <= contextLengthMin && asked <= outputTokensMin
  return (deployment, view) => {
    if (!fitsAll) {
      // A model whose limits are unknown is not left out.
      const { contextLength = Infinity, maxOutputTokens = Infinity } = deployment
      if (needed > contextLength) return 'CONTEXT_LENGTH'
      if (asked > maxOutputTokens) return 'OUTPUT_LENGTH'
    }
    return view.blocked?.reason
  }
}

function only(names: readonly string[]): Check {
  return ({ provider }) => (names.includes(provider.id) ? undefined : 'PROVIDER_NOT_ALLOWED')
}

function noneOf(names: readonly string[]): Check {
  return ({ provider }) => (names.includes(provider.id) ? 'PROVIDER_DENIED' : undefined)
}

/** Where the client named the model itself, the gate behind answers, which says what the key may use. */
function allowList({ actor }: RouteQuery, { target: { id, virtual }, namedBy }: Scene) {
  if (actor.models === null || (virtual ? mayUse(actor, id) : namedBy === 'client'))
    return undefined
  return actor.models
}

function permitted({ actor }: RouteQuery): Check {
  return ({ modelId }) => (mayUse(actor, modelId) ? undefined : 'KEY_NOT_ALLOWED')
}

function inRegion(regions: readonly string[]): Check {
  return ({ region }) => (region !== undefined && regions.includes(region) ? undefined : 'REGION')
}

function strict({ hints: { dataPolicy } }: RouteQuery): Check | undefined {
  return (
    dataPolicy && ((each) => (isAsStrict(each.dataPolicy, dataPolicy) ? undefined : 'DATA_POLICY'))
  )
}

function tagged(wanted: readonly string[]): Check {
  return ({ tags }) => (wanted.every((tag) => tags.includes(tag)) ? undefined : 'TAG')
}

function affordable({ hints: { maxPrice } }: RouteQuery): Check | undefined {
  if (!maxPrice) return undefined
  const input = maxPrice.input === undefined ? Infinity : Number(maxPrice.input)
  const output = maxPrice.output === undefined ? Infinity : Number(maxPrice.output)
  return ({ rates }) => {
    if (!rates) return 'PRICE_UNKNOWN'
    if (rates.currency !== maxPrice.currency) return 'PRICE_CURRENCY'
    return rates.input > input || rates.output > output ? 'PRICE_TOO_HIGH' : undefined
  }
}

function weighsNothing({ hints }: RouteQuery, { target }: Scene) {
  const weighted = (hints.strategy ?? target.policy.strategy) === 'weighted'
  return weighted && factsOf(target).weighsNothing ? 'weighted' : undefined
}

function weighty({ weight }: Deployment): ExclusionReason | undefined {
  return weight > 0 ? undefined : 'WEIGHT_ZERO'
}
