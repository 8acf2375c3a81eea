import type { FastifyInstance } from 'fastify'
import { errorBody, leftSignal } from './respond.ts'
import type { GraphqlServer } from './server.ts'

export const graphqlPath = '/graphql'

/** Mounts what `/graphql` answers beside POST. */
export function mountGraphql(app: FastifyInstance, graphql: GraphqlServer): void {
  app.route({
    url: graphqlPath,
    config: { encodeError: (error, requestId) => ({ body: errorBody(error, requestId) }) },
    method: ['GET', 'OPTIONS'],
    handler: async ({ raw, id: requestId }, reply) => {
      reply.hijack()
      const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
        value === undefined ? [] : [name, String(value)],
      )
      const signal = leftSignal(reply.raw)
      await graphql.handle(raw, reply.raw, { requestId, headers, signal })
    },
  })
}
