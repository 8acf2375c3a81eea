import type { ErrorCode } from '../errors.ts'
import { percentile } from './recent.ts'

export const healthStates = ['OPERATIONAL', 'DEGRADED', 'DOWN', 'UNKNOWN'] as const

/**
 * DOWN: four fifths of the last five attempts failed (all, where there were three or four). DEGRADED: a tenth
 * of the last twenty failed. UNKNOWN: nothing was seen for five minutes; older attempts count for nothing.
 */
export type HealthState = (typeof healthStates)[number]

/** What an attempt says of its provider. */
export interface Outcome {
  /** Absent when it succeeded. */
  fault?: ErrorCode | undefined
  /** This and the next are absent of a check, which generates nothing. */
  latencyMs?: number | undefined
  timeToFirstTokenMs?: number | undefined
}

/** What attempts of a span of time say; rates and percentiles are absent where there were none. */
export interface HealthFigures {
  /** The span, back from now. */
  seconds: number
  attempts: number
  /** The share that succeeded, from 0 to 1. */
  successRate?: number | undefined
  /** Of attempts that succeeded. */
  latencyP50Ms?: number | undefined
  latencyP95Ms?: number | undefined
  timeToFirstTokenP50Ms?: number | undefined
  timeToFirstTokenP95Ms?: number | undefined
}

/** The spans of which figures are kept; the last one is as far back as anything counts. */
export const spansSeconds = [60, 300] as const

const windowMs = 300_000
const attemptsMax = 100
const last = { down: 5, degraded: 20 }
const share = { down: 0.8, degraded: 0.1 }
const attemptsForDown = 3

interface Seen extends Outcome {
  atMs: number
}

/** The latest attempts of one provider: no more than a hundred, none older than five minutes. */
export class HealthWindow {
  readonly #seen: Seen[] = []
  #state: HealthState = 'UNKNOWN'
  #sinceMs: number
  #checkedAtMs: number | undefined

  constructor(startedAtMs: number) {
    this.#sinceMs = startedAtMs
  }

  add(outcome: Outcome, atMs: number): void {
    this.#forget(atMs)
    this.#seen.push({ ...outcome, atMs })
    if (this.#seen.length > attemptsMax) this.#seen.shift()
    this.#checkedAtMs = atMs
    this.#enter(atMs)
  }

  /** The state now, why, since when, and the end of the last attempt that counted. */
  status(nowMs: number) {
    this.#forget(nowMs)
    return {
      state: this.#state,
      reason: this.#reason(),
      since: new Date(this.#sinceMs),
      checkedAt: this.#checkedAtMs === undefined ? undefined : new Date(this.#checkedAtMs),
    }
  }

  figures(seconds: number, nowMs: number): HealthFigures {
    this.#forget(nowMs)
    const seen = this.#seen.filter(({ atMs }) => atMs > nowMs - seconds * 1000)
    const succeeded = seen.filter(({ fault }) => fault === undefined)
    const latencies = succeeded.flatMap(({ latencyMs }) => latencyMs ?? [])
    const firstTokens = succeeded.flatMap(({ timeToFirstTokenMs }) => timeToFirstTokenMs ?? [])
    return {
      seconds,
      attempts: seen.length,
      successRate: seen.length === 0 ? undefined : succeeded.length / seen.length,
      latencyP50Ms: percentile(latencies, 0.5),
      latencyP95Ms: percentile(latencies, 0.95),
      timeToFirstTokenP50Ms: percentile(firstTokens, 0.5),
      timeToFirstTokenP95Ms: percentile(firstTokens, 0.95),
    }
  }

  /** How often each kind of failure came, the most frequent first. */
  errors(nowMs: number): { code: ErrorCode; count: number }[] {
    this.#forget(nowMs)
    const counts = new Map<ErrorCode, number>()
    for (const { fault } of this.#seen) if (fault) counts.set(fault, (counts.get(fault) ?? 0) + 1)
    const errors = [...counts].map(([code, count]) => ({ code, count }))
    return errors.toSorted((one, other) => other.count - one.count)
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
