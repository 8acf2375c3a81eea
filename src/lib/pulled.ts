/**
 * An async generator whose items are made by one function call each: an `async function*` costs several times
 * as much for each of them. Like there, `close` runs once, when the items have ended, one could not be made or
 * the reader has left; who leaves while an item is being made is let go after it.
 */
export abstract class Pulled<T> implements AsyncGenerator<T, undefined, undefined> {
  #making: Promise<IteratorResult<T, undefined>> | undefined
  #ended = false
  #closing: Promise<void> | undefined

  /** The next item; undefined when there is none. Not called again after that, nor after it threw. */
  protected abstract pull(): Promise<T | undefined>

  protected abstract close(): Promise<void>

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return Promise.resolve(ended)
    return (this.#making = this.#make())
  }

  async return(_value?: unknown): Promise<IteratorResult<T, undefined>> {
    await this.#making?.catch(() => {})
    await this.#end()
    return ended
  }

  async throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #make(): Promise<IteratorResult<T, undefined>> {
    try {
      const value = await this.pull()
      if (value !== undefined) return { done: false, value }
    } catch (error) {
      await this.#end()
      throw error
    }
    await this.#end()
    return ended
  }

  #end(): Promise<void> {
    this.#ended = true
    return (this.#closing ??= this.close())
  }
}

const ended: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** A generator of the one item that `make` promises. */
export function single<T>(make: () => Promise<T>): AsyncGenerator<T, undefined, undefined> {
  return new Single(make)
}

class Single<T> extends Pulled<T> {
  #make: (() => Promise<T>) | undefined

  constructor(make: () => Promise<T>) {
    super()
    this.#make = make
  }

  protected async pull(): Promise<T | undefined> {
    const make = this.#make
    this.#make = undefined
    return make?.()
  }

  protected async close(): Promise<void> {
    this.#make = undefined
  }
}
