import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CreateCompletion, Who } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
})

afterAll(() => server.stop())

const who = { query: Who.toString() }
const silent = {
  query: CreateCompletion.toString(),
  variables: {
    input: { model: 'test/silent', messages: [{ role: 'USER', content: 'Hi' }] },
  },
}

async function first(results: AsyncIterableIterator<unknown>): Promise<unknown> {
  return (await results.next()).value
}

describe('authentication', () => {
  test.each(['authorization', 'Authorization'])('by connectionParams.%s', async (name) => {
    const client = server.client('reader', name)
    expect(await first(client.iterate(who))).toMatchObject({
      data: { viewer: { id: 'key_reader' } },
    })
  })

  test.each([
    ['no key', null, 4403],
    ['an unknown key', 'nobody', 4403],
    ['a bug while the key is looked up', 'bug', 4500],
  ])('%s closes the socket', async (_case, key, code) => {
    const client = server.client(key)
    await expect(first(client.iterate(who))).rejects.toMatchObject({ code })
  })

  test('a key that is revoked meanwhile may not start another operation', async () => {
    const client = server.client('caller')
    const running = client.iterate({
      ...who,
      query:
        'subscription { completion(input: {model: "test/silent", messages: [{role: USER, content: "Hi"}]}) { sequence } }',
    })
    await running.next()
    server.revoked.add('caller')
    await expect(first(client.iterate(who))).rejects.toMatchObject({ code: 4403 })
    server.revoked.delete('caller')
  })
})

describe('operations', () => {
  test('queries and mutations work, each with an id of its own', async () => {
    const client = server.client()
    const query = CreateCompletion.toString()
    const variables = { input: { ...silent.variables.input, model: 'test/words' } }
    const answers = await Promise.all([1, 2].map(() => first(client.iterate({ query, variables }))))
    expect(answers).toMatchObject([
      { data: { createCompletion: { content: 'Hello there' } } },
      { data: { createCompletion: { content: 'Hello there' } } },
    ])
    const ids = answers.map((answer) => Object(answer).data.createCompletion.id)
    expect(new Set(ids).size).toBe(2)
  })

  test.each([
    ['cannot be parsed', '{', 'Syntax Error'],
    ['is not valid', '{ nothing }', 'nothing'],
  ])('one that %s is an error of that operation alone', async (_case, query, message) => {
    const client = server.client()
    await expect(first(client.iterate({ query }))).rejects.toMatchObject([
      { message: expect.stringContaining(message) },
    ])
    expect(await first(client.iterate(who))).toHaveProperty('data.viewer')
  })

  test('the scope of a field is checked', async () => {
    const client = server.client('caller')
    expect(
      await first(client.iterate({ query: '{ requests { pageInfo { hasNextPage } } }' })),
    ).toMatchObject({
      errors: [{ extensions: { code: 'PERMISSION_DENIED' } }],
    })
  })

  test('a bug in a mutation is masked', async () => {
    const client = server.client()
    const variables = { input: { ...silent.variables.input, model: 'test/bug' } }
    const answer = await first(client.iterate({ ...silent, variables }))
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_ERROR' } }] })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  test('a mutation can be cancelled like a subscription', async () => {
    const client = server.client()
    const calls = server.scripts.requests.length
    const running = client.iterate(silent)
    const pending = running.next()
    while (server.scripts.requests.length === calls) await delay(1)
    await server.scripts.spoken()
    void running.return?.()
    await server.scripts.aborted()
    expect(await pending).toMatchObject({ done: true })
  })
})

test('another path is no WebSocket', async () => {
  const socket = new WebSocket(server.url.replace('http', 'ws').replace('/graphql', '/v1'), [
    'graphql-transport-ws',
  ])
  const event = await new Promise<Event>((resolve) => socket.addEventListener('error', resolve))
  expect(event.type).toBe('error')
})

test('close ends every socket with 1001 and every generation with it', async () => {
  const own = await startGraphql()
  const client = own.client()
  const closed = new Promise((resolve) => client.on('closed', resolve))
  const pending = client
    .iterate(silent)
    .next()
    .catch(() => {})
  while (own.scripts.requests.length === 0) await delay(1)
  await own.scripts.spoken()
  await own.closeSockets()
  expect(await closed).toMatchObject({ code: 1001 })
  await own.scripts.aborted()
  await pending
  await own.stop()
})
