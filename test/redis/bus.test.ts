import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'
import { createLocalBus, createRedisBus, type Bus } from '../../src/redis/bus.ts'
import { collectLogs } from '../support/logs.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'

const password = 'hunter2'
let server: RedisServer
const opened: Bus[] = []

beforeAll(async () => {
  server = await startRedis(['--requirepass', password])
})

afterEach(() => Promise.all(opened.splice(0).map((bus) => bus.close())))

afterAll(() => server.stop())

const silent = pino({ level: 'silent' })

async function redisBus(logger = silent): Promise<Bus> {
  const bus = createRedisBus(parseRedisUrl(`redis://:${password}@127.0.0.1:${server.port}`), logger)
  opened.push(bus)
  await expect.poll(() => bus.status()).toBe('ok')
  return bus
}

async function localBus(): Promise<Bus> {
  const bus = createLocalBus(silent)
  opened.push(bus)
  return bus
}

describe.each([
  { name: 'in process', open: localBus },
  { name: 'over Redis', open: redisBus },
])('a bus $name', ({ open }) => {
  test('calls every subscriber of the channel, and no other, before publish returns', async () => {
    const bus = await open()
    const heard: string[] = []
    bus.subscribe('a', (message) => void heard.push(`first ${message}`))
    bus.subscribe('a', (message) => void heard.push(`second ${message}`))
    bus.subscribe('b', (message) => void heard.push(`other ${message}`))
    const sent = bus.publish('a', 'some text, with spaces and ключ')
    expect(heard).toEqual([
      'first some text, with spaces and ключ',
      'second some text, with spaces and ключ',
    ])
    await sent
    await bus.publish('a', '')
    expect(heard.slice(2)).toEqual(['first ', 'second '])
  })

  test('calls nobody who unsubscribed, and the others all the same', async () => {
    const bus = await open()
    const heard: string[] = []
    const handler = (message: string): void => void heard.push(message)
    const leave = bus.subscribe('a', handler)
    bus.subscribe('a', handler)
    leave()
    leave()
    await bus.publish('a', 'x')
    expect(heard).toEqual(['x'])
  })

  test('goes on when a handler throws', async () => {
    const bus = await open()
    const heard: string[] = []
    bus.subscribe('a', () => {
      throw new Error('a bug')
    })
    bus.subscribe('a', (message) => void heard.push(message))
    await bus.publish('a', 'x')
    expect(heard).toEqual(['x'])
  })

  test('is ok, and quiet after it was closed', async () => {
    const bus = await open()
    const heard: string[] = []
    bus.subscribe('a', (message) => void heard.push(message))
    expect(bus.status()).toBe('ok')
    await bus.close()
    await bus.publish('a', 'x')
    expect(heard).toEqual([])
  })
})

/** Publishes until the other side has heard one: a subscription takes effect a moment after it was made. */
async function heardBy(listener: Bus, sender: Bus, channel: string): Promise<void> {
  let heard = 0
  const leave = listener.subscribe(channel, () => (heard += 1))
  await expect
    .poll(async () => {
      await sender.publish(channel, 'x')
      return heard
    })
    .toBeGreaterThan(0)
  leave()
}

describe('buses over one Redis', () => {
  test('hear each other, each message once, and their own without an echo', async () => {
    const [one, two] = await Promise.all([redisBus(), redisBus()])
    const heard: string[] = []
    one.subscribe('news', (message) => void heard.push(`one ${message}`))
    two.subscribe('news', (message) => void heard.push(`two ${message}`))
    await heardBy(two, one, 'ready')
    await heardBy(one, two, 'ready')
    for (let index = 0; index < 100; index += 1) await one.publish('news', String(index))
    await two.publish('news', 'end')
    await expect.poll(() => heard.filter((each) => each.endsWith('end')).length).toBe(2)
    const numbers = Array.from({ length: 100 }, (_, index) => String(index))
    await expect.poll(() => heard.length).toBe(202)
    for (const name of ['one', 'two']) {
      const own = heard.filter((each) => each.startsWith(`${name} `) && !each.endsWith('end'))
      expect(own).toEqual(numbers.map((number) => `${name} ${number}`))
    }
  })

  test('use channels with our prefix, and leave those that nobody listens to', async () => {
    const bus = await redisBus()
    const raw = new Redis({ port: server.port, password })
    const channels = () => raw.pubsub('CHANNELS', '*keys*')
    const leave = bus.subscribe('keys', () => {})
    await expect.poll(channels).toEqual(['xrouter:keys'])
    leave()
    await expect.poll(channels).toEqual([])
    raw.disconnect()
  })

  test('survive Redis: publishing never fails or hangs, and subscriptions come back', async () => {
    const { logger, logs } = collectLogs()
    const [one, two] = await Promise.all([redisBus(logger), redisBus()])
    const heard: string[] = []
    const own: string[] = []
    two.subscribe('news', (message) => void heard.push(message))
    one.subscribe('news', (message) => void own.push(message))
    await heardBy(two, one, 'ready')
    await server.halt()
    await Promise.all(Array.from({ length: 50 }, () => one.publish('news', 'lost')))
    expect(own).toHaveLength(50)
    await expect.poll(() => one.status()).toBe('unreachable')
    expect(one.status()).toBe('unreachable')
    await server.resume()
    await expect.poll(() => [one.status(), two.status()], { timeout: 10_000 }).toEqual(['ok', 'ok'])
    await one.publish('news', 'found')
    await expect.poll(() => heard).toEqual(['found'])
    expect(logs()).toContain('Redis cannot be reached')
    expect(logs()).toContain('Redis is back')
    expect(logs()).not.toContain(password)
  })

  test('give up on a Redis that does not answer', async () => {
    const bus = await redisBus()
    process.kill(server.pid(), 'SIGSTOP')
    try {
      await expect(bus.publish('news', 'x')).resolves.toBeUndefined()
    } finally {
      process.kill(server.pid(), 'SIGCONT')
    }
  })

  test('say what is wrong with a password, without it', async () => {
    const { logger, logs } = collectLogs()
    const bus = createRedisBus(
      parseRedisUrl(`redis://:wrong-secret@127.0.0.1:${server.port}`),
      logger,
    )
    opened.push(bus)
    await expect.poll(logs).toContain('WRONGPASS')
    expect(bus.status()).toBe('unreachable')
    await bus.publish('news', 'x')
    expect(logs()).not.toContain('wrong-secret')
  })
})
