import type { DocumentNode } from 'graphql'
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { GraphqlContext } from './context.ts'
import { documentCache } from './document-cache.ts'
import { publicError, useErrorMasking } from './masking.ts'
import { protectionPlugins, type Protection } from './protection.ts'
import { useReadCache, type ReadCache } from './read-cache.ts'
import { schema } from './schema.ts'
import { useSplitEvents } from './split-events.ts'

/** What both transports run operations with: HTTP through its handler, WebSocket through `getEnveloped`. */
export type Engine = YogaServerInstance<GraphqlContext, object>

export interface EngineDeps {
  logger: Logger
  protection: Protection
  /** Where answers of reads are kept; absent where none are. */
  reads?: ReadCache | undefined
  /** Told which operations run. */
  observer?: Plugin<GraphqlContext> | undefined
}

/** CORS, authentication, GraphiQL and logging stand outside of it. */
export function createEngine({ logger, protection, reads, observer = {} }: EngineDeps): Engine {
  return createYoga<GraphqlContext>({
    schema,
    graphqlEndpoint: '/graphql',
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    // The server has read the body by then, within its own limit.
    maxRequestBodySize: Infinity,
    logging: false,
    batching: { limit: protection.batchLimit },
    parserAndValidationCache: {
      documentCache: documentCache<DocumentNode>(),
      errorCache: documentCache<Error>(errorsLengthMax),
    },
    maskedErrors: { maskError: (error) => publicError(error, { logger }) },
    plugins: [
      ...protectionPlugins(protection),
      useReadCache(reads, schema),
      useErrorMasking(logger),
      useSplitEvents(),
      observer,
    ],
  })
}

const errorsLengthMax = 10_000
