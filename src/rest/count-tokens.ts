import { decodeCountRequest } from '../dialects/anthropic-messages/decode-request.ts'
import { encodeLimits } from '../dialects/anthropic-messages/encode-limits.ts'
import { placesOf } from '../dialects/anthropic-messages/places.ts'
import { GatewayError } from '../errors.ts'
import { countTokens } from '../gateway/count-tokens.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { End } from '../lib/ending.ts'
import type { Exchange } from './exchange.ts'
import { tellLimits } from './limit-headers.ts'
import { decodeHints, refuseCache } from './hints.ts'
import { errorInDoorWords } from './places.ts'

/** `POST /v1/messages/count_tokens`: the provider's own count, or one made here that says so. */
export async function handleCount(gateway: GatewayDeps, exchange: Exchange): Promise<void> {
  const { id: requestId, actor, headers, body } = exchange
  const decoded = decodeCountRequest(body, headers)
  const said = decodeHints(decoded.xrouter)
  refuseCache(said)
  const signal = new End()
  const onLimits = tellLimits(exchange, encodeLimits)
  const call = { requestId, actor, door: 'rest' as const, headers, ...said, onLimits, signal }
  const { inputTokens, estimated } = await countTokens(gateway, decoded.request, call).catch(
    (error: unknown) => {
      throw error instanceof GatewayError ? errorInDoorWords(error, placesOf(body)) : error
    },
  )
  exchange.sendJson({ input_tokens: inputTokens, ...(estimated && { estimated }) })
}
