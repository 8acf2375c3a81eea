/**
 * A stream whose `return()` aborts `signal` at once, even while a `next()` is waiting: a bare async
 * generator would run its `finally` only after the pending `next()` has settled by itself.
 */
export function abortable<T>(
  outer: AbortSignal,
  start: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(outer.reason)
  if (outer.aborted) abort()
  else outer.addEventListener('abort', abort, { once: true })
  const release = (): void => outer.removeEventListener('abort', abort)
  const inner = start(controller.signal)

  async function step(result: Promise<IteratorResult<T>>): Promise<IteratorResult<T>> {
    try {
      const settled = await result
      if (settled.done) release()
      return settled
    } catch (error) {
      release()
      throw error
    }
  }

  return {
    next: () => step(inner.next()),
    return: (value) => {
      controller.abort()
      return step(inner.return(value))
    },
    throw: (error) => {
      controller.abort()
      return step(inner.throw(error))
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined)
    },
  }
}
