import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { GraphqlContext } from './context.ts'
import { publicError, useErrorMasking } from './masking.ts'
import { schema } from './schema.ts'

/** What both transports run operations with: HTTP through its handler, WebSocket through `getEnveloped`. */
export type Engine = YogaServerInstance<GraphqlContext, object>

/** CORS, authentication, GraphiQL and logging stand outside of it. */
export function createEngine(logger: Logger): Engine {
  return createYoga<GraphqlContext>({
    schema,
    graphqlEndpoint: '/graphql',
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    logging: false,
    batching: { limit: 10 },
    maskedErrors: { maskError: (error) => publicError(error, { logger }) },
    plugins: [useErrorMasking(logger)],
  })
}
