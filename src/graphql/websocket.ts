import type { Server } from 'node:http'
import { GraphQLError, type DocumentNode, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { Context, SubscribePayload } from 'graphql-ws'
import { useServer, type Extra } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { Authenticate } from '../auth.ts'
import { GatewayError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import type { Actor } from '../protocol/actor.ts'
import { createContext, type ContextDeps } from './context.ts'
import type { Engine } from './engine.ts'
import { publicError } from './masking.ts'
import { resolvePersistedDocument, type PersistedDocuments } from './persisted-documents.ts'

export interface WebSocketDeps extends ContextDeps {
  authenticate: Authenticate
  bodyLimitBytes?: number | undefined
  protection: { persisted: PersistedDocuments | undefined }
  logger: Logger
}

const keepAliveMs = 12_000
const initWaitMs = 5000
const bodyLimitBytesDefault = 16 * 1024 * 1024
const closeGraceMs = 1000
const forbidden = 4403
const internalServerError = 4500

type Connection = Context<Record<string, unknown> | undefined, Extra>

/** How to run one operation that was parsed and checked, and how to end it before its time. */
interface Operation {
  start: (kind: 'execute' | 'subscribe') => Promise<Results>
  cancel: () => void
}

type Results = AsyncIterable<ExecutionResult> | ExecutionResult

/** Takes the WebSockets of `/graphql` in the protocol `graphql-transport-ws`. */
export function attachWebSocket(
  server: Server,
  engine: Engine,
  deps: WebSocketDeps,
): { close(): Promise<void> } {
  const maxPayload = deps.bodyLimitBytes ?? bodyLimitBytesDefault
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload })
  const operations = new WeakMap<ExecutionArgs, Operation>()
  const run = (kind: 'execute' | 'subscribe') => (args: ExecutionArgs) => {
    const operation = operations.get(args)
    if (!operation) throw new Error('an operation runs that was never subscribed to')
    return resultsOf(operation, kind)
  }
  const { dispose } = useServer(
    {
      isProd: true,
      connectionInitWaitTimeout: initWaitMs,
      onConnect: async (connection) => (await authenticated(connection, deps)) !== undefined,
      onSubscribe: async (connection, _id, payload) => {
        const actor = await authenticated(connection, deps) // a key may be revoked meanwhile
        if (!actor) return [new GraphQLError('Forbidden')]
        try {
          return prepare(engine, { deps, actor, payload, operations })
        } catch (error) {
          return [publicError(error, deps)]
        }
      },
      execute: run('execute'),
      subscribe: run('subscribe'),
    },
    sockets,
    keepAliveMs,
  )
  sockets.on('connection', (socket) => {
    // graphql-ws writes to the console what a client has done wrong; ws itself has closed the socket.
    socket.removeAllListeners('error')
    socket.on('error', (error) => deps.logger.debug({ err: error }, 'a WebSocket client failed'))
  })

  let closing: Promise<void> | undefined
  return { close: () => (closing ??= closeAll(sockets, dispose)) }
}

/** Ends every socket with 1001; one that does not answer in time is cut. */
async function closeAll(
  sockets: WebSocketServer,
  dispose: () => Promise<void> | void,
): Promise<void> {
  const cut = setTimeout(
    () => sockets.clients.forEach((socket) => socket.terminate()),
    closeGraceMs,
  )
  await dispose()
  clearTimeout(cut)
}

/** The actor of a connection; without one the socket is closed. */
async function authenticated(
  { connectionParams, extra: { socket } }: Connection,
  { authenticate, logger }: WebSocketDeps,
): Promise<Actor | undefined> {
  const credential = connectionParams?.['authorization'] ?? connectionParams?.['Authorization']
  try {
    return await authenticate(typeof credential === 'string' ? credential : undefined)
  } catch (error) {
    if (error instanceof GatewayError) socket.close(forbidden, 'Forbidden')
    else {
      logger.error({ err: error }, 'bug while a WebSocket was authenticated')
      socket.close(internalServerError, 'Internal server error')
    }
    return undefined
  }
}

/** Parses and checks an operation; it starts to run when it is read from. */
function prepare(
  engine: Engine,
  options: {
    deps: WebSocketDeps
    actor: Actor
    payload: SubscribePayload
    operations: WeakMap<ExecutionArgs, Operation>
  },
): ExecutionArgs | readonly GraphQLError[] {
  const { deps, actor } = options
  const payload = resolvePersistedDocument(deps.protection.persisted, options.payload)
  const controller = new AbortController()
  const requestId = deps.newRequestId()
  const context = createContext(deps, { actor, requestId, signal: controller.signal })
  const enveloped = engine.getEnveloped({ ...context, params: payload })
  const document: DocumentNode = enveloped.parse(payload.query)
  const errors = enveloped.validate(enveloped.schema, document)
  if (errors.length > 0) return errors
  const { operationName, variables: variableValues } = payload
  const args = { schema: enveloped.schema, document, operationName, variableValues }
  const start = async (kind: 'execute' | 'subscribe'): Promise<Results> => {
    try {
      return await enveloped[kind]({ ...args, contextValue: await enveloped.contextFactory() })
    } catch (error) {
      throw publicError(error, { requestId, logger: deps.logger })
    }
  }
  options.operations.set(args, { start, cancel: () => controller.abort() })
  return args
}

/** The results of an operation, one or many; `return()` cancels it at once, a mutation too. */
function resultsOf(
  { start, cancel }: Operation,
  kind: 'execute' | 'subscribe',
): AsyncGenerator<ExecutionResult> {
  async function* results(): AsyncGenerator<ExecutionResult> {
    const result = await start(kind)
    if (Symbol.asyncIterator in result) yield* result
    else yield result
  }
  return abortable([], (signal) => {
    signal.addEventListener('abort', cancel, { once: true })
    return results()
  })
}
