import type { FastifyError, FastifyInstance } from 'fastify'
import { GatewayError, internalError, invalidRequest } from '../errors.ts'
import { errorBody } from './respond.ts'
import type { GraphqlServer } from './server.ts'

/** Mounts `/graphql` on Fastify, which reads bodies and leaves it to GraphQL what they hold. */
export async function mountGraphql(app: FastifyInstance, graphql: GraphqlServer): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (_request: unknown, body: Buffer) => body,
    )
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.setErrorHandler((error: FastifyError | GatewayError, request, reply) => {
      const failure = error instanceof GatewayError ? error : httpError(error)
      return reply.code(failure.status).send(errorBody(failure, request.id))
    })
    scope.route({
      url: '/graphql',
      method: ['GET', 'POST', 'OPTIONS'],
      handler: async (request, reply) => {
        reply.hijack()
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) reply.raw.setHeader(name, value)
        }
        const body = Buffer.isBuffer(request.body) ? request.body : undefined
        await graphql.handle(request.raw, reply.raw, { requestId: request.id, body })
      },
    })
  })
}

/** What Fastify itself refuses. */
function httpError(error: FastifyError): GatewayError {
  const status = error.statusCode ?? 500
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new GatewayError({
      code: 'REQUEST_TOO_LARGE',
      message: 'The body is larger than the limit (server.body_limit_bytes).',
    })
  }
  if (status < 400 || status > 499) return internalError(error)
  return invalidRequest(undefined, 'The HTTP request is malformed.')
}
