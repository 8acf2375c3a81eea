import { request as httpRequest } from 'node:http'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { CreateCompletion, Who } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer
let open: TestServer

beforeAll(async () => {
  server = await startGraphql()
  open = await startGraphql({ publicIntrospection: true })
})

afterAll(() => Promise.all([server.stop(), open.stop()]))

const who = { query: Who.toString() }

describe('authentication', () => {
  test.each([
    ['no key', undefined, 'UNAUTHENTICATED'],
    ['an unknown key', 'nobody', 'INVALID_API_KEY'],
  ])('%s is a 401 with a GraphQL error', async (_case, key, code) => {
    const response = await server.post(who, { key })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toMatchObject({
      errors: [
        {
          message: expect.any(String),
          extensions: { code, requestId: response.headers.get('x-request-id') },
        },
      ],
    })
  })

  test.each([
    ['application/json', 'application/json; charset=utf-8'],
    [
      'application/graphql-response+json, application/json;q=0.9',
      'application/graphql-response+json; charset=utf-8',
    ],
  ])('a 401 is in the type that the client takes: %s', async (accept, type) => {
    const response = await server.post(who, { key: undefined, accept })
    expect(response.headers.get('content-type')).toBe(type)
  })

  test('an invalid operation without a key learns nothing of the schema', async () => {
    const response = await server.post({ query: '{ viewr { id } }' }, { key: undefined })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('viewer')
  })

  test('a stream without a key is a 401 too', async () => {
    const response = await server.post(who, { key: undefined, accept: 'text/event-stream' })
    expect(response.status).toBe(401)
  })

  test('a bug while the key is looked up is masked and logged', async () => {
    const response = await server.post(who, { key: 'bug' })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_ERROR' } }] })
    expect(text).not.toContain('hunter2')
    expect(server.logs()).toContain('hunter2')
  })
})

describe('introspection', () => {
  const introspection = { query: getIntrospectionQuery() }

  test('needs a key', async () => {
    expect((await server.post(introspection, { key: undefined })).status).toBe(401)
    expect((await server.post(introspection)).status).toBe(200)
  })

  test('is open where that is configured', async () => {
    const response = await open.post(introspection, { key: undefined })
    const { data } = await response.json()
    expect(data).toHaveProperty('__schema.types.length', Object.keys(schema.getTypeMap()).length)
  })

  test('is open over GET', async () => {
    const url = `${open.url}?query=${encodeURIComponent('{ __typename }')}`
    expect(await (await fetch(url)).json()).toEqual({ data: { __typename: 'Query' } })
  })

  test.each([
    ['another field', { query: '{ viewer { id } }' }],
    ['another field beside it', { query: '{ __typename viewer { id } }' }],
    ['a field under an alias of it', { query: '{ __typename: viewer { id } }' }],
    ['a fragment at the root', { query: '{ ...F } fragment F on Query { viewer { id } }' }],
    [
      'a second operation',
      { query: 'query A { __typename } query B { viewer { id } }', operationName: 'B' },
    ],
    ['a mutation', { query: 'mutation { __typename }' }],
    ['nothing that can be parsed', { query: '{' }],
    ['a batch', [{ query: '{ __typename }' }]],
    ['no operation', {}],
  ])('open introspection does not open %s', async (_case, body) => {
    const response = await open.post(body, { key: undefined })
    expect(response.status).toBe(401)
  })
})

describe('what is refused', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data',
    'application/jsonp',
  ])('a POST of %s, which a form of another site could send', async (contentType) => {
    const response = await server.post('query=%7Bviewer%7Bid%7D%7D', { contentType })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'INVALID_REQUEST' } }],
    })
  })

  test('more than ten operations at once', async () => {
    const response = await server.post(Array.from({ length: 11 }, () => who))
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('Batching is limited to 10')
  })

  test('a mutation over GET', async () => {
    const query = 'mutation { createCompletion(input: {model: "x", messages: []}) { __typename } }'
    const response = await fetch(`${server.url}?query=${encodeURIComponent(query)}`, {
      headers: { authorization: 'Bearer admin' },
    })
    expect(response.status).toBe(405)
  })

  test.each(['{}', 'null', '"text"', '{"query":7}'])(
    'the body %s, without waiting for more of it',
    async (body) => {
      const response = await server.post(body, { accept: 'application/graphql-response+json' })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String) }] })
    },
  )

  test('a page for browsers, where GraphiQL is off', async () => {
    const response = await fetch(server.url, { headers: { accept: 'text/html' } })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('<html')
  })

  test('an invalid operation, with its place', async () => {
    const response = await server.post(
      { query: '{ nothing }' },
      { accept: 'application/graphql-response+json' },
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringContaining('nothing'), locations: [{ line: 1 }] }],
    })
  })
})

describe('what is answered', () => {
  test('ten operations at once', async () => {
    const response = await server.post(Array.from({ length: 10 }, () => who))
    expect(await response.json()).toHaveLength(10)
  })

  test('a query over GET', async () => {
    const response = await fetch(`${server.url}?query=${encodeURIComponent('{ viewer { id } }')}`, {
      headers: { authorization: 'Bearer admin' },
    })
    expect(await response.json()).toEqual({ data: { viewer: { id: 'key_admin' } } })
  })

  test('a body that nobody has parsed', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        authorization: 'Bearer admin',
        'content-type': 'application/json',
        'x-leave-body': 'yes',
      },
      body: JSON.stringify(who),
    })
    expect((await response.json()).data.viewer.id).toBe('key_admin')
  })

  test('OPTIONS', async () => {
    const response = await fetch(server.url, { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')).toBe('GET, POST, OPTIONS')
  })

  test.each([
    ['JSON', 'application/json'],
    ['GraphQL JSON', 'application/graphql-response+json'],
    ['a stream', 'text/event-stream'],
  ])('%s carries the request id and no CORS header of its own', async (_case, accept) => {
    const response = await server.post(who, { accept })
    expect(response.headers.get('content-type')).toContain(accept)
    expect(response.headers.get('x-request-id')).toMatch(/^req_\d+$/)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    await response.text()
  })
})

const bug = { model: 'test/bug', messages: [{ role: 'USER' as const, content: 'Hi' }] }

test('a bug is masked, and its request id leads to it in the log', async () => {
  const { errors, data } = await server.run(CreateCompletion, { input: bug })
  expect(data).toBeNull()
  const requestId = errors?.[0]?.extensions?.['requestId']
  expect(errors).toEqual([
    {
      message: 'Something went wrong inside the gateway. The request id finds it in the log.',
      locations: expect.any(Array),
      path: ['createCompletion'],
      extensions: { code: 'INTERNAL_ERROR', retryable: true, requestId },
    },
  ])
  const lines = server.logs().split('\n')
  const line = lines.find((text) => text.includes(`"requestId":"${String(requestId)}"`))
  expect(line).toContain('TypeError: the password is hunter2')
})

test('a client that leaves ends the completion it waits for', async () => {
  const input = { ...bug, model: 'test/silent' }
  const body = JSON.stringify({ query: CreateCompletion.toString(), variables: { input } })
  const request = httpRequest(server.url, {
    method: 'POST',
    headers: { authorization: 'Bearer admin', 'content-type': 'application/json' },
  })
  request.on('error', () => {})
  request.end(body)
  const calls = server.scripts.requests.length
  while (server.scripts.requests.length === calls) await new Promise(setImmediate)
  request.destroy()
  await server.scripts.aborted()
  expect(server.logs()).not.toContain('AbortError')
})
