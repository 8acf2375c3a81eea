import type { Ending } from './ending.ts'

/** What was promised, or a rejection with the signal's reason once it is aborted. */
export function orAborted<T>(promised: Promise<T>, signal: Ending): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  return Promise.race([promised, aborted.promise]).finally(() =>
    signal.removeEventListener('abort', abort),
  )
}
