import type { IncomingMessage, Server } from 'node:http'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type Server as Protocol } from 'graphql-ws'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AuthenticateAtOnce } from '../auth.ts'
import { GatewayError } from '../errors.ts'
import type { Engine } from './engine.ts'
import { publicError } from './masking.ts'
import { keepAlive } from './websocket-keep-alive.ts'
import { createOperations, type OperationDeps } from './websocket-operation.ts'
import { createSeats } from './websocket-seats.ts'
import { createSend, nextFrames, type Send } from './websocket-send.ts'

/** How much of the server WebSockets may take. */
export interface WebSocketLimits {
  connectionsMax: number
  connectionsPerKeyMax: number
  /** Operations that run at once on one connection. */
  operationsMax: number
  initTimeoutMs: number
  pingIntervalMs: number
}

export interface WebSocketDeps extends OperationDeps {
  authenticate: AuthenticateAtOnce
  webSocket: WebSocketLimits
  /** The largest message; 16 MiB when absent. */
  bodyLimitBytes?: number | undefined
}

const bodyLimitBytesDefault = 16 * 1024 * 1024
const closeGraceMs = 1000
/** Clients of the protocol come back by themselves after this code, and give up after those of 44xx. */
const tryAgainLater = 1013

/** One socket, the request that opened it, and the credential that it was opened with. */
interface Visitor {
  socket: WebSocket
  message: IncomingMessage
  send: Send
  credential?: string | undefined
}

/** Takes the WebSockets of `/graphql` in the protocol `graphql-transport-ws`. */
export function attachWebSocket(
  server: Server,
  engine: Engine,
  deps: WebSocketDeps,
): { close(): Promise<void> } {
  const { logger, webSocket, bodyLimitBytes: maxPayload = bodyLimitBytesDefault } = deps
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload, handleProtocols })
  const protocol = createProtocol(engine, deps)
  const visitors = new WeakMap<WebSocket, Visitor>()
  sockets.on('connection', (socket: WebSocket, message: IncomingMessage) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'a WebSocket failed'))
    if (sockets.clients.size > webSocket.connectionsMax) {
      return socket.close(tryAgainLater, 'Too many connections')
    }
    const send = createSend(socket, message.socket)
    const visitor: Visitor = { socket, message, send }
    visitors.set(socket, visitor)
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send,
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          socket.on('message', (data: Buffer) => {
            handle(data.toString()).catch((error: unknown) => refuse(socket, error, deps))
          })
        },
      },
      visitor,
    )
    socket.once('close', (code, reason) => void closed(code, String(reason)))
  })
  keepAlive(sockets, {
    intervalMs: webSocket.pingIntervalMs,
    onPing: (socket) => void checkAgain(visitors.get(socket), deps),
  })

  let closing: Promise<void> | undefined
  return { close: () => (closing ??= closeAll(sockets)) }
}

function createProtocol(engine: Engine, deps: WebSocketDeps): Protocol<Visitor> {
  const { authenticate, webSocket } = deps
  const operations = createOperations(engine, deps)
  const seats = createSeats(webSocket.connectionsPerKeyMax)
  return makeServer<Record<string, unknown>, Visitor>({
    connectionInitWaitTimeout: webSocket.initTimeoutMs,
    onConnect: async ({ connectionParams, extra: visitor }) => {
      const credential = connectionParams?.['authorization'] ?? connectionParams?.['Authorization']
      visitor.credential = typeof credential === 'string' ? credential : undefined
      try {
        const actor = await authenticate(visitor.credential, visitor.message)
        if (seats.take(visitor.socket, actor.id)) return true
        visitor.socket.close(
          CloseCode.TooManyInitialisationRequests,
          'Too many connections of this API key',
        )
      } catch (error) {
        refuse(visitor.socket, error, deps)
      }
      return false
    },
    onSubscribe: async ({ extra: visitor, subscriptions }, id, payload) => {
      try {
        if (Object.keys(subscriptions).length > webSocket.operationsMax) throw tooMany(webSocket)
        const { credential, message } = visitor
        const actor = await authenticate(credential, message) // a key may be revoked meanwhile
        return operations.prepare({ actor, message }, payload, nextFrames(id, visitor.send))
      } catch (error) {
        if (isRefusal(error)) refuse(visitor.socket, error, deps)
        return [publicError(error, deps)]
      }
    },
    execute: (args) => operations.run('execute', args),
    subscribe: (args) => operations.run('subscribe', args),
    onNext: (_connection, _id, _payload, _args, { data, errors, extensions }) =>
      errors && {
        ...(data !== undefined && { data }),
        errors: errors.map(formatted),
        ...(extensions && { extensions }),
      },
    onError: (_connection, _id, _payload, errors) => errors.map(formatted),
  })
}

/** Closes the socket of a key that is good no more; one that cannot be checked now stays. */
async function checkAgain(visitor: Visitor | undefined, deps: WebSocketDeps): Promise<void> {
  if (visitor?.credential === undefined) return
  try {
    await deps.authenticate(visitor.credential, visitor.message)
  } catch (error) {
    if (isRefusal(error)) refuse(visitor.socket, error, deps)
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && (error.status === 401 || error.status === 403)
}

function refuse(socket: WebSocket, error: unknown, { logger }: WebSocketDeps): void {
  if (isRefusal(error)) return socket.close(CloseCode.Forbidden, 'Forbidden')
  if (error instanceof GatewayError) return socket.close(tryAgainLater, 'Try again later')
  logger.error({ err: error }, 'bug while a WebSocket message was handled')
  socket.close(CloseCode.InternalServerError, 'Internal server error')
}

function tooMany({ operationsMax }: WebSocketLimits): GatewayError {
  return new GatewayError({
    code: 'RATE_LIMIT_EXCEEDED',
    message: `No more than ${operationsMax} operations run at once on one connection. Complete one, or open another connection.`,
  })
}

/**
 * As over HTTP: what an error says of HTTP is not for the client. graphql-ws wraps what ends a
 * subscription; the error inside is the one that was made public.
 */
function formatted(error: GraphQLError): GraphQLFormattedError {
  const { originalError: inner } = error
  const { extensions, ...rest } = (inner instanceof GraphQLError ? inner : error).toJSON()
  const { http: _http, ...known } = extensions ?? {}
  return Object.keys(known).length > 0 ? { ...rest, extensions: known } : rest
}

/** Ends every socket with 1001; one that does not answer in time is cut. */
async function closeAll(sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.close(1001, 'Going away')
  const cut = setTimeout(
    () => sockets.clients.forEach((socket) => socket.terminate()),
    closeGraceMs,
  )
  await new Promise((resolve) => sockets.close(resolve))
  clearTimeout(cut)
}
