import { isProviderFault, type ErrorCode } from '../errors.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { percentile } from './recent.ts'

export const healthStates = ['OPERATIONAL', 'DEGRADED', 'DOWN', 'UNKNOWN'] as const

/**
 * DOWN: four fifths of the last five attempts failed (all, where there were three or four). DEGRADED: a tenth
 * of the last twenty failed. UNKNOWN: nothing was seen for five minutes; older attempts count for nothing.
 */
export type HealthState = (typeof healthStates)[number]

/** How a provider does, as far as the attempts of this process say. */
export interface ProviderHealth {
  provider: string
  state: HealthState
  /** What speaks against it; absent while it is operational. */
  reason?: string | undefined
  /** The share of attempts that succeeded, from 0 to 1; this and what follows is absent where nothing was seen. */
  successRate?: number | undefined
  /** Of attempts that succeeded. */
  latencyP50Ms?: number | undefined
  latencyP95Ms?: number | undefined
  timeToFirstTokenP50Ms?: number | undefined
  /** When the state began. */
  since: Date
  /** The end of the last attempt that counted, however long ago. */
  checkedAt?: Date | undefined
}

/** Watches how providers do. */
export interface HealthMonitor {
  /** Takes an attempt that has ended; those that say nothing of the provider are passed over. */
  record(attempt: AttemptRecord): void
  /** How a provider does now; one that was never called is UNKNOWN. */
  snapshot(provider: string): ProviderHealth
}

const windowMs = 300_000
const attemptsMax = 100
const last = { down: 5, degraded: 20 }
const share = { down: 0.8, degraded: 0.1 }
const attemptsForDown = 3

/** A monitor of what this process sees; `now` is the time in milliseconds. */
export function createHealthMonitor(now: () => number = Date.now): HealthMonitor {
  const startedAtMs = now()
  const windows = new Map<string, HealthWindow>()
  return {
    record: (attempt) => {
      if (!counts(attempt)) return
      const window = windows.get(attempt.provider) ?? new HealthWindow(startedAtMs)
      windows.set(attempt.provider, window)
      window.add(attempt, now())
    },
    snapshot: (provider) => {
      const window = windows.get(provider) ?? new HealthWindow(startedAtMs)
      return { provider, ...window.figures(now()) }
    },
  }
}

function counts({ status, errorCode }: AttemptRecord): boolean {
  if (status === 'succeeded') return true
  return status === 'failed' && errorCode !== undefined && isProviderFault(errorCode)
}

interface Seen {
  atMs: number
  /** Absent when it succeeded. */
  fault: ErrorCode | undefined
  latencyMs: number
  timeToFirstTokenMs: number | undefined
}

/** The latest attempts of one provider: no more than a hundred, none older than five minutes. */
class HealthWindow {
  #seen: Seen[] = []
  #state: HealthState = 'UNKNOWN'
  #sinceMs: number
  #checkedAtMs: number | undefined

  constructor(startedAtMs: number) {
    this.#sinceMs = startedAtMs
  }

  add({ errorCode, latencyMs, timeToFirstTokenMs }: AttemptRecord, nowMs: number): void {
    this.#forget(nowMs)
    this.#seen.push({ atMs: nowMs, fault: errorCode, latencyMs, timeToFirstTokenMs })
    if (this.#seen.length > attemptsMax) this.#seen.shift()
    this.#checkedAtMs = nowMs
    this.#enter(nowMs)
  }

  figures(nowMs: number): Omit<ProviderHealth, 'provider'> {
    this.#forget(nowMs)
    const seen = this.#seen
    const succeeded = seen.filter(({ fault }) => fault === undefined)
    const latencies = succeeded.map(({ latencyMs }) => latencyMs)
    const firstTokens = succeeded.flatMap(({ timeToFirstTokenMs }) => timeToFirstTokenMs ?? [])
    return {
      state: this.#state,
      reason: this.#reason(),
      successRate: seen.length === 0 ? undefined : succeeded.length / seen.length,
      latencyP50Ms: percentile(latencies, 0.5),
      latencyP95Ms: percentile(latencies, 0.95),
      timeToFirstTokenP50Ms: percentile(firstTokens, 0.5),
      since: new Date(this.#sinceMs),
      checkedAt: this.#checkedAtMs === undefined ? undefined : new Date(this.#checkedAtMs),
    }
  }

  /** An attempt that grows too old may change the state, and does so at its time, whenever that is noticed. */
  #forget(nowMs: number): void {
    for (;;) {
      const [oldest] = this.#seen
      if (!oldest || oldest.atMs + windowMs > nowMs) return
      this.#seen.shift()
      this.#enter(oldest.atMs + windowMs)
    }
  }

  #enter(atMs: number): void {
    const state = stateOf(this.#seen)
    if (state === this.#state) return
    this.#state = state
    this.#sinceMs = atMs
  }

  #reason(): string | undefined {
    if (this.#state === 'OPERATIONAL') return undefined
    if (this.#state === 'UNKNOWN') return 'no attempts in the last 5 minutes'
    const latest = this.#seen.slice(this.#state === 'DOWN' ? -last.down : -last.degraded)
    const codes = latest.flatMap(({ fault }) => fault ?? [])
    const distinct = [...new Set(codes)].toSorted().join(', ')
    return `${codes.length} of the last ${latest.length} attempts failed: ${distinct}`
  }
}

function stateOf(seen: readonly Seen[]): HealthState {
  if (seen.length === 0) return 'UNKNOWN'
  if (seen.length >= attemptsForDown && failedShare(seen, last.down) >= share.down) return 'DOWN'
  return failedShare(seen, last.degraded) >= share.degraded ? 'DEGRADED' : 'OPERATIONAL'
}

/** Of the latest `max`: on the path of every request, so that nothing is copied. */
function failedShare(seen: readonly Seen[], max: number): number {
  const first = Math.max(0, seen.length - max)
  let failed = 0
  for (let index = first; index < seen.length; index += 1) {
    if (seen[index]?.fault !== undefined) failed += 1
  }
  return failed / (seen.length - first)
}
