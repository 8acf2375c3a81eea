import { makeOperation, mapExchange, type Exchange } from '@urql/core'
import { hashOf } from './persisted.ts'

/** Sends the hash that codegen has put into the document, instead of its text. */
export const persistedExchange: Exchange = mapExchange({
  onOperation: (operation) => {
    if (operation.kind === 'teardown') return operation
    const persistedQuery = { version: 1 as const, sha256Hash: hashOf(operation.query) }
    return makeOperation(operation.kind, {
      ...operation,
      extensions: { ...operation.extensions, persistedQuery },
    })
  },
})
