/** A part of the time constant in which nothing that matters fades. */
const moment = 0.005

/**
 * A moving average that believes a new peak at once and a better value slowly, and that fades while nothing
 * is heard, so that what was slow is tried again.
 */
export class PeakEwma {
  readonly #timeConstantMs: number
  /** No number before the first sample: a member that is always one is written in place. */
  #value = Number.NaN
  #atMs = 0

  constructor(timeConstantMs: number) {
    this.#timeConstantMs = timeConstantMs
  }

  add(sample: number, nowMs: number): void {
    const before = this.#value
    const weight = this.#fade(nowMs)
    const isBetter = sample < before
    this.#value = isBetter ? before * weight + sample * (1 - weight) : sample
    this.#atMs = nowMs
  }

  /** Undefined before the first sample. */
  value(nowMs: number): number | undefined {
    if (Number.isNaN(this.#value)) return undefined
    if (nowMs - this.#atMs < this.#timeConstantMs * moment) return this.#value
    return this.#value * this.#fade(nowMs)
  }

  #fade(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#timeConstantMs)
  }
}
