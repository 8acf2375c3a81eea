import type { EncodeLimits } from '../../protocol/chat-door.ts'
import { tightest } from '../../protocol/limit.ts'

/** Anthropic's headers: of the requests and of the tokens the limit with the least left; whole at a moment. */
export const encodeLimits: EncodeLimits = (levels, now) => {
  const headers: [string, string][] = []
  for (const kind of ['requests', 'tokens'] as const) {
    const level = tightest(levels, kind)
    if (!level) continue
    headers.push(
      [`anthropic-ratelimit-${kind}-limit`, String(level.limit)],
      [`anthropic-ratelimit-${kind}-remaining`, String(level.remaining)],
      [`anthropic-ratelimit-${kind}-reset`, secondAfter(now + level.resetMs)],
    )
  }
  return headers
}

/** RFC 3339 without a fraction, as Anthropic writes it; never before the moment. */
function secondAfter(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}
