import type { EncodeLimits } from '../../protocol/chat-door.ts'
import { tightest } from '../../protocol/limit.ts'

/** OpenAI's headers: of the requests and of the tokens the limit with the least left. */
export const encodeLimits: EncodeLimits = (levels) => {
  const headers: [string, string][] = []
  for (const kind of ['requests', 'tokens'] as const) {
    const level = tightest(levels, kind)
    if (!level) continue
    headers.push(
      [`x-ratelimit-limit-${kind}`, String(level.limit)],
      [`x-ratelimit-remaining-${kind}`, String(level.remaining)],
      [`x-ratelimit-reset-${kind}`, duration(level.resetMs)],
    )
  }
  return headers
}

/** As OpenAI writes it: `120ms`, `8.64s`, `6m0s`, `23h59m0s`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const whole = Math.ceil(ms / 10) / 100
  const seconds = whole % 60
  const minutes = Math.floor(whole / 60)
  const rest = `${Number(seconds.toFixed(2))}s`
  if (minutes === 0) return rest
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes}m${rest}` : `${hours}h${minutes % 60}m${rest}`
}
