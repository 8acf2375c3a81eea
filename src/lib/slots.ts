/**
 * A collection whose members come and go with each request. A `Set`, a `Map` or an array that outgrows its table
 * leaves the old one behind, and V8's collector of young objects takes what that table names for used: whole
 * requests then grow old. Here the one table is written over, and never shrinks.
 */
export class Slots<T> {
  readonly #members: (T | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#members.length - this.#free.length
  }

  /** The member's place, until it is removed. */
  add(member: T): number {
    const place = this.#free.pop() ?? this.#members.length
    this.#members[place] = member
    return place
  }

  at(place: number): T | undefined {
    return this.#members[place]
  }

  replace(place: number, member: T): void {
    this.#members[place] = member
  }

  remove(place: number): void {
    this.#members[place] = undefined
    this.#free.push(place)
  }

  /** In no order. */
  values(): T[] {
    return this.#members.filter((member) => member !== undefined)
  }
}
