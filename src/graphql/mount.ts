import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { errorBody } from './respond.ts'
import type { GraphqlServer } from './server.ts'

/** Mounts `/graphql` on Fastify, which reads bodies and leaves it to GraphQL to say what is wrong with them. */
export async function mountGraphql(app: FastifyInstance, graphql: GraphqlServer): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.route({
      url: '/graphql',
      config: { encodeError: (error, requestId) => ({ body: errorBody(error, requestId) }) },
      method: ['GET', 'POST', 'OPTIONS'],
      handler: async (request, reply) => {
        reply.hijack()
        const body = Buffer.isBuffer(request.body) ? request.body : undefined
        const headers: OutgoingHttpHeaders = {}
        for (const [name, value] of Object.entries(reply.getHeaders())) headers[name] = value
        await graphql.handle(request.raw, reply.raw, { requestId: request.id, body, headers })
      },
    })
  })
}
