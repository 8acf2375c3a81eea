import { GatewayError, invalidRequest } from '../../errors.ts'
import { passingReasons, type Exclusion, type ExclusionReason } from '../../protocol/routing.ts'
import type { Deployment } from '../catalogue.ts'
import type { DeploymentStates } from '../deployment-view.ts'
import type { RouteQuery } from './query.ts'

/** A deployment that is not tried, and why. */
export interface Excluded {
  deployment: Deployment
  reason: ExclusionReason
}

/** How many exclusions are put into words. */
export const exclusionsMax = 20

/** Exclusions in words, with the values that were compared. */
export function inWords(
  excluded: readonly Excluded[],
  query: RouteQuery,
  states: DeploymentStates,
): Exclusion[] {
  return excluded.map(({ deployment, reason }) => ({
    deployment: deployment.id,
    reason,
    detail: detailOf(reason, deployment, { query, states }),
  }))
}

function detailOf(
  reason: ExclusionReason,
  deployment: Deployment,
  { query, states }: { query: RouteQuery; states: DeploymentStates },
): string {
  const { hints } = query
  const provider = `the provider \`${deployment.provider.id}\``
  switch (reason) {
    case 'PROVIDER_NOT_ALLOWED':
      return `${provider} is not among the allowed ones`
    case 'PROVIDER_DENIED':
      return `${provider} is denied`
    case 'KEY_NOT_ALLOWED':
      return `the API key may not use \`${deployment.modelId}\``
    case 'REGION':
      return `its region is ${deployment.region ?? 'unknown'}, not ${(hints.regions ?? []).join(' or ')}`
    case 'DATA_POLICY':
      return `its data policy is ${deployment.dataPolicy ?? 'unknown'}, asked for is ${hints.dataPolicy}`
    case 'TAG':
      return `it does not have all of the tags ${(hints.deploymentTags ?? []).join(', ')}`
    case 'FEATURE':
      return `it cannot express ${query.refused(deployment).join(', ')}`
    case 'CONTEXT_LENGTH':
      return `it takes ${deployment.contextLength} tokens, the request needs about ${needed(query)}`
    case 'OUTPUT_LENGTH':
      return `its answers have at most ${deployment.maxOutputTokens} tokens, asked for are ${query.answerTokensMax}`
    case 'PRICE_UNKNOWN':
      return 'its price is unknown'
    case 'PRICE_CURRENCY':
      return `its price is in ${deployment.rates?.currency}, the cap in ${hints.maxPrice?.currency}`
    case 'PRICE_TOO_HIGH':
      return `a million tokens cost ${deployment.rates?.input} (input) and ${deployment.rates?.output} (output)`
    case 'WEIGHT_ZERO':
      return 'its weight is 0'
    case 'BUSY':
      return `all of its ${deployment.bounds?.maxConcurrent} places are taken`
    case 'REQUESTS_PER_MINUTE':
    case 'TOKENS_PER_MINUTE':
    case 'RATE_LIMITED':
    case 'AUTH':
    case 'QUOTA':
    case 'BREAKER_OPEN':
    case 'DOWN':
      return blockedWords[reason] + untilWhen(states.of(deployment).blocked?.untilMs)
    default:
      return reason satisfies never
  }
}

const blockedWords = {
  REQUESTS_PER_MINUTE: 'its requests of this minute are used up',
  TOKENS_PER_MINUTE: 'its tokens of this minute are used up',
  RATE_LIMITED: 'its provider limits the rate',
  AUTH: 'its provider refuses the credential',
  QUOTA: 'the credit at its provider is used up',
  BREAKER_OPEN: 'it failed again and again',
  DOWN: 'it is down',
}

function untilWhen(untilMs: number | undefined): string {
  return untilMs === undefined ? '' : `; it is tried again at ${new Date(untilMs).toISOString()}`
}

function needed({ estimate, answerTokensMax = 0 }: RouteQuery): number {
  return estimate().inputTokens + answerTokensMax
}

const passing: ReadonlySet<ExclusionReason> = new Set(passingReasons)

/** The failure of a request for which nobody is left; it says why each was not. */
export function nobodyLeft(
  excluded: readonly Excluded[],
  query: RouteQuery,
  { states, now }: { states: DeploymentStates; now: () => number },
): GatewayError {
  const words = inWords(excluded.slice(0, exclusionsMax), query, states)
  const each = words.map(({ deployment, detail }) => `\`${deployment}\`: ${detail}`).join('; ')
  const more =
    excluded.length > exclusionsMax ? ` (and ${excluded.length - exclusionsMax} more)` : ''
  const message = `No deployment is left for this request. ${each}${more}.`
  const reasons = new Set(excluded.map(({ reason }) => reason))
  if ([...reasons].some((reason) => passing.has(reason))) {
    const untilMs = soonest(excluded, states)
    const retryAfterMs = untilMs === undefined ? undefined : Math.max(0, untilMs - now())
    return new GatewayError({ code: 'PROVIDER_UNAVAILABLE', message, retryAfterMs })
  }
  const [only] = reasons
  if (reasons.size === 1 && only === 'KEY_NOT_ALLOWED') {
    return new GatewayError({ code: 'PERMISSION_DENIED', message, path: 'model' })
  }
  if (reasons.size === 1 && only === 'FEATURE') {
    return new GatewayError({ code: 'UNSUPPORTED_FEATURE', message, path: 'model' })
  }
  if (reasons.size === 1 && only === 'CONTEXT_LENGTH') {
    return new GatewayError({ code: 'CONTEXT_LENGTH_EXCEEDED', message, path: 'messages' })
  }
  return invalidRequest('model', `${message} Widen what you ask for or add a fallback.`)
}

function soonest(excluded: readonly Excluded[], states: DeploymentStates): number | undefined {
  const waits = excluded.flatMap(({ deployment }) => states.of(deployment).blocked?.untilMs ?? [])
  return waits.length === 0 ? undefined : Math.min(...waits)
}
