import { GatewayError, invalidRequest } from '../../errors.ts'
import type { CandidateSource } from '../../protocol/routing.ts'
import type { RoutingPolicy } from '../../protocol/routing-policy.ts'
import type { RoutingHints } from '../call.ts'
import type { Catalogue, Target } from '../catalogue.ts'
import type { RouteQuery } from './query.ts'

/** What a name means, by which policy its deployments are chosen among, and how the name came in. */
export interface Choice {
  target: Target
  policy: RoutingPolicy
  source: CandidateSource
}

export type Choices = readonly [Choice, ...Choice[]]

/** The model asked for, then the client's fallbacks, then the configured ones; throws where a name means nothing. */
export function choicesFor(
  catalogue: Catalogue,
  query: Pick<RouteQuery, 'model' | 'hints' | 'addedFallbacks' | 'pinned'>,
): Choices {
  const { model, hints, addedFallbacks = [], pinned = false } = query
  checkLength(model)
  checkProviderNames(catalogue, hints)
  const target = catalogue.target(model)
  const choices: [Choice, ...Choice[]] = [
    { target, policy: policyFor(target.policy, hints), source: 'model' },
  ]
  if (pinned) return choices
  for (const [index, name] of (hints.fallbacks ?? []).entries()) {
    const named = clientFallback(catalogue, name, index)
    choices.push({ target: named, policy: named.policy, source: 'client' })
  }
  for (const name of [...addedFallbacks, ...catalogue.fallbacksOf(target.id)]) {
    const configured = catalogue.target(name)
    choices.push({ target: configured, policy: configured.policy, source: 'configuration' })
  }
  return choices
}

/** The configured policy with what the request says over it. */
function policyFor(policy: RoutingPolicy, hints: RoutingHints): RoutingPolicy {
  let changed: RoutingPolicy | undefined
  for (const name of overriding) {
    const value = hints[name]
    if (value !== undefined) changed = { ...(changed ?? policy), [name]: value }
  }
  return changed ?? policy
}

const overriding = [
  'strategy',
  'stickyBy',
  'weights',
  'hedgeAfterMs',
  'parallel',
  'stickiness',
] as const

function clientFallback(catalogue: Catalogue, name: string, index: number): Target {
  try {
    return catalogue.target(name)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { code, message } = error
    throw new GatewayError({ code, message, path: `fallbacks[${index}]` })
  }
}

/** Names go into the log's indexes, which take no longer keys. */
const modelCharsMax = 300

function checkLength(model: string): void {
  if (model.length <= modelCharsMax) return
  throw invalidRequest('model', `The name of a model has at most ${modelCharsMax} characters.`)
}

/** A misspelt provider in a deny list would send data where the client forbade it. */
function checkProviderNames(catalogue: Catalogue, hints: RoutingHints): void {
  checkNames('allow_providers', hints.allowProviders, catalogue)
  checkNames('deny_providers', hints.denyProviders, catalogue)
}

function checkNames(list: string, names: readonly string[] = [], catalogue: Catalogue): void {
  for (const [index, name] of names.entries()) {
    if (catalogue.providers.has(name)) continue
    const known = [...catalogue.providers.keys()].join(', ')
    throw invalidRequest(
      `${list}[${index}]`,
      `There is no provider named \`${name.slice(0, 100)}\` here; the configured ones are: ${known}.`,
    )
  }
}
