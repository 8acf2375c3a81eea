import type { ApolloLink } from '@apollo/client'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createApolloClient, forgetKeyList } from './recipes/apollo.ts'
import { persistedLink, withoutText } from './recipes/apollo-persisted.ts'
import { sseLink } from './recipes/apollo-sse.ts'
import { createEventSource } from './recipes/graphql-sse.ts'
import { createSocket } from './recipes/graphql-ws.ts'
import type { Endpoint, Failure, Outcome, TypedClient } from './typed-client.ts'

export function apolloClient(endpoint: Endpoint): TypedClient {
  const client = createApolloClient({
    url: endpoint.url,
    key: endpoint.key,
    fetch: endpoint.fetch,
    subscriptions: subscriptionLink(endpoint),
    ...(endpoint.persisted && { before: persistedLink() }),
  })
  return {
    query: async (query, variables) =>
      outcomeOf(
        await client.query({
          query,
          variables: recordOf(variables),
          fetchPolicy: 'network-only',
          errorPolicy: 'all',
        }),
      ),
    mutate: async (mutation, variables) =>
      outcomeOf(
        await client.mutate({
          mutation,
          variables: recordOf(variables),
          errorPolicy: 'all',
          update: (cache, { data }) => {
            if (Object(data).createApiKey) forgetKeyList(cache)
          },
        }),
      ),
    subscribe: (query, variables, observer) => {
      // Nobody reads a stream's events from the cache.
      const options = { query, variables: recordOf(variables), fetchPolicy: 'no-cache' } as const
      const subscription = client.subscribe(options).subscribe({
        next: (result) => observer.next(outcomeOf(result)),
        error: (error) => observer.next({ data: null, failures: failuresOf(error) }),
        complete: () => observer.complete(),
      })
      return () => subscription.unsubscribe()
    },
    cached: async (query, variables) => client.readQuery({ query, variables: recordOf(variables) }),
  }
}

function subscriptionLink(endpoint: Endpoint): ApolloLink {
  if (endpoint.subscriptions === 'sse') return sseLink(createEventSource(endpoint))
  const socket = createSocket(endpoint)
  return new GraphQLWsLink(endpoint.persisted ? withoutText(socket) : socket)
}

function outcomeOf<Data>(result: { data?: unknown; error?: unknown }): Outcome<Data> {
  return { data: (result.data ?? null) as Data | null, failures: failuresOf(result.error) }
}

function failuresOf(error: unknown): Failure[] {
  if (error === undefined) return []
  const errors = CombinedGraphQLErrors.is(error) ? error.errors : [error]
  return errors.map((one) => {
    const { message, extensions } = Object(one)
    return { message: String(message), code: extensions?.code ?? null }
  })
}

/** Variables are an object in every generated type; Apollo wants it said. */
function recordOf(variables: unknown): Record<string, unknown> {
  return variables as Record<string, unknown>
}
