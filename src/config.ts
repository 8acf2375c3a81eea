import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { autoNames } from './config-auto.ts'
import { virtualModels } from './config-models.ts'
import { cacheNames, type CacheTable } from './config-cache.ts'
import { isTable, joinPath, parsed, type Problem } from './config-problem.ts'
import { priceSnapshot, rateSnapshot } from './config-prices.ts'
import { openProviders } from './config-providers.ts'
import { resilienceNames, type ResilienceSettings } from './config-resilience.ts'
import { rulesOf } from './config-rules.ts'
import { limitNames, type LimitsConfig } from './config-limits.ts'
import { fileSchema, type FileSettings } from './config-schema.ts'
import { webhookNames, type WebhooksTable } from './config-webhooks.ts'
import type { RedisAddress } from './lib/redis-url.ts'
import type { AutoSettings } from './protocol/intent.ts'
import type { Rule } from './protocol/rule.ts'
import type { VirtualModel } from './protocol/routing-policy.ts'
import type { PriceSnapshot, RateSnapshot } from './protocol/settlement.ts'
import { providerTypes } from './providers/index.ts'
import type { Provider, ProviderType } from './providers/provider.ts'

/** Everything that can be set, checked and in our own names. */
export interface Config {
  production: boolean
  server: {
    host: string
    port: number
    corsOrigins: string[]
    trustProxy: boolean | string[]
    bodyLimitBytes: number
    publicMetrics: boolean
    slowClientTimeoutMs: number
    drainTimeoutMs: number
  }
  storage: {
    databaseUrl: string | undefined
    /** Without it messages and limits stay in this process. */
    redis: RedisAddress | undefined
    dataDir: string
  }
  graphql: {
    introspection: boolean
    publicIntrospection: boolean
    suggestions: boolean
    maxDepth: number
    maxAliases: number
    maxTokens: number
    maxDirectives: number
    maxComplexity: number
    batchLimit: number
    cacheReads: boolean
    /** The documents that clients may name by their id, and whether they may send others. */
    persisted: { documents: ReadonlyMap<string, string>; only: boolean } | undefined
    webSocket: {
      connectionsMax: number
      connectionsPerKeyMax: number
      operationsMax: number
      initTimeoutMs: number
      pingIntervalMs: number
    }
  }
  responses: { retentionHours: number }
  limits: LimitsConfig
  /** Absent where no answers are kept. */
  cache: CacheTable | undefined
  resilience: ResilienceSettings
  logLevel: string
  /** An admin credential, beside the keys in the database. */
  masterKey: string | undefined
  /** The key for encryption and hashing at rest; embedded mode makes its own. */
  secret: string | undefined
  providers: Provider[]
  /** Models of several deployments. */
  models: VirtualModel[]
  aliases: Record<string, string>
  fallbacks: Record<string, string[]>
  /** By `provider/model`. */
  prices: Map<string, PriceSnapshot>
  /** In the order in which they are asked. */
  rules: Rule[]
  /** What `auto` stands for. */
  auto: AutoSettings
  /** How long everything is kept that grows with traffic. */
  retention: {
    usageMinuteDays: number
    usageHourDays: number
    logDays: number
    ledgerDays: number
  }
  /** Who may be told of events, and how. */
  webhooks: WebhooksTable
  /** In which currency costs are summed up, and the rates of exchange. */
  accounting: { accountingCurrency: string | undefined; rates: RateSnapshot[] }
}

/** All that is wrong with a configuration at once. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`)
    super(`The configuration has ${problems.length} problem(s):\n${lines.join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export type Environment = Record<string, string | undefined>

/**
 * Reads the file (`path`, else XROUTER_CONFIG, else ./xrouter.toml where there is one) and the
 * environment; `types` are the kinds of providers that the file may name.
 */
export function loadConfig(
  environment: Environment = process.env,
  path?: string,
  types: readonly ProviderType[] = providerTypes,
): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const problems: Problem[] = []
  const file = resolveSecrets(readFile(path ?? set['XROUTER_CONFIG']), set, problems)
  const settings = parsed(fileSchema, overlay(file, set), problems)
  const production = set['NODE_ENV'] === 'production'
  const providers = openProviders(isTable(file['providers']) ? file['providers'] : {}, set, {
    types,
    production,
    problems,
  })
  const databaseUrl = settings?.storage.database_url
  if (databaseUrl !== undefined && set['XROUTER_SECRET'] === undefined) {
    problems.push({
      path: 'XROUTER_SECRET',
      message: 'must be set where DATABASE_URL is: keys are hashed under it on every instance',
    })
  }
  if (!settings || problems.length > 0) throw new ConfigError(problems)
  return {
    production,
    ...ourNames(settings, production),
    masterKey: set['XROUTER_MASTER_KEY'],
    secret: set['XROUTER_SECRET'],
    providers,
  }
}

function ourNames(settings: FileSettings, production: boolean) {
  const { server, storage, graphql, responses, cache, resilience, limits, log } = settings
  const { aliases, fallbacks, prices, rules } = settings
  return {
    server: {
      host: server.host,
      port: server.port,
      corsOrigins: server.cors_origins,
      trustProxy: server.trust_proxy,
      bodyLimitBytes: server.body_limit_bytes,
      publicMetrics: server.public_metrics,
      slowClientTimeoutMs: server.slow_client_timeout_ms,
      drainTimeoutMs: server.drain_timeout_ms,
    },
    storage: {
      databaseUrl: storage.database_url,
      redis: storage.redis_url && { ...storage.redis_url, prefix: storage.redis_prefix },
      dataDir: storage.data_dir,
    },
    graphql: graphqlNames(graphql, production),
    responses: { retentionHours: responses.retention_hours },
    cache: cacheNames(cache),
    resilience: resilienceNames(resilience),
    limits: limitNames(limits),
    logLevel: log.level,
    models: virtualModels(settings.models),
    aliases,
    fallbacks,
    prices: new Map(prices.map((price) => [price.model, priceSnapshot(price)])),
    rules: rulesOf(rules),
    auto: autoNames(settings.auto),
    retention: {
      usageMinuteDays: settings.retention.usage_minute_days,
      usageHourDays: settings.retention.usage_hour_days,
      logDays: settings.retention.log_days,
      ledgerDays: settings.retention.ledger_days,
    },
    webhooks: webhookNames(settings.webhooks),
    accounting: {
      accountingCurrency: settings.accounting.currency,
      rates: settings.rates.map(rateSnapshot),
    },
  }
}

function graphqlNames(graphql: FileSettings['graphql'], production: boolean): Config['graphql'] {
  const { persisted_documents: documents, persisted_only: only } = graphql
  return {
    introspection: graphql.introspection,
    publicIntrospection: graphql.public_introspection,
    suggestions: graphql.suggestions ?? !production,
    maxDepth: graphql.max_depth,
    maxAliases: graphql.max_aliases,
    maxTokens: graphql.max_tokens,
    maxDirectives: graphql.max_directives,
    maxComplexity: graphql.max_complexity,
    batchLimit: graphql.batch_limit,
    cacheReads: graphql.cache_reads,
    persisted: documents && { documents, only },
    webSocket: webSocketNames(graphql.websocket),
  }
}

function webSocketNames(limits: FileSettings['graphql']['websocket']) {
  return {
    connectionsMax: limits.connections_max,
    connectionsPerKeyMax: limits.connections_per_key_max,
    operationsMax: limits.operations_max,
    initTimeoutMs: limits.init_timeout_ms,
    pingIntervalMs: limits.ping_interval_ms,
  }
}

function readFile(path: string | undefined): Record<string, unknown> {
  const file = resolve(path ?? 'xrouter.toml')
  if (path === undefined && !existsSync(file)) return {}
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ConfigError([{ path: file, message: fileProblem(error) }])
  }
}

/** The parser's message quotes the line at fault, which may hold a secret: only its first line is shown. */
function fileProblem(error: unknown): string {
  if (error instanceof TomlError) {
    const what = error.message.split('\n', 1)[0]
    return `line ${error.line}, column ${error.column}: ${what}`
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return `cannot be read (${code})`
}

/** Puts the environment's value where the file says `"env:NAME"`. */
function resolveSecrets(
  file: Record<string, unknown>,
  environment: Environment,
  problems: Problem[],
): Record<string, unknown> {
  const visit = (value: unknown, path: string): unknown => {
    if (typeof value === 'string' && value.startsWith('env:')) {
      const name = value.slice('env:'.length)
      if (environment[name] === undefined) {
        problems.push({ path, message: `the environment variable ${name} is not set` })
      }
      return environment[name] ?? value
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${path}[${index}]`))
    return isTable(value) ? visitTable(value, path) : value
  }
  const visitTable = (table: Record<string, unknown>, path: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(table).map(([key, value]) => [key, visit(value, joinPath(path, key))]),
    )
  return visitTable(file, '')
}

/** The environment's own names stand before the file. */
function overlay(file: Record<string, unknown>, environment: Environment): Record<string, unknown> {
  const merge = (section: string, values: Record<string, string | undefined>): unknown => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined)
    const table = file[section]
    if (given.length === 0) return table
    return isTable(table) || table === undefined
      ? { ...table, ...Object.fromEntries(given) }
      : table
  }
  const { HOST: host, PORT: port, LOG_LEVEL: level } = environment
  const { DATABASE_URL: database_url, REDIS_URL: redis_url } = environment
  const { XROUTER_DATA_DIR: data_dir } = environment
  return {
    ...file,
    server: merge('server', { host, port }),
    storage: merge('storage', { data_dir, database_url, redis_url }),
    log: merge('log', { level }),
  }
}
