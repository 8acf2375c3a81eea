import type { GatewayError } from '../errors.ts'
import type { BlockReason } from '../protocol/routing.ts'
import type { DeploymentBounds } from '../protocol/routing-policy.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import type { BreakerState } from './breaker.ts'

export interface Blocked {
  reason: BlockReason
  /** Milliseconds of the Unix epoch; absent where it ends with an event: a probe, a check. */
  untilMs?: number | undefined
}

/** What routing may ask of a deployment: plain numbers of this moment, without any work. */
export interface DeploymentView {
  /** Attempts under way. */
  readonly inFlight: number
  /** Peak-sensitive average of the time to the first token; undefined before the first answer. */
  readonly ttftEwmaMs: number | undefined
  /** So long took the recent 19 of 20 to begin; undefined where too few are known. */
  readonly ttftP95Ms: number | undefined
  /** Of recent attempts, from 0 to 1; falls to 0 while nothing is heard. */
  readonly errorShare: number
  readonly blocked: Blocked | undefined
  /** Of the recent input tokens, those read from the provider's cache, from 0 to 1. */
  readonly cachedShare: number | undefined
  /** What is left of its own bounds of a minute, from 0 to 1; 1 where it has none. */
  readonly ownLeft: number
}

/** One attempt as the state follows it: content at most once, the end once. */
export interface StateAttempt {
  firstContent(timeToFirstTokenMs: number): void
  /** `error` is what a failed one failed with. */
  end(record: AttemptRecord, error?: GatewayError): void
}

/**
 * What this process knows of its deployments. Clients may type any name for a model of an open provider: of
 * those the latest are remembered, the deployments of virtual models always.
 */
export interface DeploymentStates {
  /** By the deployment's id. */
  of(deployment: Called): DeploymentView
  /** The same object for as long as this process runs. */
  kept(deployment: Called): DeploymentView
  /** `tokens` is what the attempt will take, roughly; asked where tokens are bounded. */
  begin(deployment: Called, tokens?: () => number): StateAttempt
  /** Those of a provider that were ever called. */
  ofProvider(provider: string): DeploymentStatus[]
  /** Takes what another instance saw. */
  learn(change: StateChange): void
  /** Whether a check found that a provider does not answer. */
  markDown(provider: string, down: boolean): void
}

export interface DeploymentStatus {
  id: string
  blocked: Blocked | undefined
  breaker: BreakerState
}

/** A rest that began, or a breaker that opened for a time or (0) closed. Times are milliseconds from now. */
export type StateChange = {
  provider: string
  credential: string
  deployment: string
} & (
  | { kind: 'cooldown'; key: string; reason: BlockReason; ms: number }
  | { kind: 'breaker'; openMs: number }
)

/** What is needed to know of a deployment. */
export interface Called {
  id: string
  /** Shared by all that are called with it. */
  credential: string
  provider: { id: string }
  bounds?: DeploymentBounds | undefined
}
