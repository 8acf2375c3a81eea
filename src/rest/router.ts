import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../errors.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Actor } from '../protocol/actor.ts'
import { handleCompletion } from './completion.ts'
import { listModels, retrieveModel } from './models.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the server before any handler of a route that is not public. */
    actor: Actor | null
  }
}

/** The table of the REST door: the only place with its paths. */
export function mountRest(app: FastifyInstance, gateway: GatewayDeps): void {
  app.post('/v1/chat/completions', (request, reply) =>
    handleCompletion(gateway, actorOf(request), request, reply),
  )
  app.get('/v1/models', (request) => listModels(gateway.catalogue, actorOf(request)))
  app.get<{ Params: { '*': string } }>('/v1/models/*', (request) =>
    retrieveModel(gateway.catalogue, actorOf(request), request.params['*']),
  )
}

function actorOf(request: FastifyRequest): Actor {
  if (request.actor) return request.actor
  throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'This route needs an API key.' })
}
