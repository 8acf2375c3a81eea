import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  decodeEmbeddingRequest,
  encodeEmbeddingAnswer,
} from '../dialects/openai-embeddings/door.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { embed } from '../gateway/embed.ts'
import type { Actor } from '../protocol/actor.ts'
import { clientGone } from './client-gone.ts'
import { nameDeployment } from './deployment-headers.ts'
import { tellLimits } from './limit-headers.ts'
import { decodeHints, refuseCache } from './hints.ts'

/** `POST /v1/embeddings`, as OpenAI's SDKs speak to it. */
export async function handleEmbedding(
  gateway: GatewayDeps,
  actor: Actor,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const decoded = decodeEmbeddingRequest(request.body)
  const said = decodeHints(decoded.xrouter)
  refuseCache(said)
  void reply.header('x-xrouter-cache', 'off')
  const answer = await embed(gateway, decoded.request, {
    requestId: request.id,
    actor,
    door: 'rest',
    headers: request.headers,
    ...said,
    onLimits: tellLimits(reply),
    onSettled: request.onSettled,
    signal: clientGone(reply),
    onAttempt: (start) => nameDeployment(reply, start),
  })
  if (answer && 'error' in answer) throw answer.error
  return answer ? encodeEmbeddingAnswer(answer, decoded.encoding) : reply.hijack()
}
