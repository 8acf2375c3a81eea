import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { autoSchema } from './config-auto.ts'
import { modelsSchema, rateShape, siteShape } from './config-models.ts'
import { limits } from './config-limits.ts'
import { cacheSchema } from './config-cache.ts'
import { resilienceSchema } from './config-resilience.ts'
import { rulesSchema } from './config-rules.ts'
import { webhooksSchema } from './config-webhooks.ts'
import { isProxyName } from './lib/client-address.ts'
import { parseRedisUrl, RedisUrlError, type RedisAddress } from './lib/redis-url.ts'

/** A port, a count or a switch may come from the environment as text. */
const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const price = z
  .string({ error: 'must be a decimal string, as "0.15"' })
  .regex(/^\d+(\.\d{1,9})?$/, 'must be a decimal number with at most nine places, as "0.15"')
const milliseconds = z.number().int().min(1).max(86_400_000)

const server = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: integer(0, 65_535).default(4000),
  /** Origins that browsers may call from; `"*"` for all. None by default. */
  cors_origins: z.array(z.string().min(1)).default([]),
  /** Whether X-Forwarded-* is believed: from everyone, or from these addresses. */
  trust_proxy: z
    .union([
      z.boolean(),
      z.array(z.string().refine(isProxyName, 'must be an address, a network or `loopback`')),
    ])
    .default(false),
  body_limit_bytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 ** 3)
    .default(48 * 1024 ** 2),
  /** Whether /metrics is served without a key. */
  public_metrics: z.boolean().default(false),
  /** How long a client may leave an answer unread before it is cut off. */
  slow_client_timeout_ms: milliseconds.default(60_000),
  /** How long running answers may go on after SIGTERM. */
  drain_timeout_ms: milliseconds.default(25_000),
})

const storage = z.strictObject({
  database_url: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .optional(),
  redis_url: z
    .string()
    .transform((url, context) => redisAddress(url, (message) => context.addIssue(message)))
    .optional(),
  /** Stands before all names in Redis: installations that share one must differ in it. */
  redis_prefix: z
    .string()
    .regex(/^[\w:.-]{1,64}$/, 'must be 1 to 64 letters, digits, or one of _ : . -')
    .default('xrouter:'),
  data_dir: z.string().min(1).default('./data'),
})

const webSocket = z.strictObject({
  connections_max: integer(1, 1_000_000).default(10_000),
  connections_per_key_max: integer(1, 1_000_000).default(1_000),
  /** Operations that run at once on one connection. */
  operations_max: integer(1, 100_000).default(100),
  /** How long a client may take to say who it is. */
  init_timeout_ms: milliseconds.default(5_000),
  /** How often a client is pinged and its key is checked again. */
  ping_interval_ms: milliseconds.default(12_000),
})

const count = (usual: number) => z.number().int().min(1).max(1_000_000).default(usual)

const graphql = z
  .strictObject({
    /** Whether the schema may be read at all, and without a key. */
    introspection: z.boolean().default(true),
    public_introspection: z.boolean().default(false),
    /** Whether a message about an unknown name says which known ones are like it; not in production unless told. */
    suggestions: z.boolean().optional(),
    max_depth: count(12),
    max_aliases: count(30),
    max_tokens: count(2_000),
    max_directives: count(50),
    max_complexity: count(20_000),
    /** Whether answers to reads of models, providers and usage are kept for some seconds. */
    cache_reads: z.boolean().default(true),
    /** Operations in one HTTP request. */
    batch_limit: count(10),
    /** A JSON file of documents by id, as code generators write it. */
    persisted_documents: z
      .string()
      .transform((file, context) =>
        persistedDocuments(file, (message) => context.addIssue(message)),
      )
      .optional(),
    /** Whether every other document is refused. */
    persisted_only: z.boolean().default(false),
    websocket: webSocket.prefault({}),
  })
  .refine((table) => table.introspection || !table.public_introspection, {
    path: ['public_introspection'],
    error: 'contradicts introspection = false',
  })
  .refine((table) => table.persisted_documents || !table.persisted_only, {
    path: ['persisted_only'],
    error: 'needs persisted_documents, the list of what may run',
  })

const responses = z.strictObject({
  /** How long `POST /v1/responses` keeps what it was not told to forget. */
  retention_hours: z.number().min(0.01).max(87_600).default(720),
})

const log = z.strictObject({
  level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

const currencyCode = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be a currency code of three capitals, as "USD"')

const priceTable = z.strictObject({
  model: z.string().regex(/^[^/]+\/.+$/, 'must be written as provider/model'),
  currency: currencyCode,
  input: price,
  output: price,
  cached_input: price.optional(),
  cache_write: price.optional(),
  reasoning: price.optional(),
})

const days = z.number().int().min(1).max(36_500)

/** Budgets of a month are counted from these. */
const daysOfMonth = days.min(32, 'must be at least 32, as budgets of a month are counted from it')

const retention = z
  .strictObject({
    /** How long usage is kept by the minute and by the hour; by the day it is kept for good. */
    usage_minute_days: days.default(7),
    usage_hour_days: daysOfMonth.default(800),
    /** How long requests and their attempts are kept, and how long money is. */
    log_days: daysOfMonth.default(400),
    ledger_days: daysOfMonth.default(3_653),
  })
  .refine(({ log_days, ledger_days }) => ledger_days >= log_days, {
    path: ['ledger_days'],
    error: 'must be at least log_days: money is kept as long as its requests',
  })

const accounting = z.strictObject({
  /** In which costs are summed up across currencies. */
  currency: currencyCode.optional(),
})

const rate = z
  .strictObject({
    from: currencyCode,
    to: currencyCode,
    /** What one unit of `from` is worth in `to`. */
    rate: price.refine((text) => /[1-9]/.test(text), 'must be more than zero'),
    /** A date, or a moment with its offset from UTC. */
    valid_from: z.union([z.iso.date(), z.iso.datetime({ offset: true }), z.date()], {
      error: 'must be a date, as 2026-01-31',
    }),
    source: z.string().min(1),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must be another currency' })

/** The whole file but for `[providers]`, whose tables belong to the providers. */
export const fileSchema = z.strictObject({
  server: server.prefault({}),
  storage: storage.prefault({}),
  graphql: graphql.prefault({}),
  responses: responses.prefault({}),
  cache: cacheSchema.prefault({}),
  resilience: resilienceSchema.prefault({}),
  limits: limits.prefault({}),
  log: log.prefault({}),
  providers: z.unknown().optional(),
  models: modelsSchema,
  aliases: z.record(z.string().min(1), z.string().min(1)).default({}),
  fallbacks: z.record(z.string().min(1), z.array(z.string().min(1)).min(1)).default({}),
  prices: z.array(priceTable).default([]),
  rules: rulesSchema.default([]),
  auto: autoSchema,
  retention: retention.prefault({}),
  accounting: accounting.prefault({}),
  webhooks: webhooksSchema.prefault({}),
  rates: z.array(rate).default([]),
})

export type FileSettings = z.infer<typeof fileSchema>

/** What every provider's table may have beside its own members. */
export const connectionSchema = z.strictObject({
  type: z.string().optional(),
  enabled: z.boolean().default(true),
  ca_file: z.string().refine(existsSync, 'there is no such file').optional(),
  timeout_connect_ms: milliseconds.default(10_000),
  timeout_first_byte_ms: milliseconds.default(300_000),
  timeout_idle_ms: milliseconds.default(120_000),
  timeout_total_ms: milliseconds.default(900_000),
  ...siteShape,
  /** Whether it runs on machines of one's own; by its address unless told. */
  local: z.boolean().optional(),
  /** Several credentials instead of one: each text, or `{ id, key }`. */
  api_keys: z
    .array(
      z.union(
        [
          z.string().min(1),
          z.strictObject({
            id: z.string().regex(/^[A-Za-z0-9._-]{1,50}$/, 'has letters, digits, ".", "_" and "-"'),
            key: z.string().min(1),
          }),
        ],
        { error: 'must be a text or a table of `id` and `key`' },
      ),
    )
    .min(1)
    .max(100)
    .optional(),
  /** Whether the models that it lists are added to those that are known of it. */
  discover_models: z.boolean().default(true),
  /** How often its list of models is asked for, to see whether it is there. */
  health_check_interval_ms: milliseconds.optional(),
  /** Attempts that may run at once. */
  max_concurrent: z.number().int().min(1).max(1_000_000).optional(),
  /** Of each of its deployments. */
  ...rateShape,
})

function redisAddress(url: string, report: (message: string) => void): RedisAddress {
  try {
    return parseRedisUrl(url)
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error
    report(error.message)
    return z.NEVER
  }
}

function persistedDocuments(
  file: string,
  report: (message: string) => void,
): ReadonlyMap<string, string> {
  try {
    const list = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')))
    return new Map(Object.entries(list))
  } catch {
    report('must be a readable JSON file with an object of documents by id')
    return z.NEVER
  }
}
