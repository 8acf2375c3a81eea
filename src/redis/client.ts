import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { reasonOf } from '../lib/reason.ts'
import type { RedisAddress, RedisNode } from '../lib/redis-url.ts'
import { sparing } from '../lib/sparing.ts'

export type RedisClient = Redis | Cluster

/** A client, and what stands before all names of an installation. */
export interface RedisKeys {
  client: RedisClient
  prefix: string
}

/** Stands before everything that we keep in Redis, and before the names of our channels, unless told otherwise. */
const usualPrefix = 'xrouter:'

const connectMsMax = 3_000
const commandMsMax = 1_000
/** A command that gets no answer for so long ends the connection. */
const silentMsMax = 5_000
const reconnectMsMax = 2_000
const heartbeatMs = 10_000
const logEveryMs = 10_000

/** Commands fail at once while Redis is away and never hang; the client goes on trying to connect for ever. */
const common = {
  protocol: 3,
  connectTimeout: connectMsMax,
  commandTimeout: commandMsMax,
  socketTimeout: silentMsMax,
  maxRetriesPerRequest: 1,
  // A command may have been executed when its answer was lost; its caller decides whether to repeat it.
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
} as const satisfies RedisOptions

export interface RedisConnection extends RedisKeys {
  /** Whether a command would be sent now. */
  status(): 'ok' | 'unreachable'
  close(): void
}

/** Opens one connection (to a cluster: one for each node); what goes wrong with it is logged now and then. */
export function openRedis(
  address: RedisAddress,
  logger: Logger,
  commandTimeout = commandMsMax,
): RedisConnection {
  const client = clientFor(address, commandTimeout)
  let lost = false
  let closed = false
  const complain = sparing(logEveryMs, (reason: string) =>
    logger.error({ reason }, 'Redis cannot be reached; trying again'),
  )
  const lose = (reason: string): void => {
    lost = true
    complain(reason)
  }
  // Only the message: the error's other members hold the command, which may be AUTH.
  client.on('error', (error: unknown) => lose(reasonOf(error)))
  client.on('close', () => {
    if (!closed) lose('the connection was closed')
  })
  client.on('ready', () => {
    if (lost) logger.info('Redis is back')
    lost = false
  })
  // Without traffic a connection whose other end is gone would be believed for long.
  const heartbeat = setInterval(() => {
    if (client.status === 'ready') client.ping().catch(() => {})
  }, heartbeatMs).unref()
  return {
    client,
    prefix: address.prefix ?? usualPrefix,
    status: () => (client.status === 'ready' ? 'ok' : 'unreachable'),
    close: () => {
      closed = true
      clearInterval(heartbeat)
      client.disconnect()
    },
  }
}

function clientFor(address: RedisAddress, commandTimeout: number): RedisClient {
  const { username, password } = address
  const tls = address.tls ? { tls: {} } : {}
  const access = { ...(username && { username }), ...(password && { password }), ...tls }
  if (address.kind === 'cluster')
    return openCluster(address.nodes, { ...common, ...access, commandTimeout })
  const options = { ...common, ...access, ...solo, commandTimeout, db: address.db }
  if (address.kind === 'single') return new Redis({ ...options, ...address.node })
  return new Redis({
    ...options,
    name: address.master,
    sentinels: address.sentinels,
    // Sentinels that ask for a password mostly share the one of the servers; others ignore it.
    ...(password && { sentinelPassword: password }),
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinelRetryStrategy: backoff,
    sentinelCommandTimeout: commandMsMax,
  })
}

const solo = { retryStrategy: backoff, enableOfflineQueue: false } as const

function openCluster(nodes: RedisNode[], redisOptions: RedisOptions): Cluster {
  return new Cluster(nodes, {
    redisOptions: { ...redisOptions, replyMapping: 'legacy' },
    enableOfflineQueue: false,
    clusterRetryStrategy: backoff,
    maxRedirections: 4,
    slotsRefreshTimeout: commandMsMax,
  })
}

function backoff(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), reconnectMsMax) * (0.5 + Math.random() / 2)
}
