/** What was promised, or a rejection after `timeoutMs`; what was promised goes on unheard. */
export async function within<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
}
