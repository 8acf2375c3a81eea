import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Logger } from 'pino'
import { reasonOf } from '../lib/reason.ts'
import type { RedisAddress } from '../lib/redis-url.ts'
import { sparing } from '../lib/sparing.ts'
import { openRedis, type RedisClient } from './client.ts'

const logEveryMs = 10_000
const connectMsMax = 5_000

/**
 * Messages between the instances of an installation, at most once and in no order between instances. This
 * process's own subscribers are called before `publish` returns, also while Redis is away.
 */
export interface Bus {
  /** Resolves when the message is on its way; never rejects: a failure is logged. */
  publish(channel: string, message: string): Promise<void>
  /** Calls the handler for each message until the returned function is called. */
  subscribe(channel: string, handler: (message: string) => void): () => void
  /** Puts a message on a list of the latest ones, which is gone when nothing comes for a time; never rejects. */
  keep(list: string, message: string, bounds: { max: number; seconds: number }): Promise<void>
  /** What is on such a list, oldest first; nothing where it cannot be read. */
  kept(list: string): Promise<string[]>
  /** Whether messages of other instances arrive now. */
  status(): 'ok' | 'unreachable'
  close(): Promise<void>
}

/** For one process alone. */
export function createLocalBus(logger: Logger): Bus {
  const local = createHandlers(logger)
  return {
    publish: async (channel, message) => local.deliver(channel, message),
    subscribe: (channel, handler) => local.add(channel, handler),
    keep: async () => {},
    kept: async () => [],
    status: () => 'ok',
    close: async () => local.clear(),
  }
}

/** Over Redis: one connection publishes, another is subscribed. */
export function createRedisBus(address: RedisAddress, logger: Logger): Bus {
  const local = createHandlers(logger)
  const publisher = openRedis(address, logger)
  const subscriber = openRedis(address, logger)
  const { prefix } = publisher
  const self = randomUUID()
  let subscribed = false
  const unheard = sparing(logEveryMs, (reason: string) =>
    logger.warn({ reason }, 'messages do not reach the other instances'),
  )

  async function subscribeTo(channels: readonly string[]): Promise<void> {
    if (channels.length === 0 || subscriber.status() !== 'ok') return
    try {
      await subscriber.client.subscribe(...channels.map((channel) => prefix + channel))
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'a subscription failed; reconnecting')
      subscriber.client.disconnect(true)
    }
  }

  subscriber.client.on('ready', () => {
    void subscribeTo(local.channels()).then(() => (subscribed = subscriber.status() === 'ok'))
  })
  subscriber.client.on('close', () => (subscribed = false))
  subscriber.client.on('message', (channel: string, text: string) => {
    const [from, message] = splitEnvelope(text)
    if (from !== self) local.deliver(channel.slice(prefix.length), message)
  })

  return {
    publish: async (channel, message) => {
      local.deliver(channel, message)
      try {
        await publisher.client.publish(prefix + channel, `${self} ${message}`)
      } catch (error) {
        unheard(reasonOf(error))
      }
    },
    subscribe: (channel, handler) => {
      const isNew = !local.channels().includes(channel)
      const remove = local.add(channel, handler)
      if (isNew) void subscribeTo([channel])
      return () => {
        remove()
        if (local.channels().includes(channel) || subscriber.status() !== 'ok') return
        subscriber.client.unsubscribe(prefix + channel).catch(() => {})
      }
    },
    keep: async (list, message, { max, seconds }) => {
      const key = `${prefix}kept:${list}`
      try {
        await publisher.client.rpush(key, message)
        await publisher.client.ltrim(key, -max, -1)
        await publisher.client.expire(key, seconds)
      } catch (error) {
        unheard(reasonOf(error))
      }
    },
    kept: async (list) => {
      try {
        await ready(publisher.client)
        return await publisher.client.lrange(`${prefix}kept:${list}`, 0, -1)
      } catch (error) {
        logger.warn(
          { reason: reasonOf(error) },
          'what other instances saw before could not be read',
        )
        return []
      }
    },
    status: () => (subscribed && publisher.status() === 'ok' ? 'ok' : 'unreachable'),
    close: async () => {
      local.clear()
      publisher.close()
      subscriber.close()
    },
  }
}

/** A connection that was just opened refuses commands until it is made. */
async function ready(client: RedisClient): Promise<void> {
  if (client.status !== 'ready')
    await once(client, 'ready', { signal: AbortSignal.timeout(connectMsMax) })
}

interface Handlers {
  add(channel: string, handler: (message: string) => void): () => void
  deliver(channel: string, message: string): void
  channels(): string[]
  clear(): void
}

function createHandlers(logger: Logger): Handlers {
  const byChannel = new Map<string, Set<{ handler: (message: string) => void }>>()
  return {
    add: (channel, handler) => {
      const entry = { handler }
      const entries = byChannel.get(channel) ?? new Set()
      byChannel.set(channel, entries.add(entry))
      return () => {
        entries.delete(entry)
        if (entries.size === 0 && byChannel.get(channel) === entries) byChannel.delete(channel)
      }
    },
    deliver: (channel, message) => {
      for (const { handler } of byChannel.get(channel) ?? []) {
        try {
          handler(message)
        } catch (error) {
          logger.error({ err: error, channel }, 'bug in the handler of a message')
        }
      }
    },
    channels: () => [...byChannel.keys()],
    clear: () => byChannel.clear(),
  }
}

/** `<id of the sender> <message>`: a process does not hear its own echo. */
function splitEnvelope(text: string): [from: string, message: string] {
  const space = text.indexOf(' ')
  return [text.slice(0, space), text.slice(space + 1)]
}
