import type { GatewayError } from '../errors.ts'

/** What a failure was, as far as trying the same deployment once more is concerned. */
export const retryClasses = [
  'connect',
  'rate_limited',
  'unavailable',
  'error',
  'timeout',
  'truncated',
] as const
export type RetryClass = (typeof retryClasses)[number]

export interface RetrySettings {
  /** Further calls of one deployment within a request. */
  triesMax: number
  on: ReadonlySet<RetryClass>
  /** The longest wait before the first of them; twice as long before each later one. */
  baseMs: number
  /** No single wait is longer; a provider that asks for more is not waited for. */
  waitMaxMs: number
  /** From the request's arrival: no wait ends after it. */
  totalMaxMs: number
}

/**
 * How long to wait before the same deployment is called again, in milliseconds; undefined where that is
 * not worth it. `tries` were made already; `random` is from 0 to 1.
 */
export function retryWaitMs(
  error: GatewayError,
  tries: number,
  { settings, random }: { settings: RetrySettings; random: number },
): number | undefined {
  const kind = retryClassOf(error)
  if (!kind || !settings.on.has(kind) || tries > settings.triesMax) return undefined
  if (error.retryAfterMs !== undefined && error.retryAfterMs > settings.waitMaxMs) return undefined
  const most = Math.min(settings.baseMs * 2 ** (tries - 1), settings.waitMaxMs)
  return (error.retryAfterMs ?? 0) + Math.round(random * most)
}

/** Undefined for what would fail again in the same way. */
function retryClassOf({
  code,
  upstreamStatus,
  retryAfterMs,
}: GatewayError): RetryClass | undefined {
  switch (code) {
    case 'PROVIDER_UNAVAILABLE':
      return upstreamStatus === undefined ? 'connect' : 'unavailable'
    case 'PROVIDER_RATE_LIMITED':
      return retryAfterMs === undefined ? undefined : 'rate_limited'
    case 'PROVIDER_ERROR':
      return 'error'
    case 'PROVIDER_TIMEOUT':
      return 'timeout'
    case 'UPSTREAM_TRUNCATED':
      return 'truncated'
    default:
      return undefined
  }
}
