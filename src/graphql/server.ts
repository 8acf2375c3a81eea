import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Authenticate } from '../auth.ts'
import { GatewayError, internalError, InvalidHttpRequest } from '../errors.ts'
import type { GraphiqlPage } from './graphiql.ts'
import { createContext, type ContextDeps } from './context.ts'
import { createEngine } from './engine.ts'
import { introspect } from './introspection.ts'
import type { Protection } from './protection.ts'
import { end, leftSignal, sendError, sendJson, sendResponse } from './respond.ts'
import { attachWebSocket } from './websocket.ts'

export interface GraphqlServerDeps extends ContextDeps {
  authenticate: Authenticate
  /** Whether GET /graphql shows browsers the GraphiQL page. */
  graphiql: boolean
  /** Whether the schema may be read without a key. */
  publicIntrospection: boolean
  protection: Protection
  /** The largest message of a WebSocket; 16 MiB when absent. */
  bodyLimitBytes?: number | undefined
  logger: Logger
}

export interface GraphqlServer {
  /** Answers GET, POST and OPTIONS; `body` is the parsed JSON where a framework has read it. */
  handle(
    req: IncomingMessage,
    res: ServerResponse,
    options: { requestId: string; body?: unknown },
  ): Promise<void>
  /** Takes the WebSockets of `/graphql`; `close` ends them with 1001. */
  attachWebSocket(server: Server): { close(): Promise<void> }
}

export function createGraphqlServer(deps: GraphqlServerDeps): GraphqlServer {
  const engine = createEngine(deps.logger, deps.protection)
  const page = lazy(async () => (await import('./graphiql.ts')).graphiqlPage(exampleModel(deps)))

  const handle: GraphqlServer['handle'] = async (req, res, { requestId, body }) => {
    res.setHeader('x-request-id', requestId)
    const signal = leftSignal(res)
    try {
      if (deps.graphiql && wantsPage(req)) return sendPage(res, await page())
      if (req.method === 'OPTIONS') return end(res, 204, { allow: 'GET, POST, OPTIONS' })
      requireJson(req)
      const actor = await deps.authenticate(req.headers.authorization).catch(async (error) => {
        const answer =
          deps.publicIntrospection && (await introspect(engine, operationOf(req, body)))
        if (!answer) throw error
        sendJson(res, 200, answer)
      })
      if (!actor) return
      const context = createContext(deps, { actor, requestId, signal })
      Object.assign(req, { body: forYoga(body) })
      const response = await engine.handleNodeRequestAndResponse(req, res, context)
      if (response.status === 406) throw notAcceptable()
      await sendResponse(response, res)
    } catch (error) {
      if (!(error instanceof GatewayError)) deps.logger.error({ requestId, err: error }, 'bug')
      const expected = error instanceof GatewayError ? error : internalError(error)
      sendError(res, expected, requestId)
    }
  }
  return { handle, attachWebSocket: (server) => attachWebSocket(server, engine, deps) }
}

/** A model that answers without an account where there is one. */
function exampleModel({ gateway: { catalogue } }: GraphqlServerDeps): string {
  const offline = catalogue.models.find(
    ({ provider }) => catalogue.providers.get(provider)?.generate,
  )
  return (offline ?? catalogue.models[0])?.id ?? 'provider/model'
}

function wantsPage(req: IncomingMessage): boolean {
  return req.method === 'GET' && (req.headers.accept?.includes('text/html') ?? false)
}

/** Forms of other sites can send text and form fields, but not JSON. */
function requireJson({ method, headers }: IncomingMessage): void {
  if (method !== 'POST') return
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return
  throw new InvalidHttpRequest(
    415,
    'Send the operation as JSON, with `content-type: application/json`.',
  )
}

/** Yoga says so without a body. */
function notAcceptable(): InvalidHttpRequest {
  return new InvalidHttpRequest(
    406,
    'No media type in `accept` fits the answer; ask for application/json, or text/event-stream for a subscription.',
  )
}

function operationOf(req: IncomingMessage, body: unknown): unknown {
  if (req.method === 'POST') return body
  return Object.fromEntries(new URL(req.url ?? '/', 'http://localhost').searchParams)
}

/** Yoga takes an empty object for a body that nobody has read, and would wait for the socket. */
function forYoga(body: unknown): unknown {
  if (body === undefined) return undefined
  const isFull = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  if (!isFull) return JSON.stringify(body)
  if (!('then' in body)) return body
  const { then: _never, ...rest } = body // Yoga would take the whole for a promise
  return rest
}

function sendPage(res: ServerResponse, page: GraphiqlPage): void {
  res.setHeader('content-security-policy', page.contentSecurityPolicy)
  end(res, 200, { 'content-type': 'text/html; charset=utf-8' }, page.html)
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
