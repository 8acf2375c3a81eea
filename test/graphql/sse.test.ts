import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type Client } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CreateCompletion, Who } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startGraphql()
  client = createClient({
    url: server.url,
    headers: { authorization: 'Bearer admin' },
    retryAttempts: 0,
  })
})

afterAll(async () => {
  client.dispose()
  await server.stop()
})

const input = (model: string) => ({ model, messages: [{ role: 'USER', content: 'Hi' }] })
const follow = `subscription ($input: CompletionInput!) { completion(input: $input) {
  kind: __typename sequence ... on TextDelta { text } } }`
const subscription = (model: string) => ({ query: follow, variables: { input: input(model) } })

describe('the client graphql-sse, a connection for each operation', () => {
  test('follows a subscription to its end', async () => {
    const results = await Array.fromAsync(client.iterate(subscription('test/words')))
    expect(results.map((result) => Object(result.data)['completion'].kind)).toEqual([
      'CompletionStarted',
      'ReasoningDelta',
      'TextDelta',
      'TextDelta',
      'CompletionFinished',
    ])
  })

  test('runs queries and mutations too', async () => {
    const query = Who.toString()
    expect(await Array.fromAsync(client.iterate({ query }))).toMatchObject([
      { data: { viewer: { id: 'key_admin' } } },
    ])
    const mutation = {
      query: CreateCompletion.toString(),
      variables: { input: input('test/words') },
    }
    expect(await Array.fromAsync(client.iterate(mutation))).toMatchObject([
      { data: { createCompletion: { content: 'Hello there' } } },
    ])
  })

  test('gets the errors of an invalid operation', async () => {
    const results = await Array.fromAsync(client.iterate({ query: 'subscription { nothing }' }))
    expect(results).toMatchObject([{ errors: [{ message: expect.stringContaining('nothing') }] }])
    expect(JSON.stringify(results)).not.toContain('http')
  })

  test('gets a masked bug', async () => {
    const results = await Array.fromAsync(client.iterate(subscription('test/bug')))
    expect(results.at(-1)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_ERROR' } }] })
    expect(JSON.stringify(results)).not.toContain('hunter2')
  })

  test('cancels while the model is silent', async () => {
    const calls = server.scripts.requests.length
    const results = client.iterate(subscription('test/silent'))
    await results.next()
    while (server.scripts.requests.length === calls) await delay(1)
    await server.scripts.spoken()
    void results.return?.()
    await server.scripts.aborted()
    expect(server.logs()).not.toContain('AbortError')
  })

  test('follows several subscriptions at once', async () => {
    const both = [1, 2].map(() => Array.fromAsync(client.iterate(subscription('test/words'))))
    const [first, second] = await Promise.all(both)
    expect(first).toHaveLength(5)
    expect(second).toEqual(first)
  })
})

describe('a stream', () => {
  test('is kept alive with comments while the model is silent, and says that nothing may hold it up', async () => {
    const response = await open(subscription('test/silent'))
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    })
    let text = ''
    for await (const chunk of response) {
      text += String(chunk)
      if (/"Hm"[^]*\n:\n\n[^]*:\n\n/.test(text)) break
    }
    expect(text.startsWith(':\n\nevent: next\ndata: ')).toBe(true)
    await server.scripts.aborted()
  })
})

function open(body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(server.url, {
      method: 'POST',
      headers: {
        authorization: 'Bearer admin',
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
    })
    outgoing.on('response', resolve).on('error', reject).end(JSON.stringify(body))
  })
}
