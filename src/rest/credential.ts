import type { IncomingHttpHeaders } from 'node:http'

/** The key as the dialect of the route sends it; a bearer key is taken everywhere. */
export function credentialOf(
  { authorization, 'x-api-key': key }: IncomingHttpHeaders,
  { apiKeyHeader = false }: { apiKeyHeader?: boolean },
): string | undefined {
  const named = apiKeyHeader && authorization === undefined && typeof key === 'string'
  return named ? `Bearer ${key}` : authorization
}
