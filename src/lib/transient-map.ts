import { Slots } from './slots.ts'

/** `Slots` with names for its members: tables that are left behind hold names and numbers alone. */
export class TransientMap<T> {
  readonly #places = new Map<string, number>()
  readonly #slots = new Slots<T>()

  get size(): number {
    return this.#places.size
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#slots.at(place)
  }

  set(key: string, value: T): void {
    const place = this.#places.get(key)
    if (place === undefined) this.#places.set(key, this.#slots.add(value))
    else this.#slots.replace(place, value)
  }

  delete(key: string): void {
    const place = this.#places.get(key)
    if (place === undefined) return
    this.#places.delete(key)
    this.#slots.remove(place)
  }

  /** In no order. */
  values(): T[] {
    return this.#slots.values()
  }
}
