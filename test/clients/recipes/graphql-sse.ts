import { createClient, type Client } from 'graphql-sse'

/** Subscriptions over HTTP, for networks that let no WebSocket through. */
export function createEventSource({ url, key }: { url: string; key?: string | undefined }): Client {
  return createClient({
    url,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  })
}
