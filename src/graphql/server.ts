import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { GatewayError, internalError, InvalidHttpRequest } from '../errors.ts'
import type { GraphiqlPage } from './graphiql.ts'
import { idempotencyHeader, type Begun, type Idempotency } from '../idempotency.ts'
import type { Actor } from '../protocol/actor.ts'
import { jsonTypeFor } from './accept.ts'
import { createContext, type ContextDeps, type GraphqlContext } from './context.ts'
import { createEngine, type Engine } from './engine.ts'
import { isKeepable } from './idempotent-operation.ts'
import { introspect } from './introspection.ts'
import { createPlannedAnswers } from './planned-answers.ts'
import type { Protection } from './protection.ts'
import type { ReadCache } from './read-cache.ts'
import { createAnswerJson, JsonAnswer, type JsonPost } from './json-answer.ts'
import {
  end,
  headed,
  notAcceptable,
  sendError,
  sendJson,
  sendJsonAnswer,
  sendReplay,
  sendResponse,
} from './respond.ts'
import { schema } from './schema.ts'
import { attachWebSocket, type WebSocketDeps } from './websocket.ts'

export interface GraphqlServerDeps extends ContextDeps, WebSocketDeps {
  /** Whether GET /graphql shows browsers the GraphiQL page. */
  graphiql: boolean
  /** Whether the schema may be read without a key. */
  publicIntrospection: boolean
  idempotency: Idempotency
  protection: Protection
  /** Where answers of reads are kept; absent where none are. */
  reads?: ReadCache | undefined
}

export interface GraphqlServer {
  /** Answers GET, POST and OPTIONS. */
  handle: (req: IncomingMessage, res: ServerResponse, options: HandleOptions) => Promise<void>
  /** Takes the WebSockets of `/graphql`; `close` ends them with 1001. */
  attachWebSocket(server: Server): { close(): Promise<void> }
}

export interface HandleOptions {
  requestId: string
  /** What was read of a POST of JSON. */
  body?: Buffer | undefined
  /** Of every answer, names and values in turn; the id of the request alone when absent. */
  headers?: readonly string[]
  /** Aborted when the client leaves before the answer is out. */
  signal: AbortSignal
}

export function createGraphqlServer(deps: GraphqlServerDeps): GraphqlServer {
  const planned = createPlannedAnswers(schema, deps.protection.persisted)
  const engine = createEngine({ ...deps, observer: planned.plugin })
  const answerJson = createAnswerJson(engine, { logger: deps.logger, planned })
  const page = lazy(async () => (await import('./graphiql.ts')).graphiqlPage(exampleModel(deps)))

  const handle: GraphqlServer['handle'] = async (
    req,
    res,
    { requestId, body, headers, signal },
  ) => {
    const head = headers ?? ['x-request-id', requestId]
    try {
      if (deps.graphiql && wantsPage(req)) return sendPage(headed(res, head), await page())
      if (req.method === 'OPTIONS') {
        return end(headed(res, head), 204, { allow: 'GET, POST, OPTIONS' })
      }
      if (req.method === 'POST') req.headers['content-type'] = jsonContentType(req)
      const content = parsed(body)
      let actor: Actor
      try {
        const known = deps.authenticate(req.headers.authorization, req)
        actor = known instanceof Promise ? await known : known
      } catch (error) {
        const answer =
          deps.publicIntrospection && (await introspect(engine, operationOf(req, content)))
        if (!answer) throw error
        return sendJson(headed(res, head), 200, answer)
      }
      const begun =
        req.headers[idempotencyHeader] !== undefined &&
        (await beginOnce(deps, { req, res, content, actor, requestId }))
      if (begun && 'replay' in begun) return sendReplay(headed(res, head), begun.replay)
      const caller = {
        actor,
        requestId,
        signal,
        message: req,
        onSettled: begun ? begun.onSettled : undefined,
      }
      const context = createContext(deps, caller)
      const post = jsonPost(req, content)
      const answer = post
        ? await answerJson(post, context)
        : await yogaAnswer(engine, { req, res: headed(res, head), context, body })
      if (answer.status === 406) throw notAcceptable()
      if (answer instanceof JsonAnswer) sendJsonAnswer(answer, res, head)
      else await sendResponse(answer, headed(res, head))
    } catch (error) {
      if (!(error instanceof GatewayError)) deps.logger.error({ requestId, err: error }, 'bug')
      const expected = error instanceof GatewayError ? error : internalError(error)
      sendError(headed(res, head), expected, requestId)
    }
  }
  return { handle, attachWebSocket: (server) => attachWebSocket(server, engine, deps) }
}

/** Where completions come with an `Idempotency-Key`: their answer of before, or their first run. */
function beginOnce(
  { idempotency, protection }: GraphqlServerDeps,
  exchange: {
    req: IncomingMessage
    res: ServerResponse
    content: unknown
    actor: Actor
    requestId: string
  },
): Promise<Begun> | undefined {
  const { req, res: response, content, actor, requestId } = exchange
  const key = req.headers[idempotencyHeader] ?? ''
  const body = operationOf(req, content)
  if (!isKeepable(protection.persisted, body)) return undefined
  return idempotency.begin({ actor, key, route: '/graphql', body, requestId, response })
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

/** In the one spelling that Yoga knows. Forms of other sites can send text and form fields, but not JSON. */
function jsonContentType({ headers }: IncomingMessage): string {
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return 'application/json'
  throw new InvalidHttpRequest(
    415,
    'Send the operation as JSON, with `content-type: application/json`.',
  )
}

/** What need not pass through Yoga's own handler: JSON in, JSON out. */
function jsonPost(req: IncomingMessage, content: unknown): JsonPost | undefined {
  const type = jsonTypeFor(req.headers.accept)
  return type && content !== undefined ? { message: req, content, type } : undefined
}

function operationOf(req: IncomingMessage, content: unknown): unknown {
  if (req.method === 'POST') return content
  return Object.fromEntries(new URL(req.url ?? '/', 'http://localhost').searchParams)
}

/** Everything else: streams, GET, and bodies that hold no operation. */
async function yogaAnswer(
  engine: Engine,
  {
    req,
    res,
    context,
    body,
  }: {
    req: IncomingMessage
    res: ServerResponse
    context: GraphqlContext
    body: Buffer | undefined
  },
): Promise<Response> {
  Object.assign(req, { body: forYoga(body) })
  return engine.handleNodeRequestAndResponse(req, res, context)
}

/** Yoga takes an empty body for one that nobody has read, and would wait for the socket. */
function forYoga(body: Buffer | undefined): Buffer | string | undefined {
  return body?.length === 0 ? ' ' : body
}

/** The JSON of a body; undefined where it is none, which Yoga tells the client. */
function parsed(body: Buffer | undefined): unknown {
  if (!body) return undefined
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function sendPage(res: ServerResponse, page: GraphiqlPage): void {
  res.setHeader('content-security-policy', page.contentSecurityPolicy)
  end(res, 200, { 'content-type': 'text/html; charset=utf-8' }, page.html)
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
