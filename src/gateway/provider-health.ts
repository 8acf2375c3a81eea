import { isProviderFault, type ErrorCode } from '../errors.ts'
import type { BlockReason } from '../protocol/routing.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import type { BreakerState } from './breaker.ts'
import type { DeploymentStates } from './deployment-view.ts'
import {
  HealthWindow,
  spansSeconds,
  type HealthFigures,
  type HealthState,
  type Outcome,
} from './health-window.ts'

/** How a provider does, as far as the attempts say that are known here. */
export interface ProviderHealth extends Omit<HealthFigures, 'seconds' | 'attempts'> {
  provider: string
  state: HealthState
  /** What speaks against it; absent while it is operational. */
  reason?: string | undefined
  /** When the state began. */
  since: Date
  /** The end of the last attempt that counted, however long ago. */
  checkedAt?: Date | undefined
  /** How often each kind of failure came, the most frequent first. */
  errors: { code: ErrorCode; count: number }[]
  /** The shortest span first. */
  windows: HealthFigures[]
  /** Of its deployments the one that lets least through. */
  breaker: BreakerState
  /** What is passed over now. */
  blocked: BlockedDeployment[]
}

export interface BlockedDeployment {
  /** The id of the deployment. */
  deployment: string
  reason: BlockReason
  until?: Date | undefined
}

/** Watches how providers do. */
export interface HealthMonitor {
  /** Takes an attempt that has ended; those that say nothing of the provider are passed over. */
  record(attempt: AttemptRecord): void
  /** Takes what a check, or another instance, saw at a time in milliseconds of the Unix epoch. */
  note(provider: string, outcome: Outcome, atMs?: number): void
  /** How a provider does now; one that was never called is UNKNOWN. */
  snapshot(provider: string): ProviderHealth
}

export interface HealthOptions {
  /** Milliseconds of the Unix epoch. */
  now?: () => number
  states?: Pick<DeploymentStates, 'ofProvider'> | undefined
  /** Told what was seen here. */
  onOutcome?: (provider: string, outcome: Outcome) => void
}

export function createHealthMonitor(options: HealthOptions = {}): HealthMonitor {
  const { now = Date.now, states, onOutcome } = options
  const startedAtMs = now()
  const windows = new Map<string, HealthWindow>()

  function note(provider: string, outcome: Outcome, atMs: number): void {
    const window = windows.get(provider) ?? new HealthWindow(startedAtMs)
    windows.set(provider, window)
    window.add(outcome, atMs)
  }
  return {
    record: (attempt) => {
      if (!counts(attempt)) return
      const { provider, errorCode: fault, latencyMs, timeToFirstTokenMs } = attempt
      const outcome = { fault, latencyMs, timeToFirstTokenMs }
      note(provider, outcome, now())
      onOutcome?.(provider, outcome)
    },
    note: (provider, outcome, atMs = now()) => note(provider, outcome, atMs),
    snapshot: (provider) => {
      const nowMs = now()
      const window = windows.get(provider) ?? new HealthWindow(startedAtMs)
      const figures = spansSeconds.map((seconds) => window.figures(seconds, nowMs))
      const { seconds: _span, attempts: _count, ...whole } = window.figures(spansSeconds[1], nowMs)
      return {
        provider,
        ...window.status(nowMs),
        ...whole,
        errors: window.errors(nowMs),
        windows: figures,
        ...blockedOf(states?.ofProvider(provider) ?? []),
      }
    },
  }
}

function blockedOf(
  deployments: ReturnType<DeploymentStates['ofProvider']>,
): Pick<ProviderHealth, 'breaker' | 'blocked'> {
  const breakers = new Set(deployments.map(({ breaker }) => breaker))
  const worst = (['OPEN', 'HALF_OPEN'] as const).find((state) => breakers.has(state))
  const blocked = deployments.flatMap(({ id, blocked: block }) => {
    if (!block) return []
    const until = block.untilMs === undefined ? undefined : new Date(block.untilMs)
    return [{ deployment: id, reason: block.reason, until }]
  })
  return { breaker: worst ?? 'CLOSED', blocked }
}

function counts({ status, errorCode }: AttemptRecord): boolean {
  if (status === 'succeeded') return true
  return status === 'failed' && errorCode !== undefined && isProviderFault(errorCode)
}
