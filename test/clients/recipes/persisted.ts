import type { DocumentNode } from 'graphql'

/** The hash under which codegen has listed a document in `persisted-documents.json`. */
export function hashOf(document: DocumentNode): string {
  const { __meta__: meta } = document as DocumentNode & { __meta__?: { hash: string } }
  if (!meta) throw new Error('The document does not come from codegen.')
  return meta.hash
}

interface Payload {
  query: string
  extensions?: Record<string, unknown> | null
}

/** A client of graphql-ws or graphql-sse that leaves the text out where a hash stands for it. */
export function withoutText<Args extends unknown[], C extends { subscribe: Subscribe<Args> }>(
  client: C,
): C {
  const subscribe: Subscribe<Args> = (payload, ...rest) =>
    client.subscribe(
      payload.extensions?.['persistedQuery'] ? { ...payload, query: '' } : payload,
      ...rest,
    )
  return { ...client, subscribe }
}

type Subscribe<Args extends unknown[]> = (payload: Payload, ...rest: Args) => () => void
