import {
  createClient,
  fetchExchange,
  subscriptionExchange,
  type Client,
  type Exchange,
} from '@urql/core'
import { cacheExchange, type Cache } from '@urql/exchange-graphcache'
import { relayPagination } from '@urql/exchange-graphcache/extras'
import { introspection, typesWithoutId } from '../gql/cache.ts'
import { createSocket } from './graphql-ws.ts'

export interface UrqlSettings {
  url: string
  key?: string | undefined
  /** How subscriptions travel; a WebSocket unless told. */
  subscriptions?: 'ws' | 'sse'
  /** Stand before the network, as the exchange for persisted documents does. */
  before?: Exchange[]
  fetch?: typeof fetch
}

export function createUrqlClient(settings: UrqlSettings): Client {
  const { url, key, subscriptions = 'ws', before = [] } = settings
  return createClient({
    url,
    preferGetMethod: false,
    fetchSubscriptions: subscriptions === 'sse',
    fetchOptions: { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } },
    exchanges: [
      createCache(),
      ...before,
      ...(subscriptions === 'ws' ? [overSocket(url, key)] : []),
      fetchExchange,
    ],
    ...(settings.fetch && { fetch: settings.fetch }),
  })
}

function createCache(): Exchange {
  const embedded = [...typesWithoutId, 'ToolCall'] // the id of a tool call is the provider's and not unique
  return cacheExchange({
    schema: introspection,
    keys: Object.fromEntries(embedded.map((type) => [type, () => null])),
    resolvers: {
      Query: {
        // They need an argument to see: ask for a connection with `first`.
        requests: relayPagination(),
        apiKeys: relayPagination(),
        model: (_parent, { id }, cache) => {
          if (typeof id !== 'string') return undefined
          const known = cache.resolve('Query', 'model', { id })
          return known === undefined ? { __typename: 'Model', id } : known
        },
      },
    },
    updates: {
      Mutation: { createApiKey: (_result, _args, cache) => forgetKeyList(cache) },
    },
  })
}

function forgetKeyList(cache: Cache): void {
  for (const { fieldName, arguments: pages } of cache.inspectFields('Query')) {
    if (fieldName === 'apiKeys') cache.invalidate('Query', fieldName, pages ?? undefined)
  }
}

function overSocket(url: string, key: string | undefined): Exchange {
  const socket = createSocket({ url, key })
  return subscriptionExchange({
    forwardSubscription: ({ query = '', ...operation }) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe(
          { query, ...operation },
          {
            ...sink,
            next: ({ data = null, errors }) => sink.next({ data, ...(errors && { errors }) }),
          },
        ),
      }),
    }),
  })
}
