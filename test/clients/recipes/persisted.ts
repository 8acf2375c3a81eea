import type { DocumentNode } from 'graphql'

/** The hash under which codegen has listed a document in `persisted-documents.json`. */
export function hashOf(document: DocumentNode): string {
  const { __meta__: meta } = document as DocumentNode & { __meta__?: { hash: string } }
  if (!meta) throw new Error('The document does not come from codegen.')
  return meta.hash
}
