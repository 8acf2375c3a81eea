import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { connectionSchema, fileSchema, type FileSettings } from './config-schema.ts'
import type { RedisAddress } from './lib/redis-url.ts'
import type { PriceSnapshot } from './protocol/settlement.ts'
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
  logLevel: string
  /** An admin credential, beside the keys in the database. */
  masterKey: string | undefined
  /** The key for encryption and hashing at rest; embedded mode makes its own. */
  secret: string | undefined
  providers: Provider[]
  aliases: Record<string, string>
  fallbacks: Record<string, string[]>
  /** By `provider/model`. */
  prices: Map<string, PriceSnapshot>
}

/** One thing that is wrong with the configuration: where, and what; never a value. */
export interface Problem {
  path: string
  message: string
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

/** Reads the file (`path`, else XROUTER_CONFIG, else ./xrouter.toml where there is one) and the environment. */
export function loadConfig(environment: Environment = process.env, path?: string): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const problems: Problem[] = []
  const file = resolveSecrets(readFile(path ?? set['XROUTER_CONFIG']), set, problems)
  const settings = parsed(fileSchema, overlay(file, set), problems)
  const production = set['NODE_ENV'] === 'production'
  const providers = openProviders(isTable(file['providers']) ? file['providers'] : {}, set, {
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
  const { server, storage, graphql, responses, log, aliases, fallbacks, prices } = settings
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
      redis: storage.redis_url,
      dataDir: storage.data_dir,
    },
    graphql: graphqlNames(graphql, production),
    responses: { retentionHours: responses.retention_hours },
    logLevel: log.level,
    aliases,
    fallbacks,
    prices: new Map(prices.map((price) => [price.model, priceSnapshot(price)])),
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

function priceSnapshot(price: FileSettings['prices'][number]): PriceSnapshot {
  const classes = {
    inputTokens: price.input,
    outputTokens: price.output,
    cachedInputTokens: price.cached_input,
    cacheWriteTokens: price.cache_write,
    reasoningTokens: price.reasoning,
  }
  const known = Object.entries(classes).filter(([, value]) => value !== undefined)
  return {
    currency: price.currency,
    perMillion: Object.fromEntries(known),
    source: 'configuration',
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

/** The providers of the file, those that the environment switches on, and the demo. */
function openProviders(
  tables: Record<string, unknown>,
  environment: Environment,
  { production, problems }: { production: boolean; problems: Problem[] },
): Provider[] {
  const named = new Map<string, unknown>(Object.entries(tables))
  for (const type of providerTypes) {
    const fromEnvironment = type.fromEnvironment?.(environment)
    const onByDefault = fromEnvironment !== undefined || (type.onByDefault && !production)
    if (onByDefault && !named.has(type.type)) named.set(type.type, {})
  }
  return [...named].flatMap(([name, table]) => {
    const path = joinPath('providers', name)
    if (!isTable(table)) {
      problems.push({ path, message: 'must be a table' })
      return []
    }
    return openProvider(name, table, environment, problems) ?? []
  })
}

function openProvider(
  name: string,
  table: Record<string, unknown>,
  environment: Environment,
  problems: Problem[],
): Provider | undefined {
  const path = joinPath('providers', name)
  const word = table['type'] ?? name
  const type = providerTypes.find((each) => each.type === word)
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    problems.push({ path, message: 'a provider’s name has letters, digits, ".", "_" and "-" only' })
    return undefined
  }
  if (!type) {
    const known = providerTypes.map((each) => each.type).join(', ')
    problems.push({ path: `${path}.type`, message: `must be one of: ${known}` })
    return undefined
  }
  const { common, own } = splitSettings(type, environment, table)
  const connection = parsed(connectionSchema, common, problems, path)
  if (connection?.enabled === false) return undefined
  const settings = parsed(type.settings, own, problems, path)
  if (!connection || !settings) return undefined
  return type.create(name, settings, {
    caFile: connection.ca_file,
    timeoutConnectMs: connection.timeout_connect_ms,
    timeoutFirstByteMs: connection.timeout_first_byte_ms,
    timeoutIdleMs: connection.timeout_idle_ms,
    timeoutTotalMs: connection.timeout_total_ms,
  })
}

/** Members that every provider has, and the type's own; what the file says stands before the environment. */
function splitSettings(
  type: ProviderType,
  environment: Environment,
  table: Record<string, unknown>,
) {
  const all = Object.entries({ ...type.fromEnvironment?.(environment), ...table })
  const isCommon = ([key]: [string, unknown]): boolean => key in connectionSchema.shape
  return {
    common: Object.fromEntries(all.filter(isCommon)),
    own: Object.fromEntries(all.filter((entry) => !isCommon(entry))),
  }
}

/** The value in the schema's form; undefined when it does not fit, with its problems noted. */
function parsed<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  problems: Problem[],
  prefix = '',
): z.infer<Schema> | undefined {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const path = issue.path.reduce<string>(joinPath, prefix)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        problems.push({ path: joinPath(path, key), message: 'there is no such setting' })
      }
    } else problems.push({ path, message: issue.message })
  }
  return undefined
}

function joinPath(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`
  const word = String(key)
  const written = /^[A-Za-z0-9_-]+$/.test(word) ? word : JSON.stringify(word)
  return path === '' ? written : `${path}.${written}`
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
