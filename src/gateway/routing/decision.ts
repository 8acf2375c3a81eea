import { formatNanos } from '../../lib/decimal.ts'
import type { DecidedCandidate, Decision, CandidateSource } from '../../protocol/routing.ts'
import type { DeploymentStates } from '../deployment-view.ts'
import { estimatedCost } from './estimate.ts'
import type { RouteQuery } from './query.ts'
import type { Ranked } from './ranking.ts'
import { exclusionsMax, inWords, type Excluded } from './reasons.ts'

/** A deployment that is tried, and why it is among the candidates. */
export interface Sourced extends Ranked {
  source: CandidateSource
  /** Who named the deployment itself. */
  namedBy: 'client' | 'configuration'
}

/** What was decided, in the form that is shown and kept. */
export function decisionOf(
  decided: Omit<Decision, 'estimate' | 'candidates' | 'excluded' | 'excludedCount'> & {
    candidates: readonly Sourced[]
    excluded: readonly Excluded[]
  },
  query: RouteQuery,
  states: DeploymentStates,
): Decision {
  const { excluded, candidates, ...rest } = decided
  return {
    ...rest,
    estimate: query.estimate(),
    candidates: candidates.map((each) => candidateOf(each, query)),
    excluded: inWords(excluded.slice(0, exclusionsMax), query, states),
    excludedCount: excluded.length,
  }
}

function candidateOf(
  { deployment, view, score, parts, source }: Sourced,
  query: RouteQuery,
): DecidedCandidate {
  const { id, modelId, rates } = deployment
  const { cachedShare } = view
  return {
    deployment: id,
    model: modelId,
    source,
    score: score === undefined || !Number.isFinite(score) ? undefined : rounded(score),
    parts:
      parts &&
      Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, rounded(part)])),
    cachedShare: cachedShare === undefined ? undefined : rounded(cachedShare),
    cost: rates && {
      currency: rates.currency,
      amount: decimal(estimatedCost(rates, query.estimate(), cachedShare)),
    },
  }
}

/** Six places: more say nothing and are written with every request. */
function rounded(number: number): number {
  return Math.round(number * 1e6) / 1e6
}

/** In nano-units, which below nine million units are exact without big integers. */
function decimal(units: number): string {
  const nanos = Math.round(units * 1e9)
  if (!Number.isSafeInteger(nanos)) return formatNanos(BigInt(nanos))
  const whole = Math.floor(nanos / 1e9)
  const rest = nanos - whole * 1e9
  if (rest === 0) return String(whole)
  return `${whole}.${String(rest).padStart(9, '0').replace(/0+$/, '')}`
}
