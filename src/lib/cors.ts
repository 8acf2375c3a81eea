/** What may be asked from other origins. */
export const corsMethods = ['GET', 'HEAD', 'POST', 'DELETE']

/** Headers that the SDKs of browsers read. */
export const corsExposedHeaders = [
  'x-request-id',
  'request-id',
  'retry-after',
  'x-xrouter-provider',
  'x-xrouter-model',
  'x-xrouter-attempts',
  'x-xrouter-cache',
  'x-xrouter-idempotent-replay',
]

/** Any origin, or those of a list. */
export function corsOrigin(origins: readonly string[]): '*' | string[] {
  return origins.includes('*') ? '*' : [...origins]
}

/** The CORS headers of an answer to a request from `origin`, names and values in turn. */
export function corsHeaders(
  allowed: '*' | readonly string[],
): (origin: string | undefined) => readonly string[] {
  const exposed = ['access-control-expose-headers', corsExposedHeaders.join(', ')]
  const unknown = ['vary', 'Origin', ...exposed]
  const everyone = ['access-control-allow-origin', '*', ...exposed]
  if (allowed === '*') return () => everyone
  return (origin) =>
    origin === undefined || !allowed.includes(origin)
      ? unknown
      : ['vary', 'Origin', 'access-control-allow-origin', origin, ...exposed]
}
