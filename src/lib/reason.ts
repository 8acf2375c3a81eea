/** Why something failed, in the words of its first cause: a query builder's own message holds the statement. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.cause instanceof Error) return reasonOf(error.cause)
  const code = 'code' in error ? String(error.code) : ''
  if (error.message === '') return code || error.name
  return code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`
}
