const seconds = 60

/** What was used in the last minute, to the second. */
export class MinuteMeter {
  readonly #used = new Float64Array(seconds)
  /** The second that is counted now, of the Unix epoch. */
  #current = 0
  #sum = 0

  add(amount: number, nowMs: number): void {
    this.#forget(nowMs)
    this.#set(this.#current, this.#at(this.#current) + amount)
    this.#sum += amount
  }

  sum(nowMs: number): number {
    this.#forget(nowMs)
    return this.#sum
  }

  /** When less than `limit` will be used, if nothing more is: milliseconds of the Unix epoch. */
  freeAtMs(limit: number, nowMs: number): number {
    this.#forget(nowMs)
    let left = this.#sum
    for (let second = this.#current - seconds + 1; second <= this.#current; second += 1) {
      if (left < limit) return Math.max(nowMs, (second - 1 + seconds) * 1_000)
      left -= this.#at(second)
    }
    return (this.#current + seconds) * 1_000
  }

  #forget(nowMs: number): void {
    const now = Math.floor(nowMs / 1_000)
    const from = Math.max(this.#current + 1, now - seconds + 1)
    for (let second = from; second <= now; second += 1) {
      this.#sum -= this.#at(second)
      this.#set(second, 0)
    }
    if (now - this.#current >= seconds) this.#sum = 0
    if (now > this.#current) this.#current = now
  }

  #at(second: number): number {
    return this.#used[((second % seconds) + seconds) % seconds] ?? 0
  }

  #set(second: number, used: number): void {
    this.#used[((second % seconds) + seconds) % seconds] = used
  }
}
