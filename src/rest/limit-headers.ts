import { encodeLimits } from '../dialects/openai-chat/encode-limits.ts'
import type { EncodeLimits } from '../protocol/chat-door.ts'
import type { OnLimits } from '../protocol/limit.ts'
import type { Exchange } from './exchange.ts'

/** Tells in headers how the limits stand: in those of the door's dialect, OpenAI's unless it has its own. */
export function tellLimits(exchange: Exchange, encode: EncodeLimits = encodeLimits): OnLimits {
  return (levels) => {
    if (levels.length === 0) return
    for (const [name, value] of encode(levels, Date.now())) exchange.set(name, value)
  }
}
