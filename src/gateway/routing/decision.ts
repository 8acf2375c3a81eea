import { formatNanos } from '../../lib/decimal.ts'
import type { CandidateSource, ScoreParts, TokenEstimate } from '../../protocol/routing.ts'
import { modelOf } from '../../protocol/stored-decision.ts'
import type { Deployment, Target } from '../catalogue.ts'
import type { DeploymentStates } from '../deployment-view.ts'
import type { Considered } from './consider.ts'
import type { Directed } from './direct.ts'
import { estimatedCost } from './estimate.ts'
import type { Ranked } from './ranking.ts'
import { exclusionsMax, inWords, type Excluded } from './reasons.ts'

/** A deployment that is tried, and why it is among the candidates. */
export interface Sourced extends Ranked {
  source: CandidateSource
  /** Who named the deployment itself. */
  namedBy: 'client' | 'configuration'
}

/** What was decided, as JSON of a `StoredDecision`: written at once, since each request has one. */
export function decisionText(
  { target, policy, variant, affinity, candidates, excluded }: Omit<Considered, 'hasMore'>,
  { query, rules, failedRules, intent }: Directed,
  states: DeploymentStates,
): string {
  const estimate = query.estimate()
  const { inputTokens, outputTokens } = estimate
  return (
    `${namedIn(target)},"strategy":"${policy.strategy}","estimate":{"inputTokens":${inputTokens},"outputTokens":${outputTokens}}` +
    (rules.length === 0 ? '' : member('rules', rules)) +
    (failedRules.length === 0 ? '' : member('failedRules', failedRules)) +
    (intent ? member('intent', intent) : '') +
    (variant === undefined ? '' : member('variant', variant)) +
    (affinity ? member('affinity', affinity) : '') +
    `,"candidates":[${candidatesText(candidates, estimate)}]` +
    (excluded.length === 0 ? '' : exclusionsText(excluded, query, states)) +
    '}'
  )
}

function exclusionsText(
  excluded: readonly Excluded[],
  query: Directed['query'],
  states: DeploymentStates,
): string {
  const told = inWords(excluded.slice(0, exclusionsMax), query, states)
  return member('excluded', told) + member('excludedCount', excluded.length)
}

function candidatesText(candidates: readonly Sourced[], estimate: TokenEstimate): string {
  let text = ''
  let before: Cost | undefined
  for (const { deployment, view, score, parts, source } of candidates) {
    const { rates } = deployment
    const { cachedShare } = view
    text += text === '' ? beginningOf(deployment) : `,${beginningOf(deployment)}`
    if (source !== 'model') text += `,"source":"${source}"`
    if (score !== undefined && Number.isFinite(score)) text += `,"score":${measured(score)}`
    if (parts) text += member('parts', roundedParts(parts))
    if (cachedShare !== undefined) text += `,"cachedShare":${rounded(cachedShare)}`
    const cost = rates && {
      currency: rates.currency,
      units: estimatedCost(rates, estimate, cachedShare),
    }
    if (cost) text += costText(cost, before)
    text += '}'
    before = cost
  }
  return text
}

/** In units of its currency. */
interface Cost {
  currency: string
  units: number
}

/** Many candidates are of one price. */
function costText({ currency, units }: Cost, before: Cost | undefined): string {
  if (units === before?.units && currency === before.currency) return ',"cost":"same"'
  return `,"cost":{"currency":"${currency}","amount":"${decimal(units)}"}`
}

/** What is the same in every decision about a target, and of a candidate. */
const beginnings = new WeakMap<Target | Deployment, string>()

function namedIn(target: Target): string {
  const known = beginnings.get(target)
  if (known !== undefined) return known
  const text = `{"model":${JSON.stringify(target.id)}`
  beginnings.set(target, text)
  return text
}

function beginningOf(deployment: Deployment): string {
  const known = beginnings.get(deployment)
  if (known !== undefined) return known
  const { id, modelId } = deployment
  const model = modelId === modelOf(id) ? '' : member('model', modelId)
  const text = `{"deployment":${JSON.stringify(id)}${model}`
  beginnings.set(deployment, text)
  return text
}

function roundedParts(parts: ScoreParts): ScoreParts {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, rounded(part)]))
}

function member(name: string, value: unknown): string {
  return `,"${name}":${JSON.stringify(value)}`
}

/** Three digits, below one six places: more say nothing, and few different numbers are quickly written. */
function measured(score: number): number {
  const size = Math.abs(score)
  const scale = size >= 100 ? 1 : size >= 10 ? 10 : size >= 1 ? 100 : 1e6
  return Math.round(score * scale) / scale
}

/** Six places. */
function rounded(number: number): number {
  return Math.round(number * 1e6) / 1e6
}

/** In nano-units, which below nine million units are exact without big integers. */
function decimal(units: number): string {
  const nanos = Math.round(units * 1e9)
  if (!Number.isSafeInteger(nanos)) return formatNanos(BigInt(nanos))
  const whole = Math.floor(nanos / 1e9)
  let rest = nanos - whole * 1e9
  if (rest === 0) return String(whole)
  let digits = 9
  for (; rest % 10 === 0; digits -= 1) rest /= 10
  return `${whole}.${String(rest).padStart(digits, '0')}`
}
