/** A part of the time constant in which nearly nothing fades. */
const moment = 0.005

/**
 * A moving average that believes a new peak at once and a better value slowly, and that fades while nothing
 * is heard, so that what was slow is tried again.
 */
export class PeakEwma {
  readonly #timeConstantMs: number
  #value: number | undefined
  #atMs = 0
  #read = 0
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(timeConstantMs: number) {
    this.#timeConstantMs = timeConstantMs
  }

  add(sample: number, nowMs: number): void {
    const before = this.#value ?? 0
    const weight = this.#fade(nowMs)
    this.#value = sample >= before ? sample : before * weight + sample * (1 - weight)
    this.#atMs = nowMs
    this.#readAtMs = Number.NEGATIVE_INFINITY
  }

  /** Undefined before the first sample; as of a moment ago where it was asked then: hundreds are compared at once. */
  value(nowMs: number): number | undefined {
    if (this.#value === undefined) return undefined
    if (Math.abs(nowMs - this.#readAtMs) >= this.#timeConstantMs * moment) {
      this.#read = this.#value * this.#fade(nowMs)
      this.#readAtMs = nowMs
    }
    return this.#read
  }

  #fade(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#timeConstantMs)
  }
}
