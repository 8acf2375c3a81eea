import type { DocumentNode } from 'graphql'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { GraphqlContext } from './context.ts'
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
}

/** CORS, authentication, GraphiQL and logging stand outside of it. */
export function createEngine({ logger, protection, reads }: EngineDeps): Engine {
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
      documentCache: byText<DocumentNode>(documentsLengthMax),
      errorCache: byText<Error>(errorsLengthMax),
    },
    maskedErrors: { maskError: (error) => publicError(error, { logger }) },
    plugins: [
      ...protectionPlugins(protection),
      useReadCache(reads, schema),
      useErrorMasking(logger),
      useSplitEvents(),
    ],
  })
}

/** In characters: a parsed document takes two hundred bytes and more for each of them. */
const documentsLengthMax = 100_000
const errorsLengthMax = 10_000

/** A cache by the text of a document, bounded by what the texts take: one may be as large as a body. */
function byText<T extends object>(textsLengthMax: number): LRUCache<string, T> {
  return new LRUCache({
    max: 1000,
    maxSize: textsLengthMax,
    maxEntrySize: textsLengthMax / 10,
    sizeCalculation: (_value, text) => text.length || 1,
  })
}
