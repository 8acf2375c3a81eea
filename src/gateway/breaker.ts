export interface BreakerSettings {
  /** So many failures in a row open it. */
  failures: number
  /** So does this share of failures, from 0 to 1, among at least `attemptsMin` recent attempts. */
  share: number
  attemptsMin: number
  /** Attempts lose weight by this time constant. */
  windowMs: number
  /** How long it stays open the first time; each time that a probe fails, twice as long, up to `openMaxMs`. */
  openMs: number
  openMaxMs: number
  /** Attempts that may run at once while it is half open, and successes that close it. */
  probes: number
}

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN'

/** What came of an attempt; `void` says nothing of the provider: a client's mistake, or one that left. */
export type Verdict = 'success' | 'failure' | 'void'

/** An attempt at its end; times are milliseconds of one clock. */
interface Ended {
  /** What `begin` has said of it. */
  probe: boolean
  beganMs: number
  nowMs: number
}

/**
 * A circuit breaker whose attempts are streams: it is told when one begins and what came of it. Synchronous
 * and without timers; time is what the caller says it is, in milliseconds.
 */
export class Breaker {
  /** When the state began. */
  sinceMs: number
  readonly #settings: BreakerSettings
  #open = false
  #untilMs = 0
  #openMs: number
  #probing = 0
  #probed = 0
  #row = 0
  /** When the first failure of the row was seen. */
  #rowSinceMs = 0
  #attempts = 0
  #failures = 0
  #weighedMs: number

  constructor(settings: BreakerSettings, nowMs: number) {
    this.#settings = settings
    this.#openMs = settings.openMs
    this.sinceMs = nowMs
    this.#weighedMs = nowMs
  }

  /** Undefined while it is closed. */
  get openUntilMs(): number | undefined {
    return this.#open ? this.#untilMs : undefined
  }

  state(nowMs: number): BreakerState {
    if (!this.#open) return 'CLOSED'
    return nowMs < this.#untilMs ? 'OPEN' : 'HALF_OPEN'
  }

  /** Until when nothing passes; undefined while something may. A busy half-open one names no time. */
  closedUntil(nowMs: number): { untilMs?: number } | undefined {
    if (!this.#open) return undefined
    if (nowMs < this.#untilMs) return { untilMs: this.#untilMs }
    return this.#probing < this.#settings.probes ? undefined : {}
  }

  /** The recent failures among the recent attempts and one more that went well: without news it falls to 0. */
  share(nowMs: number): number {
    if (this.#failures === 0) return 0
    this.#weigh(nowMs)
    return this.#failures / (this.#attempts + 1)
  }

  /** An attempt begins; true where it is a probe, which its end must be told. */
  begin(nowMs: number): boolean {
    if (this.state(nowMs) !== 'HALF_OPEN') return false
    this.#probing += 1
    return true
  }

  /** A success that began before the failures in a row does not end it: it says nothing of now. */
  end(verdict: Verdict, { probe, beganMs, nowMs }: Ended): void {
    if (probe) this.#probing -= 1
    if (verdict === 'void') return
    this.#weigh(nowMs)
    this.#attempts += 1
    if (verdict === 'failure') {
      this.#failures += 1
      if (this.#row === 0) this.#rowSinceMs = nowMs
      this.#row += 1
    } else if (beganMs >= this.#rowSinceMs) this.#row = 0
    if (!this.#open) {
      if (verdict === 'failure' && this.#tripped()) this.#trip(this.#settings.openMs, nowMs)
    } else if (probe && verdict === 'failure') {
      this.#trip(Math.min(this.#openMs * 2, this.#settings.openMaxMs), nowMs)
    } else if (probe) {
      this.#probed += 1
      if (this.#probed >= this.#settings.probes) this.close(nowMs)
    }
  }

  /** Opens it for what was seen elsewhere. */
  openFor(ms: number, nowMs: number): void {
    if (!this.#open || this.#untilMs < nowMs + ms) this.#trip(ms, nowMs)
  }

  close(nowMs: number): void {
    if (this.#open) this.sinceMs = nowMs
    this.#open = false
    this.#openMs = this.#settings.openMs
    this.#row = 0
    this.#attempts = 0
    this.#failures = 0
  }

  #tripped(): boolean {
    const { failures, share, attemptsMin } = this.#settings
    if (this.#row >= failures) return true
    return this.#attempts >= attemptsMin && this.#failures / this.#attempts >= share
  }

  #trip(openMs: number, nowMs: number): void {
    if (this.state(nowMs) !== 'OPEN') this.sinceMs = nowMs
    this.#open = true
    this.#openMs = openMs
    this.#untilMs = nowMs + openMs
    this.#probed = 0
  }

  #weigh(nowMs: number): void {
    const weight = Math.exp(-Math.max(0, nowMs - this.#weighedMs) / this.#settings.windowMs)
    this.#attempts *= weight
    this.#failures *= weight
    this.#weighedMs = nowMs
  }
}
