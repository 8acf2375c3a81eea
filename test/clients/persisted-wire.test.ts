import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { apolloClient } from './apollo-client.ts'
import * as documents from './documents.ts'
import { hashOf } from './recipes/persisted.ts'
import type { TypedClient } from './typed-client.ts'
import { urqlClient } from './urql-client.ts'

const listed: Record<string, string> = JSON.parse(
  readFileSync(new URL('gql/persisted-documents.json', import.meta.url), 'utf8'),
)

test('the list has every document, each under the hash that it carries', () => {
  const hashes = Object.values(documents).map((document) => hashOf(document))
  expect(hashes.toSorted()).toEqual(Object.keys(listed).toSorted())
})

describe.each([
  ['Apollo Client', apolloClient],
  ['urql', urqlClient],
] as const)('%s with persisted documents', (_name, create) => {
  let server: Server
  let sockets: WebSocketServer
  let client: (subscriptions: 'ws' | 'sse') => TypedClient
  /** The operations that a server has received. */
  const received: Record<string, unknown>[] = []
  let arrival = Promise.withResolvers<void>()

  beforeAll(async () => {
    server = createServer((request, response) => {
      void json(request).then((operation) => {
        received.push(Object(operation))
        arrival.resolve()
      })
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"errors":[{"message":"It was only looked at."}]}')
    })
    sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const { type, payload } = JSON.parse(data.toString())
        if (type === 'connection_init') return socket.send('{"type":"connection_ack"}')
        if (type !== 'subscribe') return
        received.push(payload)
        arrival.resolve()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${Object(server.address()).port}/graphql`
    client = (subscriptions) =>
      create({ url, key: 'key', subscriptions, persisted: true, fetch: globalThis.fetch })
  })
  afterAll(async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  beforeEach(() => {
    received.length = 0
    arrival = Promise.withResolvers()
  })

  /** The hash in the one operation that was sent, without a text. */
  function sent(): unknown {
    const [operation, ...others] = received
    expect(others).toEqual([])
    expect(operation?.['query'] ?? '').toBe('')
    const { persistedQuery } = Object(operation?.['extensions'])
    expect(persistedQuery).toMatchObject({ version: 1 })
    return persistedQuery.sha256Hash
  }

  test('a query is sent as its hash', async () => {
    await client('ws').query(documents.ModelName, { id: 'openai/gpt-4o' })
    expect(sent()).toBe(hashOf(documents.ModelName))
    expect(received[0]).toMatchObject({ variables: { id: 'openai/gpt-4o' } })
  })

  test('a mutation is sent as its hash', async () => {
    await client('ws').mutate(documents.RevokeKey, { id: 'key_1' })
    expect(sent()).toBe(hashOf(documents.RevokeKey))
  })

  test.each(['ws', 'sse'] as const)('a subscription over %s is sent as its hash', async (way) => {
    const input = { model: 'openai/gpt-4o', messages: [] }
    const leave = client(way).subscribe(
      documents.Stream,
      { input },
      { next: () => {}, complete: () => {} },
    )
    await arrival.promise
    leave()
    expect(sent()).toBe(hashOf(documents.Stream))
  })
})
