import { GraphQLError, Kind } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Logger } from 'pino'
import { GatewayError, internalError } from '../errors.ts'
import type { GraphqlContext } from './context.ts'
import { asInvalidRequest } from './invalid-operation.ts'

/**
 * Makes every error of an operation public: expected ones keep their code, those of an invalid
 * operation stay as they are, and bugs go to the log and leave only their request id to the client.
 */
export function useErrorMasking(logger: Logger): Plugin<GraphqlContext> {
  const mask =
    (requestId: string) =>
    (error: unknown): GraphQLError =>
      publicError(error, { requestId, logger })
  return {
    onExecute: ({ args: { contextValue } }) => ({
      onExecuteDone: ({ result, setResult }) => {
        if (!('errors' in result) || !result.errors) return
        setResult({ ...result, errors: result.errors.map(mask(contextValue.requestId)) })
      },
    }),
    onSubscribe: ({ args: { contextValue } }) => ({
      onSubscribeResult: ({ result, setResult }) => {
        const masked = mask(contextValue.requestId)
        if ('errors' in result && result.errors) {
          setResult({ ...result, errors: result.errors.map(masked) })
        }
        return {
          onNext: ({ result: event, setResult: setEvent }) => {
            if (event.errors) setEvent({ ...event, errors: event.errors.map(masked) })
          },
        }
      },
      onSubscribeError: ({ error, setError }) => setError(mask(contextValue.requestId)(error)),
    }),
  }
}

/** Errors that were made public already: they pass more than one place on their way out. */
const published = new WeakSet<GraphQLError>()

/** What a client may know of an error. */
export function publicError(
  error: unknown,
  { requestId, logger }: { requestId?: string | undefined; logger: Logger },
): GraphQLError {
  const place = error instanceof GraphQLError ? error : undefined
  if (place && published.has(place)) return place
  const cause = rootCause(error)
  if (cause instanceof GatewayError) return located(cause, { place, requestId })
  if (cause instanceof GraphQLError && isOfOperation(place ?? cause)) {
    return asInvalidRequest(place ?? cause)
  }
  logger.error({ requestId, err: cause }, 'bug in a GraphQL operation')
  return located(internalError(cause), { place, requestId })
}

/** Whether the operation is at fault: it failed as a whole, or an argument does. Of a field's result the same class is a bug. */
function isOfOperation({ path, nodes }: GraphQLError): boolean {
  return path === undefined || (nodes?.every(({ kind }) => kind !== Kind.FIELD) ?? false)
}

/** What a client may know of what was thrown outside of a field: nothing of its own leaving, each of several errors. */
export function publicErrors(error: unknown, options: { logger: Logger }): GraphQLError[] {
  if (error instanceof DOMException && error.name === 'AbortError') return []
  if (error instanceof AggregateError) {
    return error.errors.flatMap((one: unknown) => publicErrors(one, options))
  }
  return [publicError(error, options)]
}

function rootCause(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  // What reads the database wraps its failures; one of ours may be inside.
  const inner = cause instanceof Error ? cause.cause : undefined
  return inner instanceof GatewayError && !(cause instanceof GatewayError) ? inner : cause
}

/** The error without its cause, which must not be serialised. */
function located(
  error: GatewayError,
  { place, requestId }: { place: GraphQLError | undefined; requestId: string | undefined },
): GraphQLError {
  const { code, message, retryable, retryAfterMs, path } = error
  const made = new GraphQLError(message, {
    nodes: place?.nodes,
    path: place?.path,
    extensions: {
      code,
      retryable,
      ...(requestId !== undefined && { requestId }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(path !== undefined && { path }),
      // Not for the client: the status of an answer without data, where its media type has one for it.
      ...(place?.path === undefined && { http: { status: error.status, spec: true } }),
    },
  })
  published.add(made)
  return made
}
