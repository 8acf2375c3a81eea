import type { TypedDocumentNode } from '@apollo/client'

export type Document<Data, Variables> = TypedDocumentNode<Data, Variables>

/** What went wrong, as the application sees it through its client. */
export interface Failure {
  message: string
  /** `extensions.code` of a GraphQL error, or what the client says of a closed socket. */
  code: string | number | null
}

export interface Outcome<Data> {
  data: Data | null
  failures: Failure[]
}

export interface Observer<Data> {
  next: (outcome: Outcome<Data>) => void
  complete: () => void
}

/** What every client can do, so that one table of behaviours serves them all. */
export interface TypedClient {
  /** Asks the gateway, and the cache learns the answer. */
  query<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
  ): Promise<Outcome<Data>>
  mutate<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
  ): Promise<Outcome<Data>>
  /** Follows a subscription; the function that it returns leaves. */
  subscribe<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    observer: Observer<Data>,
  ): () => void
  /** What the cache alone knows; null where it misses anything. */
  cached<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
  ): Promise<Data | null>
}

export interface Endpoint {
  /** Of the GraphQL door. */
  url: string
  key: string | undefined
  subscriptions: 'ws' | 'sse'
  persisted: boolean
  fetch: typeof fetch
}

export type ClientFactory = (endpoint: Endpoint) => TypedClient
