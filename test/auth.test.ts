import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { createAuthenticate, type Authenticate, type AuthenticateAtOnce } from '../src/auth.ts'
import { newApiKey } from '../src/lib/api-key-format.ts'
import type { Tags } from '../src/protocol/tags.ts'
import { createLocalBus, type Bus } from '../src/redis/bus.ts'
import { changedKeysChannel, revokedKeysChannel } from '../src/services/api-keys.ts'
import { collectLogs } from './support/logs.ts'

const minuteMs = 60_000
const row = {
  id: 'key_1',
  organization: 'org_test',
  tier: 'free',
  scopes: ['INFERENCE' as const],
  models: null as string[] | null,
  expiresAt: null as Date | null,
  revokedAt: null as Date | null,
  allowedIps: null as string[] | null,
  tags: null as Tags | null,
  disabledAt: null as Date | null,
  secretExpiresAt: null as Date | null,
}

const key = newApiKey('free')
/** Its address is asked for separately here. */
const message = new IncomingMessage(new Socket())
let address: string
let now: number
let asked: number
/** How many keys were hashed. */
let hashed: number
/** What the database answers. */
let answer: () => Promise<typeof row | undefined>
let bus: Bus
let atOnce: AuthenticateAtOnce
/** As whoever waits for it asks. */
const authenticate: Authenticate = async (...question) => atOnce(...question)
let logs: () => string

beforeEach(() => {
  now = Date.now()
  asked = 0
  address = '192.0.2.7'
  hashed = 0
  answer = async () => row
  const collected = collectLogs()
  logs = collected.logs
  bus = createLocalBus(collected.logger)
  atOnce = createAuthenticate({
    findKey: () => {
      asked += 1
      return answer()
    },
    addressOf: () => address,
    hashApiKey: (text) => {
      hashed += 1
      return Buffer.from(text)
    },
    bus,
    logger: collected.logger,
    now: () => now,
  })
})

const ask = (secret = key) => authenticate(`Bearer ${secret}`, message)
const down = async () => {
  throw new Error('Failed query: select', { cause: new Error('connect ECONNREFUSED') })
}
const silence = () => new Promise<undefined>(() => {})

describe('a key that is known here', () => {
  test('is known without waiting, from the second request on', async () => {
    const first = atOnce(`Bearer ${key}`, message)
    expect(first).toBeInstanceOf(Promise)
    expect(atOnce(`Bearer ${key}`, message)).toBeInstanceOf(Promise)
    expect(atOnce(`Bearer ${newApiKey('free')}`, message)).toBeInstanceOf(Promise)
    const actor = await first
    expect(atOnce(`Bearer ${key}`, message)).toBe(actor)
    expect(atOnce(`Bearer ${key}`, new IncomingMessage(new Socket()))).toBe(actor)
    await bus.publish(revokedKeysChannel, 'key_1')
    expect(() => atOnce(`Bearer ${key}`, message)).toThrow('it was revoked')
  })

  test('is not taken for the last one of its connection', async () => {
    await ask()
    const other = newApiKey('free')
    answer = async () => ({ ...row, id: 'key_2' })
    expect(await ask(other)).toMatchObject({ id: 'key_2' })
    expect(await ask()).toMatchObject({ id: 'key_1' })
    expect(() => atOnce(undefined, message)).toThrow('No API key was sent')
    expect(() => atOnce('Bearer', message)).toThrow('the header must read')
    expect(await ask(other)).toMatchObject({ id: 'key_2' })
  })

  test('is hashed once, and stands for the same actor each time', async () => {
    const first = await ask()
    expect(await ask()).toBe(first)
    expect(hashed).toBe(1)
    await authenticate(`bearer  ${key}`, message) // another way to write the same header
    expect(hashed).toBe(2)
  })

  test('has the scopes that it has now, once it was checked again', async () => {
    expect([...(await ask()).scopes]).toEqual(['INFERENCE'])
    answer = async () => ({ ...row, scopes: [] })
    now += 15_001
    expect([...(await ask()).scopes]).toEqual([])
  })

  test('is believed for 15 seconds, then checked again', async () => {
    await ask()
    await ask()
    expect(asked).toBe(1)
    now += 15_001
    await ask()
    expect(asked).toBe(2)
  })

  test('is asked for once by many requests at once', async () => {
    await Promise.all(Array.from({ length: 50 }, () => ask()))
    expect(asked).toBe(1)
  })

  test.each([
    ['refuses', down],
    ['does not answer', silence],
  ])('goes on working while the database %s, for an hour', async (_name, failure) => {
    await ask()
    answer = failure
    for (let minute = 0; minute < 59; minute += 20) {
      now += 20 * minuteMs - 1
      await expect(ask()).resolves.toMatchObject({ id: 'key_1' })
    }
    now += minuteMs
    await expect(ask()).rejects.toMatchObject({ code: 'OVERLOADED' })
    answer = async () => row
  })

  test('does not ask a database that is away for every request', async () => {
    await ask()
    answer = down
    now += minuteMs
    for (let request = 0; request < 100; request += 1) await ask()
    expect(asked).toBe(2)
    now += 1_001
    await ask()
    expect(asked).toBe(3)
  })

  test('expires on time while the database is away', async () => {
    answer = async () => ({ ...row, expiresAt: new Date(now + 5 * minuteMs) })
    await ask()
    answer = down
    now += 6 * minuteMs
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  })

  test('is refused as soon as it was revoked, whatever the database says', async () => {
    await ask()
    await bus.publish(revokedKeysChannel, 'key_1')
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('revoked') })
    answer = down
    now += minuteMs
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  })

  test('is refused when it was revoked while it was looked up', async () => {
    const found = Promise.withResolvers<typeof row>()
    answer = () => found.promise
    const asking = ask()
    await bus.publish(revokedKeysChannel, 'key_1')
    found.resolve(row)
    await expect(asking).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  })

  test('is refused 15 seconds after it was revoked when the message was lost', async () => {
    await ask()
    answer = async () => ({ ...row, revokedAt: new Date() })
    now += 15_001
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  })
})

describe('what bounds a key', () => {
  test('its end, to the millisecond, though it is in the cache', async () => {
    const expiresAt = new Date(now + 5_000)
    answer = async () => ({ ...row, expiresAt })
    await ask()
    now = expiresAt.getTime() - 1
    await expect(ask()).resolves.toMatchObject({ id: 'key_1' })
    now += 1
    await expect(ask()).rejects.toMatchObject({
      code: 'INVALID_API_KEY',
      message: expect.stringContaining('expired'),
    })
    expect(asked).toBe(1)
  })

  test('the end of a secret that was replaced, to the millisecond', async () => {
    const secretExpiresAt = new Date(now + 5_000)
    answer = async () => ({ ...row, secretExpiresAt })
    await ask()
    now = secretExpiresAt.getTime() - 1
    await ask()
    now += 1
    await expect(ask()).rejects.toMatchObject({
      code: 'INVALID_API_KEY',
      message: expect.stringContaining('replaced'),
    })
    expect(asked).toBe(1)
  })

  test('that it is disabled, until it is enabled', async () => {
    answer = async () => ({ ...row, disabledAt: new Date() })
    await expect(ask()).rejects.toMatchObject({
      code: 'INVALID_API_KEY',
      message: expect.stringContaining('disabled'),
    })
    answer = async () => row
    await bus.publish(changedKeysChannel, 'key_1')
    await expect(ask()).resolves.toMatchObject({ id: 'key_1' })
  })

  test.each([
    ['192.0.2.7', true],
    ['::ffff:192.0.2.7', true],
    ['192.0.2.8', false],
    ['10.3.2.1', true],
    ['2001:db8::9', true],
    ['2001:db9::9', false],
    ['', false],
  ])('the addresses that it may be used from: %s, %s', async (from, allowed) => {
    address = from
    answer = async () => ({ ...row, allowedIps: ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'] })
    const outcome = await ask().catch((error: unknown) => error)
    if (allowed) expect(outcome).toMatchObject({ id: 'key_1' })
    else {
      expect(outcome).toMatchObject({ code: 'PERMISSION_DENIED', status: 403 })
      // It names no address but the caller's own.
      expect(outcome).toHaveProperty(
        'message',
        `This API key may not be used from the address ${from}.`,
      )
    }
  })

  test('its tags come with its actor', async () => {
    answer = async () => ({ ...row, tags: { team: 'search' } })
    await expect(ask()).resolves.toMatchObject({ tags: { team: 'search' } })
  })
})

describe('a key that was changed', () => {
  const narrowed = { ...row, models: ['demo/echo'] }

  test('is read again at once, and only this one', async () => {
    await ask()
    answer = async () => narrowed
    await bus.publish(changedKeysChannel, 'key_other')
    await expect(ask()).resolves.toMatchObject({ models: null })
    await bus.publish(changedKeysChannel, 'key_1')
    await expect(ask()).resolves.toMatchObject({ models: ['demo/echo'] })
    await ask()
    expect(asked).toBe(2)
  })

  test('while it was looked up is looked up again', async () => {
    const found = Promise.withResolvers<typeof row>()
    answer = () => found.promise
    const asking = ask()
    answer = async () => narrowed
    await bus.publish(changedKeysChannel, 'key_1')
    found.resolve(row)
    await expect(asking).resolves.toMatchObject({ models: ['demo/echo'] })
    expect(asked).toBe(2)
  })

  test('is not believed as it was while the database is away', async () => {
    await ask()
    await bus.publish(changedKeysChannel, 'key_1')
    answer = down
    await expect(ask()).rejects.toMatchObject({ code: 'OVERLOADED' })
  })

  test('is read again within 15 seconds when the message was lost', async () => {
    await ask()
    answer = async () => narrowed
    now += 15_001
    await expect(ask()).resolves.toMatchObject({ models: ['demo/echo'] })
  })
})

describe('a key that is not known here', () => {
  test('is 401 when the database does not know it, also for the next 15 seconds', async () => {
    answer = async () => undefined
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
    expect(asked).toBe(1)
  })

  test('is 503 and never 401 while the database is away, and works when it is back', async () => {
    answer = down
    await expect(ask()).rejects.toMatchObject({
      code: 'OVERLOADED',
      status: 503,
      message: expect.stringContaining('could not be checked'),
    })
    expect(logs()).toContain('ECONNREFUSED')
    expect(logs()).not.toContain('Failed query')
    answer = async () => row
    await expect(ask()).resolves.toMatchObject({ id: 'key_1' })
  })

  test('that was unknown before is 503 too: it may have been made meanwhile', async () => {
    answer = async () => undefined
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
    answer = down
    now += minuteMs
    await expect(ask()).rejects.toMatchObject({ code: 'OVERLOADED' })
  })
})
