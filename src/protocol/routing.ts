import type { IntentGuess } from './intent.ts'

/** How one of several deployments is chosen; the others follow as fallbacks, in the order of the same measure. */
export const strategies = [
  'ordered',
  'weighted',
  'least-latency',
  'least-busy',
  'cheapest',
  'headroom',
  'scored',
  'prefer-local',
  'race',
  'hedge',
] as const

export type Strategy = (typeof strategies)[number]

/** How long a conversation stays with one deployment: never, while tools are called in one turn, throughout. */
export const stickinesses = ['none', 'turn', 'session'] as const

export type Stickiness = (typeof stickinesses)[number]

/** What a provider may do with what it is sent, the strictest first; a provider that says nothing may do anything. */
export const dataPolicies = ['no-retention', 'no-training', 'any'] as const

export type DataPolicy = (typeof dataPolicies)[number]

/** Whether a provider's word is at least as strict as the one asked for. */
export function isAsStrict(policy: DataPolicy | undefined, asked: DataPolicy): boolean {
  return dataPolicies.indexOf(policy ?? 'any') <= dataPolicies.indexOf(asked)
}

/** What a weighted choice stays the same for: the API key, the end user, the session, or the value of a tag. */
export type StickyBy = 'key' | 'user' | 'session' | `tag:${string}`

/** Parts of a score, each from 0 to 1, the best being 1. */
export const scoreParts = ['latency', 'cost', 'busy', 'headroom', 'cache', 'errors'] as const

export type ScorePart = (typeof scoreParts)[number]

export type ScoreParts = Partial<Record<ScorePart, number>>

/** Why a deployment is not called now. */
export const blockReasons = [
  'REQUESTS_PER_MINUTE',
  'TOKENS_PER_MINUTE',
  'RATE_LIMITED',
  'AUTH',
  'QUOTA',
  'BREAKER_OPEN',
  'DOWN',
] as const

export type BlockReason = (typeof blockReasons)[number]

/** Reasons that pass by themselves. */
export const passingReasons = ['BUSY', ...blockReasons] as const

/** Why a deployment was left out; closed, and documented in docs/routing.md. */
export const exclusionReasons = [
  'PROVIDER_NOT_ALLOWED',
  'PROVIDER_DENIED',
  'KEY_NOT_ALLOWED',
  'REGION',
  'DATA_POLICY',
  'TAG',
  'FEATURE',
  'CONTEXT_LENGTH',
  'OUTPUT_LENGTH',
  'PRICE_UNKNOWN',
  'PRICE_CURRENCY',
  'PRICE_TOO_HIGH',
  'WEIGHT_ZERO',
  ...passingReasons,
] as const

export type ExclusionReason = (typeof exclusionReasons)[number]

/** An upper bound of prices: decimal strings for a million tokens. */
export interface PriceCap {
  currency: string
  input?: string | undefined
  output?: string | undefined
}

/** A decimal string of a currency. */
export interface Amount {
  currency: string
  amount: string
}

/** How a request was routed, or would be: what `explainRoute` answers and what the ledger keeps. */
export interface Decision {
  /** What the client's name meant: `provider/model`, or the name of a virtual model. */
  model: string
  strategy: Strategy
  /** Names of the rules that fired. */
  rules: readonly string[]
  /** Rules whose condition could not be evaluated, and why. */
  failedRules: readonly { rule: string; reason: string }[]
  /** What the request was taken to want, where its model was `auto`. */
  intent?: IntentGuess | undefined
  /** The part of an experiment that the request fell to. */
  variant?: string | undefined
  /** Why the first candidate stands before those that the strategy would have put there. */
  affinity?: 'session' | 'prefix' | undefined
  estimate: TokenEstimate
  /** In the order in which they are tried. */
  candidates: readonly DecidedCandidate[]
  excluded: readonly Exclusion[]
  /** How many were left out, where not all of them are listed. */
  excludedCount: number
  /** What was not called although its turn had come, or was put last; absent where nothing was, and in a dry run. */
  passedOver?: readonly PassedOver[] | undefined
}

export interface PassedOver {
  deployment: string
  reason: ExclusionReason | 'OUTLIER'
  /** In words. */
  detail: string
}

export interface TokenEstimate {
  inputTokens: number
  outputTokens: number
}

export interface DecidedCandidate {
  /** The id of the deployment. */
  deployment: string
  /** `provider/model`. */
  model: string
  /** Whether it belongs to the model asked for, or is a fallback of the client's or of the configuration. */
  source: CandidateSource
  /** The strategy's measure, the lower the better: its unit is the strategy's. Absent where there is none. */
  score?: number | undefined
  /** From what the score was made. */
  parts?: ScoreParts | undefined
  /** Of its recent input tokens, those read from the provider's cache; absent where nothing is known. */
  cachedShare?: number | undefined
  /** What the request would cost here; absent where the price is unknown. */
  cost?: Amount | undefined
}

export type CandidateSource = 'model' | 'client' | 'configuration'

export interface Exclusion {
  deployment: string
  reason: ExclusionReason
  /** In words, with the values that were compared. */
  detail: string
}
