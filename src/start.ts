import { hash as digest } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createAuthenticate } from './auth.ts'
import { ConfigError, type Config } from './config.ts'
import { connect, type Database, type DatabaseHandle } from './db/client.ts'
import { startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { createAffinity } from './gateway/affinity.ts'
import { createCatalogue, type Catalogue } from './gateway/catalogue.ts'
import { nameProblems } from './gateway/configured-names.ts'
import type { GatewayDeps } from './gateway/deps.ts'
import { openAnswerCache } from './gateway/open-answer-cache.ts'
import { shareAffinity } from './gateway/shared-affinity.ts'
import { createHeadroom } from './gateway/headroom.ts'
import { startDiscovery } from './gateway/discover.ts'
import { createMetrics } from './gateway/metrics.ts'
import { startHealthChecks } from './gateway/health-checks.ts'
import { openLimits } from './gateway/limits/open-limits.ts'
import { openResilience } from './gateway/open-resilience.ts'
import { openLedger } from './gateway/open-ledger.ts'
import { createRates } from './gateway/rates.ts'
import { createShutdown } from './gateway/shutdown.ts'
import { openUpstreams } from './gateway/upstream.ts'
import { forgetReads } from './graphql/read-cache.ts'
import { createGraphqlServer } from './graphql/server.ts'
import { createIdempotency } from './idempotency.ts'
import { openReadCache } from './open-read-cache.ts'
import { closeServer } from './lib/close-server.ts'
import { newId } from './lib/id.ts'
import { addressReader } from './lib/client-address.ts'
import { cutSlowClients } from './lib/slow-client.ts'
import { apiKeyHasher, embeddedSecret, webhookSealKey } from './lib/secret.ts'
import { createHealthLink } from './redis/health-link.ts'
import { createLocalBus, createRedisBus, type Bus } from './redis/bus.ts'
import { openRedis, type RedisConnection } from './redis/client.ts'
import { createServer, type Route } from './server.ts'
import {
  createFirstAdminKey,
  defaultOrganization,
  ensureOrganization,
  findApiKeyByHash,
} from './services/api-keys.ts'
import type { ServiceDeps } from './services/deps.ts'
import { startResponseCleanup } from './services/response-cleanup.ts'
import { startRetention } from './services/retention.ts'
import { openWebhooks } from './services/webhooks/open-webhooks.ts'

/** A running gateway. */
export interface Running {
  app: FastifyInstance
  db: Database
  /** What the verbs of the control plane take. */
  services: ServiceDeps
  /** What can be called. */
  catalogue: Catalogue
  /** Everything that the HTTP server answers. */
  routes: readonly Route[]
  /** `http://host:port`. */
  url: string
  /** Set when the database had no key yet: shown once, then gone. */
  firstAdminKey: string | undefined
  /** Takes no new work, lets running answers end for at most `drainMs`, ends the rest with an error, closes everything. */
  stop(drainMs: number): Promise<void>
}

const webhookMsMax = 3_000

/** Configuration in, a listening gateway out: the one place where the parts are put together. */
export async function start(config: Config, logger: Logger): Promise<Running> {
  const catalogue = openCatalogue(config)
  const database = await openDatabase(config)
  const { redis } = config.storage
  const bus = redis ? createRedisBus(redis, logger) : createLocalBus(logger)
  const commands = redis && openRedis(redis, logger)
  try {
    return await serve(config, logger, { catalogue, database, bus, commands })
  } catch (error) {
    commands?.close()
    await bus.close()
    await database.close()
    throw error
  }
}

/** The catalogue of a configuration; names in it that mean nothing are problems of the configuration. */
export function openCatalogue(config: Config): Catalogue {
  const catalogue = createCatalogue(config)
  const problems = nameProblems(catalogue, config)
  if (problems.length > 0) throw new ConfigError(problems)
  return catalogue
}

/** What the gateway stands on; `commands` is a connection to Redis, where there is one. */
interface Parts {
  catalogue: Catalogue
  database: DatabaseHandle
  bus: Bus
  commands: RedisConnection | undefined
}

async function serve(
  config: Config,
  logger: Logger,
  { catalogue, database, bus, commands }: Parts,
): Promise<Running> {
  const { db } = database
  await migrate(database.address)
  await ensureOrganization(db)
  const secret = config.secret ?? embeddedSecret(config.storage.dataDir)
  const hashApiKey = apiKeyHasher(secret)
  const firstAdminKey = config.masterKey ? undefined : await createFirstAdminKey(db, hashApiKey)
  const { masterKey } = config
  const findKey = (hash: Buffer) => findApiKeyByHash(db, hash)
  const addressOf = addressReader(config.server.trustProxy)
  const authenticate = createAuthenticate({
    findKey,
    hashApiKey,
    masterKey,
    addressOf,
    bus,
    logger,
  })
  const metrics = createMetrics({
    models: catalogue.models.map((model) => model.id),
    journalBacklog: () => ledger.backlog(),
    reservations: () => limits.engine.open,
    eventsWaiting: () => webhooks.waiting(),
  })
  const { ledger, close: closeLedger } = openLedger({
    dataDir: config.storage.dataDir,
    db,
    logger,
    onJournalFailure: () => metrics.journalFailed(),
  })
  const headroom = createHeadroom()
  const shared = config.storage.redis ? shareAffinity(bus) : undefined
  const rates = createRates(config.accounting)
  const webhooks = openWebhooks({
    db,
    ledger,
    sealKey: webhookSealKey(secret),
    settings: config.webhooks,
    logger,
    onAttempt: (event, result) => metrics.webhookSent(event, result),
  })
  const limits = openLimits({
    db,
    bus,
    redis: config.storage.redis,
    ledger,
    settings: config.limits,
    toCurrency: (money, currency) => rates.convert(money, currency, new Date())?.money.nanos,
    emit: webhooks.emit,
    logger,
  })
  const upstreams = openUpstreams(catalogue.providers.values(), headroom)
  const shutdown = createShutdown()
  const link = config.storage.redis && createHealthLink(bus, installationOf(config, secret))
  const { close: closeResilience, ...resilience } = openResilience(config.resilience, {
    link,
    metrics,
    logger,
  })
  const { call: callUpstream, embed: embedUpstream } = upstreams
  const gateway: GatewayDeps = {
    catalogue,
    ledger,
    metrics,
    rates,
    ...resilience,
    rules: config.rules,
    headroom,
    affinity: shared?.affinity ?? createAffinity(),
    random: Math.random,
    now: Date.now,
    shutdown,
    limits,
    cache: openAnswerCache({
      settings: config.cache,
      secret,
      redis: commands,
      bus,
      metrics,
      logger,
    }),
    callUpstream,
    countUpstream: upstreams.count,
    embedUpstream,
    logger,
  }
  const { settings } = webhooks
  const services = { db, ledger, hashApiKey, bus, answers: gateway.cache, webhooks: settings }
  const idempotency = createIdempotency(services, logger)
  const reads = config.graphql.cacheReads
    ? openReadCache({ redis: commands, secret, bus, logger })
    : undefined
  const graphql = createGraphqlServer({
    gateway,
    reads,
    services,
    idempotency,
    authenticate,
    addressOf,
    bodyLimitBytes: config.server.bodyLimitBytes,
    newRequestId: () => newId('req'),
    graphiql: !config.production,
    publicIntrospection: config.graphql.publicIntrospection,
    protection: config.graphql,
    webSocket: config.graphql.webSocket,
    logger,
  })
  const redis = config.storage.redis && bus
  const { app, routes } = await createServer({
    config,
    db,
    redis,
    gateway,
    services,
    idempotency,
    graphql,
    authenticate,
    logger,
  })
  const sockets = graphql.attachWebSocket(app.server)
  cutSlowClients(app.server, config.server.slowClientTimeoutMs)
  // Known from now on, also while the database is away.
  await Promise.all([limits.ready(), limits.books.of(defaultOrganization)])
  await app.listen({ host: config.server.host, port: config.server.port })
  const discovery = startDiscovery({
    catalogue,
    upstreams,
    logger,
    onLearnt: async () => reads && forgetReads(reads, { typename: 'Model' }),
  })
  const checks = startHealthChecks(catalogue.providers.values(), { ...gateway, upstreams })
  const cleanup = startResponseCleanup({ db }, logger)
  const retention = startRetention({ db }, config.retention, logger)
  return {
    app,
    db,
    services,
    catalogue,
    routes,
    url: listeningUrl(config.server.host, app.server.address()),
    firstAdminKey,
    stop: async (drainMs) => {
      cleanup.stop()
      checks.stop()
      discovery.stop()
      retention.stop()
      shared?.close()
      await shutdown.drain(drainMs)
      await Promise.all([closeServer(app), sockets.close()])
      idempotency.close()
      await limits.close()
      await closeLedger()
      await webhooks.close(webhookMsMax)
      metrics.close()
      closeResilience()
      await upstreams.close()
      commands?.close()
      await bus.close()
      await database.close()
    },
  }
}

/** The same for all instances of an installation: others that share its Redis have providers of their own. */
function installationOf({ storage }: Config, secret: string): string {
  const { pathname } = new URL(storage.databaseUrl ?? 'embedded:')
  return digest('sha256', `${secret}\n${pathname}`).slice(0, 16)
}

/** The database of a configuration: the one that it names, else the embedded one of its data folder. */
export async function openDatabase({ storage }: Config): Promise<DatabaseHandle> {
  if (storage.databaseUrl !== undefined) return connect({ url: storage.databaseUrl })
  const embedded = await startEmbedded(storage.dataDir)
  const handle = connect(embedded)
  return {
    ...handle,
    close: async () => {
      await handle.close()
      await embedded.stop()
    },
  }
}

function listeningUrl(host: string, address: AddressInfo | string | null): string {
  const port = typeof address === 'object' ? address?.port : undefined
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
