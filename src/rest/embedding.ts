import {
  decodeEmbeddingRequest,
  encodeEmbeddingAnswer,
} from '../dialects/openai-embeddings/door.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { embed } from '../gateway/embed.ts'
import { cacheHeader, nameDeployment } from './deployment-headers.ts'
import type { Exchange } from './exchange.ts'
import { tellLimits } from './limit-headers.ts'
import { decodeHints, refuseCache } from './hints.ts'

/** `POST /v1/embeddings`, as OpenAI's SDKs speak to it. */
export async function handleEmbedding(gateway: GatewayDeps, exchange: Exchange): Promise<void> {
  const decoded = decodeEmbeddingRequest(exchange.body)
  const said = decodeHints(decoded.xrouter)
  refuseCache(said)
  exchange.set(cacheHeader, 'off')
  const answer = await embed(gateway, decoded.request, {
    requestId: exchange.id,
    actor: exchange.actor,
    door: 'rest',
    headers: exchange.headers,
    ...said,
    onLimits: tellLimits(exchange),
    onSettled: exchange.onSettled,
    signal: exchange.signal,
    onAttempt: (start) => nameDeployment(exchange, start),
  })
  if (answer && 'error' in answer) throw answer.error
  if (answer) exchange.sendJson(encodeEmbeddingAnswer(answer, decoded.encoding))
}
