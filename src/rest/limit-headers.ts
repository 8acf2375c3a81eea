import type { LimitLevel, OnLimits } from '../protocol/limit.ts'
import type { Exchange } from './exchange.ts'

/** Tells in OpenAI's headers how the limits stand: of the requests and of the tokens the one with the least left. */
export function tellLimits(exchange: Exchange): OnLimits {
  return (levels) => {
    for (const kind of ['requests', 'tokens'] as const) {
      const level = tightest(levels, kind)
      if (!level) continue
      exchange.set(`x-ratelimit-limit-${kind}`, String(level.limit))
      exchange.set(`x-ratelimit-remaining-${kind}`, String(level.remaining))
      exchange.set(`x-ratelimit-reset-${kind}`, duration(level.resetMs))
    }
  }
}

function tightest(levels: readonly LimitLevel[], kind: LimitLevel['kind']): LimitLevel | undefined {
  let least: LimitLevel | undefined
  for (const level of levels) {
    if (level.kind === kind && (!least || level.remaining < least.remaining)) least = level
  }
  return least
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
