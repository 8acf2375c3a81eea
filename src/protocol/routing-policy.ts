import type { Money } from './settlement.ts'
import type { DataPolicy, ScorePart, Stickiness, StickyBy, Strategy } from './routing.ts'

/** How a model's deployments are chosen among: what the configuration says, and what a request says over it. */
export interface RoutingPolicy {
  strategy: Strategy
  /** For what a weighted choice stays the same; every request chooses anew when absent. */
  stickyBy?: StickyBy | undefined
  /** What counts how much in a scored choice. */
  weights: Partial<Record<ScorePart, number>>
  /** When a hedge begins its next attempt: after so long without content, or after the usual longest wait. */
  hedgeAfterMs: number | 'p95'
  /** Attempts of a race or a hedge that run at once. */
  parallel: number
  /** Of a race or a hedge: what its attempts may cost together, by estimate. */
  maxCost?: Money | undefined
  /** Deployments that are tried of one model. */
  attemptsMax: number
  stickiness: Stickiness
  /** Whether a prompt goes where its beginning went before, so that the provider's cache has it. */
  prefixAffinity: boolean
}

export const usualPolicy: RoutingPolicy = {
  strategy: 'ordered',
  weights: { latency: 1, cost: 1, errors: 1 },
  hedgeAfterMs: 'p95',
  parallel: 2,
  attemptsMax: 5,
  stickiness: 'none',
  prefixAffinity: false,
}

/** A model of several deployments, as the configuration describes it. */
export interface VirtualModel {
  name: string
  policy: RoutingPolicy
  deployments: readonly VirtualDeployment[]
}

/** A model of a provider as a part of a virtual one. */
export interface VirtualDeployment {
  /** A name of one model: `provider/model`, a bare name or an alias of these. */
  model: string
  /** Its share in a weighted choice; 0 takes it out. */
  weight: number
  /** Deployments of a higher number are fallbacks of those of a lower one. */
  priority: number
  /** Instead of its provider's. */
  region?: string | undefined
  dataPolicy?: DataPolicy | undefined
  tags: readonly string[]
  /** The name of its part of an experiment; its id unless told. */
  variant?: string | undefined
  bounds?: DeploymentBounds | undefined
}

/** What may be asked of a deployment, by the configuration; absent where nothing bounds it. */
export interface DeploymentBounds {
  /** Attempts under way at once. */
  maxConcurrent?: number | undefined
  /** Attempts that begin in a minute, and tokens that they read and write. */
  requestsPerMinute?: number | undefined
  tokensPerMinute?: number | undefined
}
