import type { FastifyInstance, FastifyRequest } from 'fastify'
import { anthropicMessagesDoor } from '../dialects/anthropic-messages/chat-door.ts'
import { openaiChatDoor } from '../dialects/openai-chat/chat-door.ts'
import { GatewayError } from '../errors.ts'
import { openaiResponsesDoor } from '../dialects/openai-responses/chat-door.ts'
import { openaiCompletionsDoor } from '../dialects/openai-completions/chat-door.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Idempotency } from '../idempotency.ts'
import type { ResponseDeps } from '../services/responses.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ChatDoor, EncodeError } from '../protocol/chat-door.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { once } from './answer-once.ts'
import { handleCompletion } from './completion.ts'
import { handleCount } from './count-tokens.ts'
import type { Door } from './doors.ts'
import { handleEmbedding } from './embedding.ts'
import { sendRequests, sendUsage } from './export.ts'
import { showGeneration } from './generation.ts'
import { showKey } from './key.ts'
import { handleExplain } from './route-explain.ts'
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
  }
  interface FastifyRequest {
    /** Set by the server before any handler of a route that is not public. */
    actor: Actor | null
  }
}

export interface RestDeps {
  gateway: GatewayDeps
  services: ServiceDeps
  responses: ResponseDeps
  idempotency: Idempotency
}

/** Every `POST` of the REST door, each in the dialect of its clients. With `mountRest` the only place with its paths. */
export function restDoors({ gateway, responses, idempotency }: RestDeps): Door[] {
  const completion = (path: string, door: ChatDoor, apiKeyHeader: boolean): Door => ({
    path,
    encodeError: door.encodeError,
    apiKeyHeader,
    handle: once(idempotency, (exchange) => handleCompletion({ gateway, door }, exchange)),
  })
  return [
    completion('/v1/chat/completions', openaiChatDoor, false),
    completion('/v1/completions', openaiCompletionsDoor, false),
    completion('/v1/messages', anthropicMessagesDoor, true),
    {
      path: '/v1/messages/count_tokens',
      encodeError: anthropicMessagesDoor.encodeError,
      apiKeyHeader: true,
      handle: (exchange) => handleCount(gateway, exchange),
    },
    {
      path: '/v1/route/explain',
      encodeError: openaiChatDoor.encodeError,
      handle: (exchange) => handleExplain(gateway, exchange),
    },
    {
      path: responsesPath,
      encodeError: openaiResponsesDoor.encodeError,
      handle: once(idempotency, (exchange) => createResponse({ gateway, responses }, exchange)),
    },
    {
      path: '/v1/embeddings',
      encodeError: openaiChatDoor.encodeError,
      handle: once(idempotency, (exchange) => handleEmbedding(gateway, exchange)),
    },
  ]
}

/** The other routes of the REST door. */
export function mountRest(app: FastifyInstance, deps: RestDeps): void {
  const { gateway, services } = deps
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

function mountResponses(app: FastifyInstance, deps: RestDeps): void {
  const route: ResponseRoute = deps
  const config = { encodeError: openaiResponsesDoor.encodeError }
  const path = responsesPath
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

const responsesPath = '/v1/responses'

interface WithId {
  Params: { id: string }
}

function actorOf(request: FastifyRequest): Actor {
  if (request.actor) return request.actor
  throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'This route needs an API key.' })
}
