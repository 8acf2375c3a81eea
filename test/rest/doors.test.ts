import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { openDoors, type Door } from '../../src/rest/doors.ts'
import type { Exchange } from '../../src/rest/exchange.ts'
import { managerOf } from '../support/actors.ts'
import { listen } from '../support/listen.ts'
import { collectLogs } from '../support/logs.ts'

const { logger, logs } = collectLogs()
const actor = managerOf('org_1')
let url: string
let close: () => Promise<void>
let draining: boolean
/** What the door does. */
let handle: (exchange: Exchange) => Promise<void>
let authorizations: (string | undefined)[]

const encodeError: Door['encodeError'] = ({ code, message }, requestId) => ({
  body: { code, message, requestId },
})

beforeAll(async () => {
  const doors: Door[] = [
    { path: '/v1/thing', encodeError, handle: (exchange) => handle(exchange) },
    { path: '/v1/keyed', encodeError, apiKeyHeader: true, handle: (exchange) => handle(exchange) },
    { path: '/v1/bytes', encodeError, takesBytes: true, handle: (exchange) => handle(exchange) },
  ]
  const deps = {
    authenticate: (authorization: string | undefined) => {
      authorizations.push(authorization)
      if (authorization === 'Bearer slow') return Promise.resolve(actor)
      if (authorization === 'Bearer good') return actor
      throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'Who are you?' })
    },
    server: { bodyLimitBytes: 1000, corsOrigins: [] },
    isDraining: () => draining,
    logger,
  }
  const server = createServer(
    openDoors(doors, deps, (request, response) => {
      response.writeHead(204, { 'x-next': `${request.method} ${request.url}` }).end()
    }),
  )
  ;({ url, close } = await listen(server))
})

afterAll(() => close())

beforeEach(() => {
  draining = false
  authorizations = []
  handle = async (exchange) => exchange.sendJson({ route: exchange.route, body: exchange.body })
})

const json = { 'content-type': 'application/json', authorization: 'Bearer good' }

async function post(path: string, init: RequestInit = {}) {
  const response = await fetch(url + path, { method: 'POST', headers: json, body: '{}', ...init })
  const text = await response.text()
  return { response, text }
}

/** What a door answered; undefined for what went to whom comes after. */
async function routeOf(path: string, init?: RequestInit): Promise<unknown> {
  const { response, text } = await post(path, init)
  if (response.status === 204) return undefined
  const { route } = JSON.parse(text)
  return route
}

describe('which requests are a door’s', () => {
  test.each([
    '/v1/thing',
    '/v1/thing/',
    '/v1/thing?a=b',
    '/v1/thing/?a=%zz',
    '/v1/th%69ng',
    '/v1/thing#a',
  ])('POST %s', async (path) => {
    expect(await routeOf(path)).toBe('/v1/thing')
  })

  test.each([
    '/',
    '/v1/things',
    '/v1/thing//',
    '/v1/thing/a',
    '/V1/thing',
    '/v1%2Fthing',
    '/v1/%zz',
  ])('not POST %s', async (path) => {
    expect(await routeOf(path)).toBeUndefined()
  })

  test.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('not %s', async (method) => {
    const { response } = await post('/v1/thing', { method, body: null })
    expect(response.headers.get('x-next')).toBe(`${method} /v1/thing`)
  })
})

describe('an exchange', () => {
  test('has the body and its actor, whether or not that is known at once', async () => {
    const actors: unknown[] = []
    handle = async (exchange) => {
      actors.push(exchange.actor)
      exchange.sendJson(exchange.body)
    }
    for (const authorization of ['Bearer good', 'Bearer slow']) {
      const headers = { ...json, authorization }
      const { text } = await post('/v1/thing', { headers, body: '{"a":["ü"]}' })
      expect(text).toBe('{"a":["ü"]}')
    }
    expect(actors).toEqual([actor, actor])
  })

  test('has the key of the header that its dialect uses, where that is a door for it', async () => {
    const headers = { 'content-type': 'application/json', 'x-api-key': 'good' }
    expect((await post('/v1/keyed', { headers })).response.status).toBe(200)
    expect((await post('/v1/thing', { headers })).response.status).toBe(401)
    expect(authorizations).toEqual(['Bearer good', undefined])
  })

  test('replaces a header that is set again', async () => {
    handle = async (exchange) => {
      exchange.set('x-a', '1')
      exchange.set('x-b', '2')
      exchange.set('x-a', '3')
      exchange.set('x-request-id', exchange.header('x-a') ?? '')
      expect(exchange.header('x-none')).toBeUndefined()
      exchange.sendJson(null, 202)
    }
    const { response, text } = await post('/v1/thing')
    expect([response.status, text]).toEqual([202, 'null'])
    expect(response.headers.get('x-a')).toBe('3')
    expect(response.headers.get('x-b')).toBe('2')
    expect(response.headers.get('x-request-id')).toBe('3')
  })

  test('says on its answer that the connection ends while the gateway stops', async () => {
    expect((await post('/v1/thing')).response.headers.get('connection')).toBe('keep-alive')
    draining = true
    expect((await post('/v1/thing')).response.headers.get('connection')).toBe('close')
  })

  test('tells that its client is gone, once', async () => {
    const gone = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    handle = async ({ signal }) => {
      arrived.resolve()
      expect(signal.aborted).toBe(false)
      signal.addEventListener('abort', () => gone.resolve())
    }
    const leaving = new AbortController()
    const left = post('/v1/thing', { signal: leaving.signal })
    await arrived.promise
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    await gone.promise
  })

  test('is not gone when its answer is complete', async () => {
    let signal: Exchange['signal'] | undefined
    handle = async (exchange) => {
      ;({ signal } = exchange)
      exchange.sendJson({})
    }
    await post('/v1/thing')
    await post('/v1/thing')
    expect(signal?.aborted).toBe(false)
  })
})

describe('a door that takes bytes', () => {
  test.each([
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['text/plain', false],
    ['multipart/form-data', false],
    ['nonsense', false],
  ])('of the type %s: %s', async (type, taken) => {
    handle = async (exchange) => {
      const { body, response } = exchange
      response.writeHead(200, [...exchange.head(), 'x-own', 'yes'])
      response.end(Buffer.isBuffer(body) ? body : 'none')
    }
    const headers = { 'content-type': type }
    const { response, text } = await post('/v1/bytes', { headers, body: '{"a": ü' })
    expect(text).toBe(taken ? '{"a": ü' : 'none')
    expect(response.headers.get('x-own')).toBe('yes')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(authorizations).toEqual([])
  })

  test('refuses a body that is too large, and says that the connection ends while it stops', async () => {
    const { response } = await post('/v1/bytes', { body: 'x'.repeat(1001) })
    expect(response.status).toBe(413)
    draining = true
    handle = async (exchange) => {
      exchange.response.writeHead(200, [...exchange.head()]).end()
    }
    const last = await post('/v1/bytes')
    expect(last.response.headers.get('connection')).toBe('close')
  })
})

describe('failures', () => {
  test('are told in the words of the door, with what its answer had so far', async () => {
    handle = async (exchange) => {
      exchange.set('x-a', '1')
      throw new GatewayError({ code: 'OVERLOADED', message: 'Later.', retryAfterMs: 1500 })
    }
    const { response, text } = await post('/v1/thing')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(response.headers.get('x-a')).toBe('1')
    const requestId = response.headers.get('x-request-id')
    expect(JSON.parse(text)).toEqual({ code: 'OVERLOADED', message: 'Later.', requestId })
  })

  test('that nobody foresaw are masked and logged', async () => {
    handle = async () => {
      throw new Error('a secret')
    }
    const { response, text } = await post('/v1/thing')
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret')
    expect(logs()).toContain('a secret')
  })

  test('after the head was sent end the connection', async () => {
    handle = async (exchange) => {
      exchange.openStream()
      exchange.response.write('data: 1\n\n')
      throw new Error('too late')
    }
    await expect(post('/v1/thing')).rejects.toThrow(TypeError)
    expect(logs()).toContain('too late')
  })

  test.each<[string, RequestInit, number, string]>([
    ['no key', { headers: { 'content-type': 'application/json' } }, 401, 'Who are you?'],
    ['no JSON', { body: '{' }, 400, 'not valid JSON'],
    ['no body', { body: '' }, 400, 'not valid JSON'],
    ['another prototype', { body: '{"__proto__":1}' }, 400, 'not valid JSON'],
    ['too much', { body: `"${'x'.repeat(1000)}"` }, 413, 'larger than 1000 bytes'],
    ['another type', { headers: { ...json, 'content-type': 'text/html' } }, 400, 'content-type'],
    ['a broken type', { headers: { ...json, 'content-type': 'json' } }, 400, 'content-type'],
    ['a compressed body', { headers: { ...json, 'content-encoding': 'br' } }, 415, 'as it is'],
    ['nesting', { body: '['.repeat(300) + ']'.repeat(300) }, 400, 'nested deeper'],
  ])('of a request with %s', async (_name, init, status, message) => {
    const { response, text } = await post('/v1/thing', init)
    expect(response.status).toBe(status)
    expect(text).toContain(message)
  })

  test('of a body without a declared length that is too large', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 3; piece += 1) controller.enqueue(Buffer.alloc(500, ' '))
        controller.close()
      },
    })
    const init: RequestInit & { duplex: 'half' } = { body, duplex: 'half' }
    const { response } = await post('/v1/thing', init)
    expect(response.status).toBe(413)
    expect(response.headers.get('connection')).toBe('close')
  })
})

test('one line is logged for each answer, without body and credential', async () => {
  const before = logs().length
  await post('/v1/thing?secret=1', { body: '{"secret":1}' })
  await post('/v1/thing', { headers: { 'content-type': 'application/json' } })
  await expect.poll(() => logs().slice(before).split('\n').length).toBe(3)
  const lines = logs().slice(before).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'request', method: 'POST', route: '/v1/thing', status: 200, actor: actor.id },
    { msg: 'request', method: 'POST', route: '/v1/thing', status: 401 },
  ])
  expect(lines.join('\n')).not.toMatch(/secret|Bearer/)
})
