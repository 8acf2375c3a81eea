import { ApolloLink, Observable } from '@apollo/client'
import { print, type FormattedExecutionResult } from 'graphql'
import type { Client } from 'graphql-sse'

/** Takes subscriptions over SSE, for Apollo has no such link. */
export function sseLink(client: Client): ApolloLink {
  return new ApolloLink(
    ({ query, variables, operationName, extensions }) =>
      new Observable((observer) =>
        client.subscribe(
          {
            query: extensions['persistedQuery'] ? '' : print(query),
            variables,
            extensions,
            ...(operationName && { operationName }),
          },
          {
            next: (result) => observer.next(result as FormattedExecutionResult), // it is what JSON.parse gave
            error: (error) => observer.error(error),
            complete: () => observer.complete(),
          },
        ),
      ),
  )
}
