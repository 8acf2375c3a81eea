import { GraphQLError } from 'graphql'
import { errorCodes } from '../errors.ts'

/** An operation that is refused before it runs; `message` says what was wrong and what the limit is. */
export function invalidOperation(message: string): GraphQLError {
  return asInvalidRequest(new GraphQLError(message))
}

/** The same error with one of our codes and, for media types that have a status for it, a 400. */
export function asInvalidRequest(error: GraphQLError): GraphQLError {
  const { extensions } = error
  if (!errorCodes.some((code) => code === extensions['code']))
    extensions['code'] = 'INVALID_REQUEST'
  extensions['retryable'] ??= false
  if (error.path) return error // it is beside data, and the answer as a whole is none of its matter
  // Yoga's own word for the HTTP response. Hidden, because a WebSocket sends whatever can be seen.
  const http = extensions['http'] ?? { spec: true, status: 400 }
  Object.defineProperty(extensions, 'http', { value: http, enumerable: false, configurable: true })
  return error
}
