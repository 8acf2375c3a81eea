import type { ApolloLink } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import type { Client } from 'graphql-ws'
import { hashOf } from './persisted.ts'

/** Sends the hash that codegen has put into the document, instead of its text. */
export function persistedLink(): ApolloLink {
  return new PersistedQueryLink({ generateHash: hashOf, retry: () => false })
}

/** Apollo's link for sockets adds the text all the same; this leaves it out. */
export function withoutText(socket: Client): Client {
  return {
    ...socket,
    subscribe: (payload, sink) =>
      socket.subscribe(
        payload.extensions?.['persistedQuery'] ? { ...payload, query: '' } : payload,
        sink,
      ),
  }
}
