import { buildSchema } from 'graphql'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { WebSocket } from 'ws'
import { once } from 'node:events'
import { securityHeaders } from '../../src/lib/security-headers.ts'
import { publicRoutes, selfAuthenticatedRoutes } from '../../src/server.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})

afterAll(() => gateway.stop())

/** Every method and path that the server knows, from its own table. */
function routes(): { method: string; path: string }[] {
  return gateway.running.routes.flatMap(({ method, url }) =>
    [method].flat().map((each) => ({ method: each, path: url })),
  )
}

describe('nothing is reachable without an actor except the public list', () => {
  test('the public list is what the documentation says', () => {
    expect(publicRoutes).toEqual(['/health', '/ready'])
    expect(selfAuthenticatedRoutes).toEqual(['/graphql'])
  })

  test('every route but the public ones answers 401 without a key and with a bad one', async () => {
    const known = routes()
    expect(known.map((route) => `${route.method} ${route.path}`)).toEqual(
      expect.arrayContaining([
        'POST /v1/chat/completions',
        'POST /v1/route/explain',
        'GET /v1/models',
        'GET /v1/providers/status',
        'GET /v1/usage/export',
        'GET /v1/requests/export',
        'POST /graphql',
        'GET /metrics',
      ]),
    )
    const open: string[] = []
    for (const { method, path } of known) {
      if (method === 'OPTIONS') continue
      for (const headers of [{}, { authorization: 'Bearer xr-free-wrong' }]) {
        const response = await fetch(gateway.url + path.replace('*', 'demo/echo'), {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(method === 'POST' && { body: JSON.stringify({ query: '{ viewer { id } }' }) }),
        })
        await response.arrayBuffer()
        if (response.status !== 401) open.push(path)
      }
    }
    expect([...new Set(open)].toSorted()).toEqual([...publicRoutes].toSorted())
  })

  test('metrics need the scope READ, unless they are made public', async () => {
    const read = async (url: string, key?: string): Promise<number> => {
      const headers = { ...(key !== undefined && { authorization: `Bearer ${key}` }) }
      const response = await fetch(`${url}/metrics`, { headers })
      const isMetrics = (await response.text()).includes('# TYPE xrouter_requests_total counter')
      expect(isMetrics).toBe(response.status === 200)
      return response.status
    }
    const { secret: reader } = await gateway.createKey({ scopes: ['READ'] })
    const { secret: caller } = await gateway.createKey({ scopes: ['INFERENCE'] })
    expect(await read(gateway.url)).toBe(401)
    expect(await read(gateway.url, caller)).toBe(403)
    expect(await read(gateway.url, reader)).toBe(200)
    expect(await read(gateway.url, gateway.adminKey)).toBe(200)

    const open = await startGateway('[server]\npublic_metrics = true')
    try {
      expect(await read(open.url)).toBe(200)
      expect((await fetch(`${open.url}/v1/models`)).status).toBe(401)
    } finally {
      await open.stop()
    }
  })

  test('a path that does not exist is not told from one that does', async () => {
    expect((await fetch(`${gateway.url}/v1/nothing`)).status).toBe(401)
    expect((await fetch(`${gateway.url}/admin`)).status).toBe(401)
  })

  test('every root field of the schema is refused without a key, by HTTP and by WebSocket', async () => {
    const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    const fields = roots.flatMap((root) =>
      Object.keys(root?.getFields() ?? {}).map(
        (field) => `${root?.name.toLowerCase()} { ${field} }`,
      ),
    )
    expect(fields.length).toBeGreaterThan(7)
    for (const query of [...fields, '{ __schema { types { name } } }', '{ __typename }']) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
      expect([query, response.status]).toEqual([query, 401])
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
      })
    }
    const socket = new WebSocket(
      gateway.url.replace('http', 'ws') + '/graphql',
      'graphql-transport-ws',
    )
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'connection_init' }))
    const [code] = await once(socket, 'close')
    expect(code).toBe(4403)
  })

  test('the GraphiQL page is public, and answers nothing by itself', async () => {
    const page = await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  })

  test('production serves no GraphiQL page', async () => {
    const production = await startGateway('[providers.demo]', { NODE_ENV: 'production' })
    try {
      const page = await fetch(`${production.url}/graphql`, { headers: { accept: 'text/html' } })
      expect(page.status).toBe(401)
    } finally {
      await production.stop()
    }
  })

  test('health and readiness say little', async () => {
    expect(await (await fetch(`${gateway.url}/health`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${gateway.url}/ready`)).json()).toEqual({
      status: 'ok',
      checks: {
        database: 'ok',
        ...(inject('database') === 'postgres' && { redis: 'ok' }),
        providers: 'ok',
      },
    })
  })

  test('without a provider the gateway is alive, but not ready', async () => {
    const empty = await startGateway('[providers.demo]\nenabled = false')
    try {
      expect((await fetch(`${empty.url}/health`)).status).toBe(200)
      expect((await fetch(`${empty.url}/ready`)).status).toBe(503)
    } finally {
      await empty.stop()
    }
  })
})

describe('browsers', () => {
  test('of other origins get nothing by default, of configured ones what they need', async () => {
    const ask = (url: string) =>
      fetch(`${url}/v1/models`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example',
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        },
      })
    expect((await ask(gateway.url)).headers.get('access-control-allow-origin')).toBeNull()
    const open = await startGateway('[server]\ncors_origins = ["https://app.example"]')
    try {
      const headers = (await ask(open.url)).headers
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example')
      expect(headers.get('access-control-allow-headers')).toContain('authorization')
      const graphql = await fetch(`${open.url}/graphql`, {
        method: 'POST',
        headers: { origin: 'https://app.example', 'content-type': 'application/json' },
        body: '{"query":"{ viewer { id } }"}',
      })
      expect(graphql.headers.get('access-control-allow-origin')).toBe('https://app.example')
    } finally {
      await open.stop()
    }
  })

  test('are told the same by every answer: whole, streamed, failed, through GraphQL, unknown', async () => {
    const authorization = `Bearer ${gateway.adminKey}`
    const post = (path: string, body: object, headers = {}) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization, ...headers },
        body: JSON.stringify(body),
      })
    const chat = { model: 'demo/echo', messages: [{ role: 'user', content: 'hi' }] }
    const answers = await Promise.all([
      post('/v1/chat/completions', chat),
      post('/v1/chat/completions', { ...chat, stream: true }),
      post('/v1/chat/completions', { ...chat, model: 'nobody/nothing' }),
      post('/v1/chat/completions', chat, { authorization: 'Bearer no' }),
      post('/graphql', { query: '{ viewer { id } }' }),
      post('/graphql', { query: '{ viewer { id } }' }, { authorization: 'Bearer no' }),
      fetch(`${gateway.url}/nowhere`, { headers: { authorization } }),
      fetch(`${gateway.url}/graphql`, { method: 'OPTIONS', headers: { authorization } }),
    ])
    for (const response of answers) {
      await response.arrayBuffer()
      const { headers } = response
      for (const [name, value] of Object.entries(securityHeaders)) {
        expect(headers.get(name), `${name} of ${response.url}`).toBe(value)
      }
      expect(headers.get('x-request-id')).toMatch(/^req_/)
      expect(headers.get('access-control-expose-headers')).toContain('x-request-id')
    }
  })

  test('are told not to sniff, not to frame, and to run nothing', async () => {
    const { headers } = await fetch(`${gateway.url}/health`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})
