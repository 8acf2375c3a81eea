import { isAsStrict, type ExclusionReason } from '../../protocol/routing.ts'
import type { Deployment, Target } from '../catalogue.ts'
import { mayUse } from '../visible-models.ts'
import type { DeploymentStates } from '../deployment-state.ts'
import type { RouteQuery } from './query.ts'

/** Why a deployment is left out of a request; undefined where it is not. */
export type Check = (deployment: Deployment) => ExclusionReason | undefined

/** Among whom is chosen. */
export interface Scene {
  target: Target
  /** Who named the target. */
  namedBy: 'client' | 'configuration'
  states: DeploymentStates
  /** Whether nobody else could take over: then only what the client asked for counts, and the provider has the last word. */
  alone: boolean
}

/** One rule of who may not be chosen. */
interface Filter {
  /** The check for one request; undefined where the request gives it nothing to do. */
  open: (query: RouteQuery, scene: Scene) => Check | undefined
  /** Whether it matters only where another deployment could take over. */
  comparing?: boolean
}

/** In the order in which they are asked: the first reason is the one that is told. */
const filters: readonly Filter[] = [
  { open: ({ hints }) => hints.allowProviders && only(hints.allowProviders) },
  { open: ({ hints }) => hints.denyProviders && noneOf(hints.denyProviders) },
  { open: permitted },
  { open: ({ hints: { regions } }) => regions && inRegion(regions) },
  {
    open: ({ hints: { dataPolicy } }) =>
      dataPolicy &&
      ((each) => (isAsStrict(each.dataPolicy, dataPolicy) ? undefined : 'DATA_POLICY')),
  },
  { open: ({ hints: { deploymentTags } }) => deploymentTags && tagged(deploymentTags) },
  { open: affordable },
  { open: weighty, comparing: true },
  {
    open:
      ({ refused }) =>
      (each) =>
        refused(each).length > 0 ? 'FEATURE' : undefined,
    comparing: true,
  },
  { open: fitting, comparing: true },
  {
    open:
      (_query, { states }) =>
      (each) =>
        states.of(each).blocked?.reason,
    comparing: true,
  },
]

/** The checks of a request on the deployments of one target. */
export function checksFor(query: RouteQuery, scene: Scene): Check[] {
  const checks: Check[] = []
  for (const { open, comparing } of filters) {
    const check = comparing === true && scene.alone ? undefined : open(query, scene)
    if (check) checks.push(check)
  }
  return checks
}

/** The first reason against a deployment. */
export function reasonAgainst(
  checks: readonly Check[],
  deployment: Deployment,
): ExclusionReason | undefined {
  for (const check of checks) {
    const reason = check(deployment)
    if (reason !== undefined) return reason
  }
  return undefined
}

function only(names: readonly string[]): Check {
  return ({ provider }) => (names.includes(provider.id) ? undefined : 'PROVIDER_NOT_ALLOWED')
}

function noneOf(names: readonly string[]): Check | undefined {
  if (names.length === 0) return undefined
  return ({ provider }) => (names.includes(provider.id) ? 'PROVIDER_DENIED' : undefined)
}

/** Where the client named the model itself, the gate behind answers, which says what the key may use. */
function permitted({ actor }: RouteQuery, { target, namedBy }: Scene): Check | undefined {
  const { id, virtual } = target
  if (actor.models === null || (virtual ? mayUse(actor, id) : namedBy === 'client'))
    return undefined
  return ({ modelId }) => (mayUse(actor, modelId) ? undefined : 'KEY_NOT_ALLOWED')
}

function inRegion(regions: readonly string[]): Check {
  return ({ region }) => (region !== undefined && regions.includes(region) ? undefined : 'REGION')
}

function tagged(wanted: readonly string[]): Check {
  return ({ tags }) => (wanted.every((tag) => tags.includes(tag)) ? undefined : 'TAG')
}

function affordable({ hints }: RouteQuery): Check | undefined {
  const { maxPrice } = hints
  if (!maxPrice) return undefined
  const input = maxPrice.input === undefined ? Infinity : Number(maxPrice.input)
  const output = maxPrice.output === undefined ? Infinity : Number(maxPrice.output)
  return ({ rates }) => {
    if (!rates) return 'PRICE_UNKNOWN'
    if (rates.currency !== maxPrice.currency) return 'PRICE_CURRENCY'
    return rates.input > input || rates.output > output ? 'PRICE_TOO_HIGH' : undefined
  }
}

function weighty(
  { hints }: RouteQuery,
  { target: { policy, deployments } }: Scene,
): Check | undefined {
  const strategy = hints.strategy ?? policy.strategy
  if (strategy !== 'weighted' || deployments.every(({ weight }) => weight > 0)) return undefined
  return ({ weight }) => (weight > 0 ? undefined : 'WEIGHT_ZERO')
}

/** A model whose limits are unknown is not left out. */
function fitting({ estimate, answerTokensMax: asked = 0 }: RouteQuery): Check {
  const { inputTokens } = estimate()
  return ({ contextLength = Infinity, maxOutputTokens = Infinity }) => {
    if (inputTokens + asked > contextLength) return 'CONTEXT_LENGTH'
    return asked > maxOutputTokens ? 'OUTPUT_LENGTH' : undefined
  }
}
