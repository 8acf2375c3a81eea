import { print } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import { Stream } from '../documents.ts'
import type { StreamSubscription } from '../gql/graphql.ts'

/** A socket that is opened when it is needed, and again when it breaks. */
export function createSocket({ url, key }: { url: string; key?: string | undefined }): Client {
  return createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: key === undefined ? {} : { authorization: `Bearer ${key}` },
    // A connection that breaks is an error event first, which is not tried again unless told.
    // 4403 = the key is missing or not valid: the next try would end the same way.
    shouldRetry: (event) => !(event instanceof CloseEvent && event.code === 4403),
  })
}

/** The answer as it comes. Leaving the loop cancels the completion. */
export async function* textOf(socket: Client, input: { model: string; prompt: string }) {
  const { model, prompt } = input
  const answers = socket.iterate<StreamSubscription>({
    query: print(Stream),
    variables: { input: { model, messages: [{ role: 'USER', content: prompt }] } },
  })
  for await (const { data } of answers) {
    const event = data?.completion
    if (event?.__typename === 'TextDelta') yield event.text
    if (event?.__typename === 'CompletionFailed') throw new Error(event.error.message)
  }
}
