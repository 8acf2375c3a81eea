/** The last so many numbers, in a ring of fixed size. */
export class Recent {
  readonly #ring: number[] = []
  readonly #size: number
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(value: number): void {
    this.#ring[this.#next] = value
    this.#next = (this.#next + 1) % this.#size
  }

  get count(): number {
    return this.#ring.length
  }

  /** The value that this part of them, from 0 to 1, does not exceed; undefined where there are none. */
  percentile(part: number): number | undefined {
    return percentile(this.#ring, part)
  }
}

/** By nearest rank; undefined where there are no values. */
export function percentile(values: readonly number[], part: number): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1]
}
