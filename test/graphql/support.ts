import { signalOf } from '../../src/lib/ending.ts'
import { createAffinity } from '../../src/gateway/affinity.ts'
import { createHeadroom } from '../../src/gateway/headroom.ts'
import { createMetrics } from '../../src/gateway/metrics.ts'
import { createConcurrency } from '../../src/gateway/concurrency.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import { createHealthWatch } from '../../src/gateway/health-watch.ts'
import { createHealthMonitor } from '../../src/gateway/provider-health.ts'
import { withoutLimits } from '../support/without-limits.ts'
import { createRates } from '../../src/gateway/rates.ts'
import { createShutdown } from '../../src/gateway/shutdown.ts'
import { memoryLedger } from '../support/memory-ledger.ts'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { createClient, type Client } from 'graphql-ws'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { pino } from 'pino'
import type { Authenticate } from '../../src/auth.ts'
import { loadConfig } from '../../src/config.ts'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryStore } from '../../src/gateway/cache-memory.ts'
import { createCatalogue, type Catalogue } from '../../src/gateway/catalogue.ts'
import type { ReadCache } from '../../src/graphql/read-cache.ts'
import { leftSignal } from '../../src/graphql/respond.ts'
import { createIdempotency } from '../../src/idempotency.ts'
import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import {
  createGraphqlServer,
  type GraphqlServer,
  type GraphqlServerDeps,
} from '../../src/graphql/server.ts'
import { addressReader } from '../../src/lib/client-address.ts'
import type { Protection } from '../../src/graphql/protection.ts'
import type { Actor, Scope } from '../../src/protocol/actor.ts'
import type { ServiceDeps } from '../../src/services/deps.ts'
import type { TypedDocumentString } from '../gql/graphql.ts'
import { noEmbeddings } from '../support/no-embeddings.ts'
import { createScripts, type Scripts } from './scripts.ts'
import { silentWebhooks } from '../support/webhooks.ts'

export interface Answer<Data = unknown> {
  data?: Data | null
  errors?: {
    message: string
    path?: string[]
    extensions?: Record<string, unknown>
  }[]
}

interface PostOptions {
  key?: string | undefined
  accept?: string
  contentType?: string
  signal?: AbortSignal
}

type Document<Result, Variables> = TypedDocumentString<Result, Variables> | string

export interface TestServer {
  url: string
  scripts: Scripts
  ledger: LedgerEntry[]
  catalogue: Catalogue
  /** The answers of reads, kept where the settings say so. */
  reads: ReadCache
  logs: () => string
  /** Names of keys that stop working. */
  revoked: Set<string>
  /** Names of keys that cannot be checked for now. */
  unchecked: Set<string>
  /** Any POST. */
  post: (body: unknown, options?: PostOptions) => Promise<Response>
  /** A typed operation over HTTP. */
  run: <Result, Variables>(
    document: Document<Result, Variables>,
    variables?: Variables,
    options?: PostOptions,
  ) => Promise<Answer<Result>>
  /** A subscription over SSE. */
  sse: <Result, Variables>(
    document: Document<Result, Variables>,
    variables?: Variables,
    options?: PostOptions,
  ) => AsyncGenerator<Answer<Result>>
  /** A WebSocket client. */
  client: (key?: string | null, parameter?: string) => Client
  closeSockets: () => Promise<void>
  stop: () => Promise<void>
}

/** Keys by name; the name is the key. */
export const testKeys: Record<string, { scopes: Scope[]; models: string[] | null }> = {
  admin: { scopes: ['ADMIN'], models: null },
  reader: { scopes: ['READ'], models: null },
  caller: { scopes: ['INFERENCE'], models: null },
  narrow: { scopes: ['INFERENCE'], models: ['test/words'] },
}

/** What a configuration without a word about it gives in development. */
export const usualProtection: Protection = loadConfig({}).graphql

const webSocketLimits = {
  connectionsMax: 1000,
  connectionsPerKeyMax: 1000,
  operationsMax: 100,
  initTimeoutMs: 5000,
  pingIntervalMs: 12_000,
}

/** The GraphQL door on a real socket, over the real pipeline and a scripted provider. */
export async function startGraphql(
  settings: Partial<Pick<GraphqlServerDeps, 'graphiql' | 'publicIntrospection'>> & {
    protection?: Partial<Protection>
    services?: ServiceDeps
    ledger?: GraphqlServerDeps['gateway']['ledger']
    webSocket?: Partial<GraphqlServerDeps['webSocket']>
    bodyLimitBytes?: number
    /** Whether answers of reads are kept. */
    reads?: boolean
    /** Another way to answer HTTP. */
    handler?: (deps: GraphqlServerDeps) => GraphqlServer['handle']
  } = {},
): Promise<TestServer> {
  const scripts = createScripts()
  const ledger: LedgerEntry[] = []
  const logged: string[] = []
  const revoked = new Set<string>()
  const unchecked = new Set<string>()
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  const logger = pino({ level: 'debug' }, sink)
  let ids = 0
  const newRequestId = (): string => `req_${++ids}`
  const services = settings.services ?? withoutDatabase()
  const store = createMemoryStore({ entryBytesMax: 1_000_000, totalBytesMax: 10_000_000 })
  const reads: ReadCache = { store, logger }
  const catalogue = createCatalogue({
    providers: scripts.providers,
    aliases: { fast: 'test/words' },
    fallbacks: {},
    prices: new Map(),
  })
  const deps: GraphqlServerDeps = {
    gateway: {
      catalogue,
      ledger: settings.ledger ?? memoryLedger(ledger),
      metrics: createMetrics({}),
      rates: createRates({ accountingCurrency: undefined, rates: [] }),
      health: createHealthMonitor(),
      healthWatch: createHealthWatch(createHealthMonitor()),
      states: createDeploymentStates({ breaker: undefined, cooldown: undefined }),
      rules: [],
      headroom: createHeadroom(),
      affinity: createAffinity(),
      random: Math.random,
      now: Date.now,
      concurrency: createConcurrency({ size: 1, waitMaxMs: 1 }),
      resilience: { retry: undefined, ejectionShare: undefined, priorities: new Map() },
      loadShed: { check: () => {} },
      shutdown: createShutdown(),
      limits: withoutLimits(),
      callUpstream: ({ provider, model }, request, { signal }) => {
        if (!provider.generate) throw new Error('a test provider generates')
        return provider.generate(request, model, signalOf(signal))
      },
      countUpstream: async () => undefined,
      embedUpstream: noEmbeddings,
      logger,
    },
    services,
    authenticate: testAuthenticate(revoked, unchecked),
    newRequestId,
    addressOf: addressReader(false),
    idempotency: createIdempotency(services, logger),
    bodyLimitBytes: settings.bodyLimitBytes,
    graphiql: settings.graphiql ?? false,
    publicIntrospection: settings.publicIntrospection ?? false,
    protection: { ...usualProtection, ...settings.protection },
    reads: settings.reads ? reads : undefined,
    webSocket: { ...webSocketLimits, ...settings.webSocket },
    logger,
  }
  const graphql = createGraphqlServer(deps)
  const handle = settings.handler?.(deps) ?? graphql.handle
  const server = createServer((req, res) => {
    void readBody(req).then((body) =>
      handle(req, res, { requestId: newRequestId(), body, signal: leftSignal(res) }),
    )
  })
  const sockets = graphql.attachWebSocket(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `127.0.0.1:${portOf(server.address())}`
  const url = `http://${origin}/graphql`
  const clients: Client[] = []
  const post: TestServer['post'] = (body, options = {}) => send(url, body, options)

  return {
    url,
    scripts,
    ledger,
    catalogue,
    reads,
    logs: () => logged.join(''),
    revoked,
    unchecked,
    post,
    run: async (document, variables, options) => {
      const response = await post({ query: document.toString(), variables }, options)
      return answerOf(await response.json())
    },
    sse: async function* (document, variables, options) {
      const body = { query: document.toString(), variables }
      const response = await post(body, { accept: 'text/event-stream', ...options })
      yield* sseAnswers(response)
    },
    client: (key = 'admin', parameter = 'authorization') => {
      const client = createClient({
        url: `ws://${origin}/graphql`,
        retryAttempts: 0,
        connectionParams: key === null ? {} : { [parameter]: `Bearer ${key}` },
      })
      clients.push(client)
      return client
    },
    closeSockets: () => sockets.close(),
    stop: async () => {
      for (const client of clients) void client.dispose()
      await sockets.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

function testAuthenticate(revoked: Set<string>, unchecked: Set<string>): Authenticate {
  return async (authorization) => {
    if (authorization === undefined) {
      throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'Send an API key.' })
    }
    const name = authorization.replace('Bearer ', '')
    if (name === 'bug') throw new TypeError('the password is hunter2')
    if (unchecked.has(name)) throw new GatewayError({ code: 'OVERLOADED', message: 'Try again.' })
    const key = testKeys[name]
    if (!key || revoked.has(name)) {
      throw new GatewayError({ code: 'INVALID_API_KEY', message: 'This API key is not valid.' })
    }
    const actor: Actor = {
      kind: 'api-key',
      id: `key_${name}`,
      organization: 'org_test',
      tier: 'free',
      scopes: new Set(key.scopes),
      models: key.models,
    }
    return actor
  }
}

function send(url: string, body: unknown, options: PostOptions): Promise<Response> {
  const { accept = 'application/json', contentType = 'application/json' } = options
  const key = 'key' in options ? options.key : 'admin'
  return fetch(url, {
    method: 'POST',
    headers: {
      accept,
      'content-type': contentType,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: options.signal ?? null,
  })
}

/** The results in an SSE body, until `complete`. */
async function* sseAnswers<Result>(response: Response): AsyncGenerator<Answer<Result>> {
  if (!response.body) throw new Error('an SSE answer has a body')
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of events) {
    if (event === 'complete') return
    yield answerOf(JSON.parse(data))
  }
}

/** What Fastify does before the door is called: JSON is read, everything else is left alone. */
async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  if (!req.headers['content-type']?.toLowerCase().startsWith('application/json')) return undefined
  if (req.headers['x-leave-body'] !== undefined) return undefined
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Trusted: it comes from the server under test, and the tests assert what is in it. */
function answerOf<Result>(json: unknown): Answer<Result> {
  return json as Answer<Result>
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  return address.port
}

/** Services whose database is never reached; reaching it fails the test. */
function withoutDatabase(): ServiceDeps {
  const db = new Proxy(
    {},
    {
      get: () => {
        throw new Error('this test has no database')
      },
    },
  )
  return {
    db: db as ServiceDeps['db'],
    ledger: { flush: async () => {} },
    hashApiKey: (key) => Buffer.from(key),
    bus: { publish: async () => {} },
    webhooks: silentWebhooks,
  }
}
