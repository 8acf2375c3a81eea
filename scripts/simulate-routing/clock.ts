/** Time that passes only when everything of its moment is done. */
export class VirtualClock {
  /** Milliseconds of the Unix epoch. */
  nowMs = Date.parse('2026-01-01T00:00:00Z')
  /** A binary heap by time; of one time in the order in which they came. */
  readonly #events: { atMs: number; order: number; run: () => void }[] = []
  #order = 0

  after(ms: number, run: () => void): void {
    const events = this.#events
    events.push({ atMs: this.nowMs + ms, order: this.#order++, run })
    let at = events.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** Runs until nothing is left to happen. */
  run(): void {
    for (let next = this.#take(); next; next = this.#take()) {
      this.nowMs = next.atMs
      next.run()
    }
  }

  #take() {
    const events = this.#events
    if (events.length > 1) this.#swap(0, events.length - 1)
    const taken = events.pop()
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const least = left + 1 < events.length && this.#isBefore(left + 1, left) ? left + 1 : left
      if (least >= events.length || !this.#isBefore(least, at)) return taken
      this.#swap(least, at)
      at = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#events[a], this.#events[b]]
    if (!one || !other) return false
    return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#events[a], this.#events[b]]
    if (one && other) [this.#events[a], this.#events[b]] = [other, one]
  }
}
