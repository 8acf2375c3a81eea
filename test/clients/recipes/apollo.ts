import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, type ApolloCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { getMainDefinition, relayStylePagination } from '@apollo/client/utilities'
import type { DocumentNode } from 'graphql'
import { possibleTypes } from '../gql/cache.ts'
import { createSocket } from './graphql-ws.ts'

export interface ApolloSettings {
  url: string
  key?: string | undefined
  /** How subscriptions travel; a WebSocket unless told. */
  subscriptions?: ApolloLink
  /** Stands before the network, as the link for persisted documents does. */
  before?: ApolloLink
  fetch?: typeof fetch
}

export function createApolloClient(settings: ApolloSettings): ApolloClient {
  const { url, key, before = new ApolloLink((operation, forward) => forward(operation)) } = settings
  const http = new HttpLink({
    uri: url,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    ...(settings.fetch && { fetch: settings.fetch }),
  })
  const subscriptions = settings.subscriptions ?? new GraphQLWsLink(createSocket({ url, key }))
  return new ApolloClient({
    cache: createCache(),
    link: before.concat(
      ApolloLink.split(({ query }) => isSubscription(query), subscriptions, http),
    ),
  })
}

function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          requests: relayStylePagination(['model', 'provider', 'status']),
          apiKeys: relayStylePagination(),
          model: (known, { args, toReference }) =>
            known ?? toReference({ __typename: 'Model', id: args?.['id'] }),
        },
      },
      ToolCall: { keyFields: false }, // the id is the provider's and not unique
      Usage: { merge: true },
    },
  })
}

/** The `update` of a mutation that creates a key: the list is read again. */
export function forgetKeyList(cache: ApolloCache): void {
  cache.evict({ id: 'ROOT_QUERY', fieldName: 'apiKeys' })
}

function isSubscription(query: DocumentNode): boolean {
  const definition = getMainDefinition(query)
  return 'operation' in definition && definition.operation === 'subscription'
}
