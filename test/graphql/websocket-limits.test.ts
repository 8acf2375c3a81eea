import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import type { WebSocketLimits } from '../../src/graphql/websocket.ts'
import { CreateCompletion, Who } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

const servers: TestServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function serve(webSocket: Partial<WebSocketLimits>): Promise<TestServer> {
  const server = await startGraphql({ webSocket })
  servers.push(server)
  return server
}

interface Frame {
  id?: string
  type: string
  payload?: unknown
}

/** A client of the protocol that is written by hand, so that the test holds every frame. */
async function connect(server: TestServer, options: ClientOptions = {}) {
  const url = server.url.replace('http', 'ws')
  const socket = new WebSocket(url, 'graphql-transport-ws', options)
  const frames: Frame[] = []
  let arrived = Promise.withResolvers<void>()
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()))
    arrived.resolve()
    arrived = Promise.withResolvers()
  })
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
  await once(socket, 'open')
  const send = (frame: Frame): void => socket.send(JSON.stringify(frame))
  return {
    socket,
    closed,
    frames,
    send,
    /** Resolves with the first frame that fits. */
    sees: async (wanted: Partial<Frame>): Promise<Frame> => {
      for (;;) {
        const found = frames.find(
          ({ id, type }) => type === wanted.type && (wanted.id === undefined || id === wanted.id),
        )
        if (found) return found
        await arrived.promise
      }
    },
    init: (key = 'admin') =>
      send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
  }
}

const silent = {
  query: CreateCompletion.toString(),
  variables: { input: { model: 'test/silent', messages: [{ role: 'USER', content: 'Hi' }] } },
}
const who = { query: Who.toString() }

describe('connections', () => {
  test('of the server: one too many is told to come back', async () => {
    const server = await serve({ connectionsMax: 2 })
    const [first] = [await connect(server), await connect(server)]
    const third = await connect(server)
    expect(await third.closed).toEqual({ code: 1013, reason: 'Too many connections' })
    first.socket.close()
    await first.closed
    const fourth = await connect(server)
    fourth.init()
    expect(await fourth.sees({ type: 'connection_ack' })).toEqual({ type: 'connection_ack' })
  })

  test('of one API key: one too many is refused, another key is not, and a place is given back', async () => {
    const server = await serve({ connectionsPerKeyMax: 1 })
    const first = await connect(server)
    first.init('admin')
    await first.sees({ type: 'connection_ack' })
    const second = await connect(server)
    second.init('admin')
    expect(await second.closed).toEqual({
      code: 4429,
      reason: 'Too many connections of this API key',
    })
    const other = await connect(server)
    other.init('reader')
    await other.sees({ type: 'connection_ack' })
    first.socket.terminate()
    await first.closed
    const third = await connect(server)
    third.init('admin')
    expect(await third.sees({ type: 'connection_ack' })).toBeDefined()
  })

  test('without a connection_init are closed', async () => {
    const server = await serve({ initTimeoutMs: 20 })
    const client = await connect(server)
    expect(await client.closed).toMatchObject({ code: 4408 })
  })

  test.each<[string, (string | Frame)[], number]>([
    ['with two connection_init', [{ type: 'connection_init' }, { type: 'connection_init' }], 4429],
    ['that subscribe before', [{ id: '1', type: 'subscribe', payload: who }], 4401],
    ['that send no JSON', ['{'], 4400],
    ['that send something unknown', [{ type: 'hello' }], 4400],
  ])('%s are closed', async (_case, frames, code) => {
    const server = await serve({})
    const client = await connect(server)
    for (const frame of frames) {
      client.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    }
    expect(await client.closed).toMatchObject({ code })
  })

  test('without the protocol are closed', async () => {
    const server = await serve({})
    const socket = new WebSocket(server.url.replace('http', 'ws'))
    const [code] = await once(socket, 'close')
    expect(code).toBe(4406)
  })

  test('with a message that is too large are closed, and nothing is printed', async () => {
    const server = await startGraphql({ bodyLimitBytes: 1000 })
    servers.push(server)
    const client = await connect(server)
    client.socket.send('x'.repeat(1001))
    expect(await client.closed).toMatchObject({ code: 1009 })
  })
})

describe('operations', () => {
  test('one too many on a connection fails alone, and a place is given back', async () => {
    const server = await serve({ operationsMax: 2 })
    const client = await connect(server)
    client.init()
    await client.sees({ type: 'connection_ack' })
    for (const id of ['1', '2', '3']) client.send({ id, type: 'subscribe', payload: silent })
    expect(await client.sees({ type: 'error', id: '3' })).toMatchObject({
      payload: [
        { message: /No more than 2 operations/, extensions: { code: 'RATE_LIMIT_EXCEEDED' } },
      ],
    })
    client.send({ id: '1', type: 'complete' })
    client.send({ id: '4', type: 'subscribe', payload: who })
    expect(await client.sees({ type: 'next', id: '4' })).toHaveProperty('payload.data.viewer')
  })

  test('an id that is in use closes the connection', async () => {
    const server = await serve({})
    const client = await connect(server)
    client.init()
    await client.sees({ type: 'connection_ack' })
    for (const id of ['1', '1']) client.send({ id, type: 'subscribe', payload: silent })
    expect(await client.closed).toMatchObject({ code: 4409 })
  })

  test('the end of a connection ends all of them', async () => {
    const server = await serve({})
    const client = await connect(server)
    client.init()
    await client.sees({ type: 'connection_ack' })
    client.send({ id: '1', type: 'subscribe', payload: silent })
    while (server.scripts.requests.length === 0) await delay(1)
    await server.scripts.spoken()
    client.socket.terminate()
    await server.scripts.aborted()
    expect(server.logs()).not.toContain('"level":50')
  })
})

describe('keep-alive', () => {
  const pingIntervalMs = 10

  test('cuts a client from which nothing comes', async () => {
    const server = await serve({ pingIntervalMs })
    const client = await connect(server, { autoPong: false })
    client.init()
    expect(await client.closed).toEqual({ code: 1006, reason: '' })
  })

  test('leaves a client alone that answers with pongs', async () => {
    const server = await serve({ pingIntervalMs })
    const client = await connect(server)
    client.init()
    for (let pings = 0; pings < 12; pings += 1) await once(client.socket, 'ping')
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('leaves a client alone that never answers a ping in time, but lives', async () => {
    const server = await serve({ pingIntervalMs })
    const client = await connect(server, { autoPong: false })
    client.init()
    await client.sees({ type: 'connection_ack' })
    for (let pings = 1; pings < 13; pings += 1) {
      await once(client.socket, 'ping')
      if (pings % 3 === 0) client.send({ type: 'ping' })
    }
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
    expect(client.frames).toContainEqual({ type: 'pong' })
  })
})

describe('the key of a long connection', () => {
  test('is checked again: a revoked one closes it, and ends what runs on it', async () => {
    const server = await serve({ pingIntervalMs: 10 })
    const client = await connect(server)
    client.init('caller')
    await client.sees({ type: 'connection_ack' })
    client.send({ id: '1', type: 'subscribe', payload: silent })
    while (server.scripts.requests.length === 0) await delay(1)
    await server.scripts.spoken()
    server.revoked.add('caller')
    expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' })
    await server.scripts.aborted()
  })

  test('that cannot be checked for now stays, and fails operations one by one', async () => {
    const server = await serve({ pingIntervalMs: 10 })
    const client = await connect(server)
    client.init('caller')
    await client.sees({ type: 'connection_ack' })
    server.unchecked.add('caller')
    for (let pings = 0; pings < 3; pings += 1) await once(client.socket, 'ping')
    client.send({ id: '1', type: 'subscribe', payload: who })
    expect(await client.sees({ type: 'error' })).toMatchObject({
      payload: [{ extensions: { code: 'OVERLOADED' } }],
    })
    server.unchecked.clear()
    client.send({ id: '2', type: 'subscribe', payload: who })
    expect(await client.sees({ type: 'next' })).toHaveProperty('payload.data')
  })

  test('that cannot be checked at the start is told to come back', async () => {
    const server = await serve({})
    server.unchecked.add('caller')
    const client = await connect(server)
    client.init('caller')
    expect(await client.closed).toEqual({ code: 1013, reason: 'Try again later' })
  })
})

describe('errors', () => {
  test.each([
    ['a syntax error', '{'],
    ['a validation error', '{ nothing }'],
  ])('%s says nothing of HTTP', async (_case, query) => {
    const server = await serve({})
    const client = await connect(server)
    client.init()
    await client.sees({ type: 'connection_ack' })
    client.send({ id: '1', type: 'subscribe', payload: { query } })
    const { payload } = await client.sees({ type: 'error' })
    expect(payload).toMatchObject([{ message: expect.any(String), locations: expect.any(Array) }])
    expect(JSON.stringify(payload)).not.toContain('http')
  })

  test('a bug in the middle of a subscription is masked, with its code and request id', async () => {
    const server = await serve({})
    const client = await connect(server)
    client.init()
    await client.sees({ type: 'connection_ack' })
    const query = `subscription { completion(input: {
      model: "test/bug", messages: [{ role: USER, content: "Hi" }] }) { sequence } }`
    client.send({ id: '1', type: 'subscribe', payload: { query } })
    const { payload } = await client.sees({ type: 'error' })
    expect(payload).toMatchObject([
      { extensions: { code: 'INTERNAL_ERROR', retryable: true, requestId: expect.any(String) } },
    ])
    expect(JSON.stringify(client.frames)).not.toContain('hunter2')
    expect(server.logs()).toContain('hunter2')
  })
})
