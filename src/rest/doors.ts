import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { AuthenticateAtOnce } from '../auth.ts'
import { GatewayError, internalError } from '../errors.ts'
import { corsHeaders, corsOrigin } from '../lib/cors.ts'
import { newId } from '../lib/id.ts'
import { logRequest } from '../lib/request-log.ts'
import { securityHeaders } from '../lib/security-headers.ts'
import type { EncodeError } from '../protocol/chat-door.ts'
import { readBody, readJsonBytes, UnreadableBody } from './body.ts'
import { credentialOf } from './credential.ts'
import { errorAnswer } from './error-reply.ts'
import { Exchange } from './exchange.ts'
import { refuseDeep, refuseMalformed } from './malformed.ts'

/** What answers `POST path`. */
export interface Door {
  path: string
  /** How it tells a failure. */
  encodeError: EncodeError
  /** Whether a key may also come as `x-api-key`. */
  apiKeyHeader?: boolean
  /** Whether it asks for the key itself, and takes the bytes of a body in JSON and no other body. */
  takesBytes?: boolean
  /** Answers the exchange, or throws what it is answered with, at once or later. */
  handle: (exchange: Exchange) => Promise<void>
}

export interface DoorsDeps {
  authenticate: AuthenticateAtOnce
  server: { bodyLimitBytes: number; corsOrigins: readonly string[] }
  isDraining: () => boolean
  logger: Logger
}

/**
 * The doors that most requests go through. They stand on Node's HTTP server itself, before the framework that
 * serves all other routes; `next` gets what is not theirs.
 */
export function openDoors(
  doors: readonly Door[],
  deps: DoorsDeps,
  next: RequestListener,
): RequestListener {
  const byPath = new Map(doors.map((door) => [door.path, door]))
  const open = exchangeOpener(deps)
  return (request, response) => {
    const door = request.method === 'POST' ? doorAt(byPath, request.url ?? '') : undefined
    if (!door) return next(request, response)
    const exchange = open(door, request, response)
    answer(door, exchange, deps).catch((error: unknown) => {
      fail(door, exchange, { error, logger: deps.logger })
    })
  }
}

/** Most spell the path as it is; others add a query, a slash or escapes. */
function doorAt(doors: ReadonlyMap<string, Door>, url: string): Door | undefined {
  const door = doors.get(url)
  if (door) return door
  const path = url.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/s, '')
  try {
    return doors.get(decodeURI(path).replace(/(?<=.)\/$/, ''))
  } catch {
    return undefined
  }
}

async function answer(
  { apiKeyHeader = false, takesBytes = false, handle }: Door,
  exchange: Exchange,
  { authenticate, server }: DoorsDeps,
): Promise<void> {
  const { request } = exchange
  refuseMalformed(request.headers)
  if (takesBytes) {
    exchange.body = await readJsonBytes(request, server.bodyLimitBytes)
    return handle(exchange)
  }
  const actor = authenticate(credentialOf(request.headers, { apiKeyHeader }), request)
  exchange.known = actor instanceof Promise ? await actor : actor
  exchange.body = await readBody(request, server.bodyLimitBytes)
  refuseDeep(exchange.body)
  return handle(exchange)
}

function fail(
  { encodeError }: Door,
  exchange: Exchange,
  { error, logger }: { error: unknown; logger: Logger },
): void {
  const failure = error instanceof GatewayError ? error : internalError(error)
  if (failure.code === 'INTERNAL_ERROR') {
    logger.error({ err: error, requestId: exchange.id }, 'bug in a request')
  }
  if (exchange.response.headersSent) return void exchange.response.destroy()
  // The client may send more of a body that nobody reads.
  if (failure instanceof UnreadableBody) exchange.set('connection', 'close')
  const { status, headers, body } = errorAnswer(failure, encodeError, exchange.id)
  for (const [name, value] of headers) exchange.set(name, value)
  exchange.sendJson(body, status)
}

function exchangeOpener({ server, isDraining, logger }: DoorsDeps) {
  const security = Object.entries(securityHeaders).flat()
  const cors = corsHeaders(corsOrigin(server.corsOrigins))
  return (door: Door, request: IncomingMessage, response: ServerResponse): Exchange => {
    const id = newId('req')
    const { path: route } = door
    const head = [...security, 'x-request-id', id]
    // Anthropic's SDKs know the id under this name.
    if (door.apiKeyHeader) head.push('request-id', id)
    head.push(...cors(request.headers.origin))
    const exchange = new Exchange({ id, request, response, route, head, isDraining })
    response.once('close', () => {
      exchange.closed()
      if (response.writableFinished) note(logger, exchange)
    })
    return exchange
  }
}

function note(
  logger: Logger,
  { id, request, response, route, known, startedAtMs }: Exchange,
): void {
  logRequest(logger, 'info', {
    requestId: id,
    method: request.method ?? '',
    route,
    status: response.statusCode,
    ms: performance.now() - startedAtMs,
    actor: known?.id,
  })
}
