import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startGraphql, type TestServer } from './support.ts'

let gateway: TestGateway
let open: TestGateway
let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
  gateway = await startGateway('[server]\nbody_limit_bytes = 2000\n')
  open = await startGateway('[server]\ncors_origins = ["https://app.example"]\n')
})

afterAll(async () => {
  await Promise.all([gateway.stop(), open.stop(), server.stop()])
})

const who = JSON.stringify({ query: '{ viewer { id } }' })

function post(
  to: TestGateway,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  return fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${to.adminKey}`,
      ...headers,
    },
    body,
  })
}

describe('CORS', () => {
  test.each([
    ['JSON', 'application/json'],
    ['a stream', 'text/event-stream'],
  ])(
    '%s tells no origin that it may read: Yoga alone would reflect each one',
    async (_, accept) => {
      const response = await post(gateway, who, { origin: 'https://evil.example', accept })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(response.headers.get('access-control-allow-credentials')).toBeNull()
      await response.text()
    },
  )

  test.each([
    ['JSON', 'application/json'],
    ['a stream', 'text/event-stream'],
  ])('%s carries the headers of the framework for a configured origin', async (_, accept) => {
    const response = await post(open, who, { origin: 'https://app.example', accept })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    await response.text()
  })

  test('a preflight is answered for configured origins alone', async () => {
    const ask = (origin: string) =>
      fetch(`${open.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const allowed = await ask('https://app.example')
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    const refused = await ask('https://evil.example')
    expect(refused.headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
  })
})

describe('bodies that are refused before GraphQL are errors of GraphQL all the same', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=%7Bviewer%7Bid%7D%7D', 415],
    ['a file upload', 'multipart/form-data; boundary=x', '--x--', 415],
    ['text', 'text/plain', who, 415],
    ['GraphQL text', 'application/graphql', '{ viewer { id } }', 415],
    ['no media type', '', who, 415],
    ['a body over the limit', 'application/json', JSON.stringify({ query: ' '.repeat(2000) }), 413],
  ])('%s', async (_case, type, body, status) => {
    const response = await post(gateway, new TextEncoder().encode(body), { 'content-type': type })
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: {
            code: status === 413 ? 'REQUEST_TOO_LARGE' : 'INVALID_REQUEST',
            retryable: false,
            requestId: response.headers.get('x-request-id'),
          },
        },
      ],
    })
  })

  test.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a member __proto__', '{"query":"{ viewer { id } }","__proto__":{"polluted":true}}'],
  ])('%s', async (_case, body) => {
    const response = await post(gateway, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String) }] })
    expect(Object({})['polluted']).toBeUndefined()
  })
})

describe('a mutation of another site', () => {
  test.each([
    ['over GET', '?query=mutation%7B__typename%7D', { accept: 'application/json' }, 405],
    [
      'over GET for a stream',
      '?query=mutation%7B__typename%7D',
      { accept: 'text/event-stream' },
      405,
    ],
  ])('%s does not run', async (_case, search, headers, status) => {
    const response = await fetch(`${gateway.url}/graphql${search}`, {
      headers: { ...headers, authorization: `Bearer ${gateway.adminKey}` },
    })
    expect(response.status).toBe(status)
    expect(response.headers.get('allow')).toBe('POST')
  })
})

describe('over WebSocket', () => {
  test.each([
    ['an unknown operation name', { query: 'query A { __typename }', operationName: 'B' }],
    [
      'a variable of a wrong type',
      { query: 'query ($n: Int!) { models(first: $n) { __typename } }', variables: { n: 'x' } },
    ],
  ])('%s is an error of that operation alone', async (_case, payload) => {
    const client = server.client()
    const codes: unknown[] = []
    client.on('closed', (event) => codes.push(Object(event).code))
    const results = await Array.fromAsync(client.iterate(payload)).catch((errors: unknown) => [
      { errors },
    ])
    expect(results).toMatchObject([{ errors: [{ message: expect.any(String) }] }])
    const query = '{ viewer { id } }'
    expect(await Array.fromAsync(client.iterate({ query }))).toHaveLength(1)
    expect(codes.filter((code) => code !== 1000)).toEqual([])
  })

  test('an operation is answered as over HTTP', async () => {
    const client = server.client()
    for (const query of ['{ viewer { id } }', '{ nope }', '{ models { edges { node { id } } } }']) {
      const [overSocket] = await Array.fromAsync(client.iterate({ query })).catch(
        (errors: unknown) => [{ errors }],
      )
      const overHttp = await (await server.post({ query })).json()
      expect(overSocket).toEqual(overHttp)
    }
  })
})
