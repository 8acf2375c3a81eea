import cors from '@fastify/cors'
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import type { Logger } from 'pino'
import type { AuthenticateAtOnce } from './auth.ts'
import type { Config } from './config.ts'
import { databaseStatus, type Database } from './db/client.ts'
import { GatewayError, internalError, invalidRequest, InvalidHttpRequest } from './errors.ts'
import type { GatewayDeps } from './gateway/deps.ts'
import { graphqlPath, mountGraphql } from './graphql/mount.ts'
import { errorBody } from './graphql/respond.ts'
import type { GraphqlServer } from './graphql/server.ts'
import type { Idempotency } from './idempotency.ts'
import { corsExposedHeaders, corsMethods, corsOrigin } from './lib/cors.ts'
import { newId } from './lib/id.ts'
import { logRequest } from './lib/request-log.ts'
import { securityHeaders } from './lib/security-headers.ts'
import { hasScope } from './protocol/actor.ts'
import type { Bus } from './redis/bus.ts'
import { bodyTooLarge, malformedRequest, mediaTypeWords, notJson } from './rest/body.ts'
import { credentialOf } from './rest/credential.ts'
import { openDoors, type Door, type DoorsDeps } from './rest/doors.ts'
import { replyError } from './rest/error-reply.ts'
import { answerMalformed, refuseDeep, refuseMalformed } from './rest/malformed.ts'
import { mountRest, restDoors } from './rest/router.ts'
import type { ServiceDeps } from './services/deps.ts'

export interface ServerDeps {
  config: Pick<Config, 'server' | 'responses'>
  db: Database
  /** Present when Redis is configured. */
  redis: Pick<Bus, 'status'> | undefined
  gateway: GatewayDeps
  services: ServiceDeps
  idempotency: Idempotency
  graphql: GraphqlServer
  authenticate: AuthenticateAtOnce
  logger: Logger
}

/** Routes that need no actor; every other one answers 401 without a key. */
export const publicRoutes: readonly string[] = ['/health', '/ready']

/** Routes that ask for an actor themselves, because a part of them is public: GraphiQL's page, open introspection. */
export const selfAuthenticatedRoutes: readonly string[] = [graphqlPath]

const metricsPath = '/metrics'

/** Asked every few seconds by machines. */
const quietRoutes: ReadonlySet<string> = new Set([...publicRoutes, metricsPath])

export interface Route {
  method: string | string[]
  url: string
}

/** The HTTP server with every route mounted, and the list of these. */
export async function createServer(
  deps: ServerDeps,
): Promise<{ app: FastifyInstance; routes: Route[] }> {
  const { config, logger } = deps
  const baseLogger: FastifyBaseLogger = logger
  const { gateway, services, idempotency } = deps
  const responseRetentionMs = config.responses.retentionHours * 3_600_000
  const responses = { db: deps.db, responseRetentionMs }
  const rest = { gateway, services, idempotency, responses }
  const doors = [...restDoors(rest), graphqlDoor(deps.graphql)]
  const app = fastify({
    loggerInstance: baseLogger,
    serverFactory: (next) => serverWith(openDoors(doors, doorsDeps(deps), next)),
    // A logger of its own for each request would be made for nothing: what is logged names the request itself.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId('req'),
    requestIdHeader: false,
    trustProxy: config.server.trustProxy,
    bodyLimit: config.server.bodyLimitBytes,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerMalformed,
    frameworkErrors: (_error, _request, reply) => {
      void replyError(reply, invalidRequest(undefined, 'The URL is malformed.'))
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  })
  const routes: Route[] = doors.map(({ path }) => ({ method: 'POST', url: path }))
  const openRoutes = config.server.publicMetrics ? [...publicRoutes, metricsPath] : publicRoutes
  app.addHook('onRoute', ({ method, url }) => void routes.push({ method, url }))
  app.decorateRequest('actor', null)
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders).header('x-request-id', request.id)
    done()
  })
  await app.register(cors, {
    origin: corsOrigin(config.server.corsOrigins),
    methods: corsMethods,
    strictPreflight: false,
    exposedHeaders: corsExposedHeaders,
  })
  app.addHook('onRequest', async (request) => {
    refuseMalformed(request.headers)
    const { url: route = '' } = request.routeOptions
    if (openRoutes.includes(route) || selfAuthenticatedRoutes.includes(route)) return
    request.actor = await deps.authenticate(credentialOf(request.headers, {}), request.raw)
  })
  app.addHook('preHandler', (request, _reply, done) => {
    refuseDeep(request.body)
    done()
  })
  // A load balancer that keeps its connections must look elsewhere when this instance stops.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (deps.gateway.shutdown.draining) void reply.header('connection', 'close')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    note(logger, request, reply)
    done()
  })
  app.setErrorHandler((error: FastifyError | GatewayError, request, reply) => {
    const { url } = request.routeOptions
    const failure = error instanceof GatewayError ? error : httpError(error, { ...config, url })
    if (failure.code === 'INTERNAL_ERROR') {
      logger.error({ err: error, requestId: request.id }, 'bug in a request')
    }
    return replyError(reply, failure)
  })
  app.setNotFoundHandler((request, reply) =>
    replyError(
      reply,
      new GatewayError({
        code: 'NOT_FOUND',
        message: `There is no ${request.method} ${request.url.split('?', 1)[0]?.slice(0, 200)} here. The routes are /v1/chat/completions, /v1/responses, /v1/messages, /v1/completions, /v1/embeddings, /v1/models and /graphql.`,
      }),
    ),
  )
  mountHealth(app, deps)
  mountMetrics(app, deps)
  mountRest(app, rest)
  mountGraphql(app, deps.graphql)
  return { app, routes }
}

/** Operations that are posted; a part of them is open to everyone, so that it asks for the key itself. */
function graphqlDoor({ handle }: GraphqlServer): Door {
  return {
    path: graphqlPath,
    encodeError: (error, requestId) => ({ body: errorBody(error, requestId) }),
    takesBytes: true,
    handle: (exchange) => {
      const { id: requestId, request, response } = exchange
      const { signal } = exchange.signal
      const body = Buffer.isBuffer(exchange.body) ? exchange.body : undefined
      const headers = exchange.head()
      return handle(request, response, { requestId, body, headers, signal })
    },
  }
}

function doorsDeps({ authenticate, config: { server }, gateway, logger }: ServerDeps): DoorsDeps {
  return { authenticate, server, isDraining: () => gateway.shutdown.draining, logger }
}

/** With the framework's own limits on time: none on a request, which may wait for its answer as long as it likes. */
function serverWith(listener: RequestListener): Server {
  const server = createHttpServer(listener)
  server.keepAliveTimeout = keepAliveMs
  // As an option it would switch off the limit on headers, too.
  server.requestTimeout = 0
  return server
}

/** Longer than load balancers keep a connection that is idle. */
const keepAliveMs = 72_000

/** Without Redis this instance serves all the same, so that it is reported and no reason to be taken out. */
function mountHealth(app: FastifyInstance, { db, redis, gateway }: ServerDeps): void {
  app.get('/health', () => ({ status: 'ok' }))
  app.get('/ready', async (_request, reply) => {
    const database = await databaseStatus(db)
    const providers = gateway.catalogue.providers.size > 0 ? 'ok' : 'none configured'
    const { draining } = gateway.shutdown
    const ready = database === 'ok' && providers === 'ok' && !draining
    void reply.code(ready ? 200 : 503)
    const status = draining ? 'stopping' : ready ? 'ok' : 'unavailable'
    return { status, checks: { database, ...(redis && { redis: redis.status() }), providers } }
  })
}

/** Public, or for whoever may read what the gateway does. */
function mountMetrics(app: FastifyInstance, { config, gateway: { metrics } }: ServerDeps): void {
  app.get(metricsPath, async (request, reply) => {
    const { actor } = request
    if (!config.server.publicMetrics && !(actor && hasScope(actor, 'READ'))) {
      throw new GatewayError({
        code: 'PERMISSION_DENIED',
        message: 'This API key may not read metrics; it needs the scope READ.',
      })
    }
    void reply.type(metrics.contentType)
    return metrics.render()
  })
}

/** What Fastify itself refuses: a body too large, one that is no JSON, another media type. */
function httpError(
  error: FastifyError,
  { server, url }: Pick<Config, 'server'> & { url: string | undefined },
): GatewayError {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyTooLarge(server.bodyLimitBytes)
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return notJson()
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return url === graphqlPath
        ? new InvalidHttpRequest(415, mediaTypeWords)
        : invalidRequest(undefined, mediaTypeWords)
  }
  const status = error.statusCode ?? 500
  if (status < 400 || status > 499) return internalError(error)
  return malformedRequest()
}

/** One line for each exchange, without bodies and without credentials. */
function note(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'unknown'
  logRequest(logger, quietRoutes.has(route) ? 'debug' : 'info', {
    requestId: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    ms: reply.elapsedTime,
    actor: request.actor?.id,
  })
}
