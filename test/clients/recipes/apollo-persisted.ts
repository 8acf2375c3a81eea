import type { ApolloLink } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { hashOf } from './persisted.ts'

/** Sends the hash that codegen has put into the document, instead of its text. */
export function persistedLink(): ApolloLink {
  return new PersistedQueryLink({ generateHash: hashOf, retry: () => false })
}
