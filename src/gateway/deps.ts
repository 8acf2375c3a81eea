import type { Logger } from 'pino'
import type { Ending } from '../lib/ending.ts'
import type { EmbeddingBatch, EmbeddingRequest } from '../protocol/embedding.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { Rule } from '../protocol/rule.ts'
import type { AnswerCache } from './answer-cache.ts'
import type { Catalogue, Deployment } from './catalogue.ts'
import type { Concurrency } from './concurrency.ts'
import type { DeploymentStates } from './deployment-view.ts'
import type { Ledger } from './ledger.ts'
import type { LoadShed } from './load-shed.ts'
import type { Limits } from './limits/limits.ts'
import type { Metrics } from './metrics.ts'
import type { HealthWatch } from './health-watch.ts'
import type { Affinity } from './affinity.ts'
import type { Headroom } from './headroom.ts'
import type { HealthMonitor } from './provider-health.ts'
import type { Priorities } from './priority.ts'
import type { Rates } from './rates.ts'
import type { RetrySettings } from './retry.ts'
import type { Shutdown } from './shutdown.ts'

/** What the pipeline needs from outside. */
export interface GatewayDeps {
  catalogue: Catalogue
  ledger: Ledger
  metrics: Metrics
  health: HealthMonitor
  healthWatch: HealthWatch
  /** What money is worth in other currencies. */
  rates: Rates
  states: DeploymentStates
  /** Of the configuration, in their order. */
  rules: readonly Rule[]
  headroom: Headroom
  affinity: Affinity
  /** From 0 to below 1: what routing draws from. */
  random: () => number
  /** Milliseconds of the Unix epoch. */
  now: () => number
  concurrency: Concurrency
  resilience: {
    /** Absent where no deployment is called twice for one request. */
    retry: RetrySettings | undefined
    /** From which share of errors a deployment comes last in its line; absent where none does. */
    ejectionShare: number | undefined
    priorities: Priorities
  }
  /** Whether this process is behind with its work. */
  loadShed: Pick<LoadShed, 'check'>
  shutdown: Shutdown
  limits: Limits
  /** Absent where no answers are kept. */
  cache?: AnswerCache | undefined
  /** Calls one deployment and decodes what it answers. */
  callUpstream: CallUpstream
  /** Has one deployment count a prompt; undefined where its provider offers no counting. */
  countUpstream: CountUpstream
  /** Makes vectors at one deployment. */
  embedUpstream: EmbedUpstream
  logger: Logger
}

export type CountUpstream = (
  deployment: Deployment,
  request: ChatRequest,
) => Promise<number | undefined>

export type EmbedUpstream = (
  deployment: Deployment,
  request: EmbeddingRequest,
  options: { signal: Ending; onHead: (status: number) => void },
) => Promise<EmbeddingBatch>

export type CallUpstream = (
  deployment: Deployment,
  request: ChatRequest,
  options: { signal: Ending; onHead: (status: number) => void },
) => AsyncGenerator<ChatEvent | readonly ChatEvent[]>
