import type { Plugin } from 'graphql-yoga'
import { invalidOperation } from './invalid-operation.ts'

/** The documents that clients may name instead of sending them. */
export interface PersistedDocuments {
  /** Text by id, as the code generator of the client wrote it. */
  documents: ReadonlyMap<string, string>
  /** Whether every other document is refused. */
  only: boolean
}

/** The parameters of an operation as a client sends them, over any transport. */
export interface OperationParams {
  query?: unknown
  /** The id in the words of the GraphQL over HTTP specification, `sha256:…` or as listed. */
  documentId?: unknown
  /** The id in the words of Apollo and urql: `persistedQuery.sha256Hash`. */
  extensions?: unknown
}

/** Puts the text in the place of its id; a document that may not run is thrown as an error for the client. */
export function resolvePersistedDocument<Params extends OperationParams>(
  persisted: PersistedDocuments | undefined,
  params: Params,
): Params {
  if (!persisted || typeof params !== 'object' || params === null) return params
  const { documentId, ...rest } = params
  const id = typeof documentId === 'string' ? documentId : hashOf(params.extensions)
  if (typeof params.query === 'string' && params.query !== '') {
    if (persisted.only && !isListed(persisted, params.query)) throw notListed()
    return withQuery(rest, params.query)
  }
  if (id === undefined) {
    if (persisted.only) throw notListed()
    return params
  }
  const query = spellings(id)
    .map((each) => persisted.documents.get(each))
    .find(Boolean)
  if (query !== undefined) return withQuery(rest, query)
  throw invalidOperation(
    `There is no persisted document \`${id.slice(0, 100)}\` here; it must be in the list of graphql.persisted_documents.`,
  )
}

/** The same for HTTP through Yoga. */
export function usePersistedDocuments(persisted: PersistedDocuments | undefined): Plugin {
  if (!persisted) return {}
  return {
    onParams: ({ params, setParams }) => setParams(resolvePersistedDocument(persisted, params)),
  }
}

/** Lists and clients write a hash with the name of its algorithm or without. */
function spellings(id: string): string[] {
  return [id, id.replace(/^sha\d+:/, ''), `sha256:${id}`, `sha1:${id}`]
}

const listed = new WeakMap<PersistedDocuments, ReadonlySet<string>>()

function isListed(persisted: PersistedDocuments, query: string): boolean {
  let texts = listed.get(persisted)
  if (!texts) listed.set(persisted, (texts = new Set(persisted.documents.values())))
  return texts.has(query)
}

function notListed() {
  return invalidOperation(
    'Only persisted documents run here (graphql.persisted_only): send the id of one, as `documentId` or `extensions.persistedQuery.sha256Hash`.',
  )
}

/** The parameters with the text and without the id: what `rest` leaves out is optional in all of them. */
function withQuery<Params extends OperationParams>(
  rest: Omit<Params, 'documentId'>,
  query: string,
): Params {
  return { ...rest, query } as unknown as Params
}

function hashOf(extensions: unknown): string | undefined {
  const { persistedQuery } = Object(extensions)
  const { sha256Hash } = Object(persistedQuery)
  return typeof sha256Hash === 'string' ? sha256Hash : undefined
}
