import type { FastifyRequest } from 'fastify'
import { decodeCountRequest } from '../dialects/anthropic-messages/decode-request.ts'
import { placesOf } from '../dialects/anthropic-messages/places.ts'
import { GatewayError } from '../errors.ts'
import { countTokens } from '../gateway/count-tokens.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Actor } from '../protocol/actor.ts'
import { decodeHints, refuseCache } from './hints.ts'
import { errorInDoorWords } from './places.ts'

/** `POST /v1/messages/count_tokens`: the provider's own count, or one made here that says so. */
export async function handleCount(
  gateway: GatewayDeps,
  actor: Actor,
  request: FastifyRequest,
): Promise<{ input_tokens: number; estimated?: true }> {
  const decoded = decodeCountRequest(request.body, request.headers)
  const said = decodeHints(decoded.xrouter)
  refuseCache(said)
  const { signal } = new AbortController()
  const { id: requestId, headers } = request
  const call = { requestId, actor, door: 'rest' as const, headers, ...said, signal }
  const { inputTokens, estimated } = await countTokens(gateway, decoded.request, call).catch(
    (error: unknown) => {
      throw error instanceof GatewayError ? errorInDoorWords(error, placesOf(request.body)) : error
    },
  )
  return { input_tokens: inputTokens, ...(estimated && { estimated }) }
}
