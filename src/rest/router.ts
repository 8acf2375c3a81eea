import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { anthropicMessagesDoor } from '../dialects/anthropic-messages/chat-door.ts'
import { openaiChatDoor } from '../dialects/openai-chat/chat-door.ts'
import { GatewayError } from '../errors.ts'
import { openaiResponsesDoor } from '../dialects/openai-responses/chat-door.ts'
import { openaiCompletionsDoor } from '../dialects/openai-completions/chat-door.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { idempotencyHeader, type Idempotency } from '../idempotency.ts'
import type { ResponseDeps } from '../services/responses.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ChatDoor, EncodeError } from '../protocol/chat-door.ts'
import type { OnSettled } from '../protocol/settlement.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { answerOnce } from './answer-once.ts'
import { handleCompletion } from './completion.ts'
import { handleCount } from './count-tokens.ts'
import { handleEmbedding } from './embedding.ts'
import { sendRequests, sendUsage } from './export.ts'
import { showGeneration } from './generation.ts'
import { showKey } from './key.ts'
import { showProviderStatus } from './provider-status.ts'
import { listModels, retrieveModel } from './models.ts'
import {
  createResponse,
  listInputItems,
  removeResponse,
  type ResponseRoute,
  retrieveResponse,
} from './response.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the route tells a failure; OpenAI's shape where there is none. */
    encodeError?: EncodeError
    /** Whether a key may also come as `x-api-key`. */
    apiKeyHeader?: boolean
  }
  interface FastifyRequest {
    /** Set by the server before any handler of a route that is not public. */
    actor: Actor | null
    /** Set where somebody waits for the request's settlement. */
    onSettled: OnSettled | null
  }
}

/** The paths that answer completions, each in the dialect of its clients. */
const completionDoors: { path: string; door: ChatDoor; apiKeyHeader?: boolean }[] = [
  { path: '/v1/chat/completions', door: openaiChatDoor },
  { path: '/v1/completions', door: openaiCompletionsDoor },
  { path: '/v1/messages', door: anthropicMessagesDoor, apiKeyHeader: true },
]

export interface RestDeps {
  gateway: GatewayDeps
  services: ServiceDeps
  responses: ResponseDeps
  idempotency: Idempotency
}

/** The table of the REST door: the only place with its paths. */
export function mountRest(app: FastifyInstance, deps: RestDeps): void {
  const { gateway, services } = deps
  app.decorateRequest('onSettled', null)
  for (const { path, door, apiKeyHeader = false } of completionDoors) {
    const config = { encodeError: door.encodeError, apiKeyHeader }
    app.post(
      path,
      { config },
      once(deps, (request, reply) =>
        handleCompletion({ gateway, door }, actorOf(request), request, reply),
      ),
    )
  }
  const countConfig = { encodeError: anthropicMessagesDoor.encodeError, apiKeyHeader: true }
  app.post('/v1/messages/count_tokens', { config: countConfig }, (request) =>
    handleCount(gateway, actorOf(request), request),
  )
  app.post(
    '/v1/embeddings',
    once(deps, (request, reply) => handleEmbedding(gateway, actorOf(request), request, reply)),
  )
  mountResponses(app, deps)
  app.get('/v1/models', (request) => listModels(gateway.catalogue, actorOf(request)))
  app.get<{ Params: { '*': string } }>('/v1/models/*', (request) =>
    retrieveModel(gateway.catalogue, actorOf(request), request.params['*']),
  )
  app.get('/v1/providers/status', (request) => showProviderStatus(gateway, actorOf(request)))
  app.get('/v1/key', (request) => showKey({ services, gateway }, actorOf(request)))
  app.get('/v1/generation', (request) => showGeneration(services, actorOf(request), request.query))
  // To answer HEAD the whole export would be read.
  const streamed = { exposeHeadRoute: false }
  app.get('/v1/usage/export', streamed, (request, reply) =>
    sendUsage(deps, actorOf(request), reply),
  )
  app.get('/v1/requests/export', streamed, (request, reply) =>
    sendRequests(deps, actorOf(request), reply),
  )
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** The handler of a request that may come with an `Idempotency-Key`. */
function once({ idempotency }: RestDeps, handle: Handler): Handler {
  return (request, reply) =>
    request.headers[idempotencyHeader] === undefined
      ? handle(request, reply)
      : answerOnce({ idempotency, actor: actorOf(request), handle }, request, reply)
}

function mountResponses(app: FastifyInstance, deps: RestDeps): void {
  const route: ResponseRoute = deps
  const config = { encodeError: openaiResponsesDoor.encodeError }
  const path = '/v1/responses'
  app.post(
    path,
    { config },
    once(deps, (request, reply) => createResponse(route, actorOf(request), request, reply)),
  )
  app.get<WithId>(`${path}/:id`, { config }, (request) =>
    retrieveResponse(route, actorOf(request), { id: request.params.id, query: request.query }),
  )
  app.delete<WithId>(`${path}/:id`, { config }, (request) =>
    removeResponse(route, actorOf(request), request.params.id),
  )
  app.get<WithId>(`${path}/:id/input_items`, { config }, (request) =>
    listInputItems(route, actorOf(request), { id: request.params.id, query: request.query }),
  )
}

interface WithId {
  Params: { id: string }
}

function actorOf(request: FastifyRequest): Actor {
  if (request.actor) return request.actor
  throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'This route needs an API key.' })
}
