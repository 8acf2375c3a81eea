import type { Ending } from './ending.ts'

/**
 * A stream whose `return()` aborts `signal` at once, even while a `next()` is waiting: a bare async
 * generator would run its `finally` only after the pending `next()` has settled by itself. It is
 * aborted by any of `outer`, too, with that signal's reason.
 */
export function abortable<T>(
  outer: readonly Ending[],
  start: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(outer.find((signal) => signal.aborted)?.reason)
  if (outer.some((signal) => signal.aborted)) abort()
  else for (const signal of outer) signal.addEventListener('abort', abort)
  const release = (): void => {
    for (const signal of outer) signal.removeEventListener('abort', abort)
  }
  const inner = start(controller.signal)

  const settled = (result: IteratorResult<T>): IteratorResult<T> => {
    if (result.done) release()
    return result
  }
  const failed = (error: unknown): never => {
    release()
    throw error
  }
  const step = (result: Promise<IteratorResult<T>>) => result.then(settled, failed)

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
