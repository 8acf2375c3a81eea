import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { GatewayError } from './errors.ts'
import { addressList, type AddressList } from './lib/address-list.ts'
import { isApiKey } from './lib/api-key-format.ts'
import type { AddressOf } from './lib/client-address.ts'
import { reasonOf } from './lib/reason.ts'
import { sparing } from './lib/sparing.ts'
import { within } from './lib/within.ts'
import type { Actor } from './protocol/actor.ts'
import type { Bus } from './redis/bus.ts'
import {
  changedKeysChannel,
  defaultOrganization,
  revokedKeysChannel,
  type findApiKeyByHash,
} from './services/api-keys.ts'

/**
 * Turns what a client sent as `Authorization` into an actor; throws UNAUTHENTICATED or INVALID_API_KEY,
 * PERMISSION_DENIED for a key that may not be used from where `message` comes, or OVERLOADED for a key
 * that nobody can check while the database is away.
 */
export type Authenticate = (
  authorization: string | undefined,
  message: IncomingMessage,
) => Promise<Actor>

/** The same; who is known is there without waiting. */
export type AuthenticateAtOnce = (
  ...asked: Parameters<Authenticate>
) => Actor | ReturnType<Authenticate>

export interface AuthSettings {
  /** The row of the key with this hash; rejects when the database cannot be asked. */
  findKey: (hash: Buffer) => Promise<KeyRow | undefined>
  hashApiKey: (key: string) => Buffer
  masterKey?: string | undefined
  /** The address of a client; asked for keys that may not be used from everywhere. */
  addressOf: AddressOf
  /** Tells of keys that were revoked or changed on any instance. */
  bus: Pick<Bus, 'subscribe'>
  logger: Logger
  /** The time in milliseconds. */
  now?: () => number
}

/** A key and who uses it. */
type FoundKey = { row: KeyRow; actor: Actor; allows: AddressList | undefined } | 'unknown'
type KeyRow = NonNullable<Awaited<ReturnType<typeof findApiKeyByHash>>>

/** How long a key's row is believed: the longest time that a revoked key works when its message is lost. */
const freshMs = 15_000
/** How long a known key goes on working while the database cannot be asked. */
const staleMs = 3_600_000
/** How long a request with a known key waits for the database, and how long the next ones do not ask it. */
const staleWaitMs = 250
const askAgainMs = 1_000
/** How long a request with a key that is not known here waits for the database. */
const unknownWaitMs = 3_000
const logEveryMs = 10_000

interface KnownKey {
  found: FoundKey
  checkedAt: number
  /** Until then the database is not asked. */
  freshUntil: number
}

export function createAuthenticate(settings: AuthSettings): AuthenticateAtOnce {
  const { hashApiKey, addressOf, now = Date.now } = settings
  const keys = createKeyCache({ ...settings, now })
  const revoked = new LRUCache<string, true>({ max: 100_000 })
  settings.bus.subscribe(revokedKeysChannel, (id) => revoked.set(id, true))
  const masterHash = settings.masterKey === undefined ? undefined : hashApiKey(settings.masterKey)
  const read = createReader(hashApiKey, masterHash)

  function actorOf(known: FoundKey, message: IncomingMessage): Actor {
    if (known === 'unknown') throw invalidKey('it is not known here')
    const { row, actor, allows } = known
    if (row.revokedAt || revoked.has(row.id)) throw invalidKey('it was revoked')
    if (row.expiresAt && row.expiresAt.getTime() <= now()) throw invalidKey('it has expired')
    if (row.secretExpiresAt && row.secretExpiresAt.getTime() <= now()) {
      throw invalidKey('it was replaced by another secret of the same key')
    }
    if (row.disabledAt) throw invalidKey('it is disabled')
    if (allows && !allows(addressOf(message))) throw wrongAddress(addressOf(message))
    return actor
  }

  return (authorization, message) => {
    const credential = read(authorization, message.socket)
    if (credential === 'master') return masterActor
    const known = keys(credential)
    return known instanceof Promise
      ? known.then((found) => actorOf(found, message))
      : actorOf(known, message)
  }
}

/** A key of ours, by the hash under which it is known; `name` is the same as text. */
interface Credential {
  hash: Buffer
  name: string
}

/**
 * Reads a header. Those seen lately are found by a digest, which is cheaper than what a key's hash costs, and
 * the last one of a connection by its text, which lives no longer than the connection.
 */
function createReader(hashApiKey: AuthSettings['hashApiKey'], masterHash: Buffer | undefined) {
  const seen = new LRUCache<string, Credential | 'master'>({ max: 10_000 })
  const lastOf = new WeakMap<Socket, { text: string; credential: Credential | 'master' }>()

  function readKey(key: string): Credential | 'master' {
    const keyHash = hashApiKey(key)
    if (masterHash && timingSafeEqual(masterHash, keyHash)) return 'master'
    if (!isApiKey(key)) throw invalidKey('it is not a key of this gateway (xr-…)')
    return { hash: keyHash, name: keyHash.toString('base64') }
  }

  function credentialOf(authorization: string): Credential | 'master' {
    const digest = hash('sha256', authorization, 'base64')
    const known = seen.get(digest)
    if (known) return known
    const credential = readKey(bearer(authorization))
    seen.set(digest, credential)
    return credential
  }

  return (text: string | undefined, socket: Socket): Credential | 'master' => {
    const last = lastOf.get(socket)
    if (last && last.text === text) return last.credential
    const credential = credentialOf(text ?? '')
    if (text !== undefined) lastOf.set(socket, { text, credential })
    return credential
  }
}

function actorWith(row: KeyRow): Actor {
  return {
    kind: 'api-key',
    id: row.id,
    organization: row.organization,
    tier: row.tier,
    scopes: new Set(row.scopes),
    models: row.models,
    tags: row.tags ?? undefined,
  }
}

function foundKey(row: KeyRow): FoundKey {
  return {
    row,
    actor: actorWith(row),
    allows: row.allowedIps ? addressList(row.allowedIps) : undefined,
  }
}

/** Rows of keys by hash: fresh ones as they are, older ones checked, and believed when that is not possible. */
function createKeyCache({ findKey, logger, now, bus }: AuthSettings & { now: () => number }) {
  const known = new LRUCache<string, KnownKey>({ max: 10_000 })
  const changes = watchChanges(bus, (id) => {
    for (const [name, { found }] of known.entries()) {
      if (found !== 'unknown' && found.row.id === id) known.delete(name)
    }
  })
  const checks = new Map<string, Promise<FoundKey>>()
  const complain = sparing(logEveryMs, (error: unknown) =>
    logger.warn({ reason: reasonOf(error) }, 'API keys cannot be checked; known ones are believed'),
  )

  /** The row of a key; one that was changed while it was looked up is looked up again. */
  async function findUnchanged(keyHash: Buffer): Promise<KeyRow | undefined> {
    const before = changes.now()
    const row = await findKey(keyHash)
    return row && changes.since(before, row.id) ? findUnchanged(keyHash) : row
  }

  /** One question to the database for all requests that wait for the same key. */
  function check({ name, hash: keyHash }: Credential): Promise<FoundKey> {
    const running = checks.get(name)
    if (running) return running
    const started = findUnchanged(keyHash)
      .then((found) => {
        const key: FoundKey = found ? foundKey(found) : 'unknown'
        known.set(name, { found: key, checkedAt: now(), freshUntil: now() + freshMs })
        return key
      })
      .catch((error: unknown) => {
        complain(error)
        throw error
      })
      .finally(() => checks.delete(name))
    checks.set(name, started)
    return started
  }

  async function checked(credential: Credential, entry: KnownKey | undefined): Promise<FoundKey> {
    const usable = entry && entry.found !== 'unknown' && now() < entry.checkedAt + staleMs
    const stale = usable ? entry : undefined
    try {
      return await within(check(credential), stale ? staleWaitMs : unknownWaitMs)
    } catch (error) {
      if (!stale) throw notChecked(error)
      stale.freshUntil = now() + askAgainMs
      return stale.found
    }
  }

  return (credential: Credential): FoundKey | Promise<FoundKey> => {
    const entry = known.get(credential.name)
    return entry && now() < entry.freshUntil ? entry.found : checked(credential, entry)
  }
}

/** Which keys were changed since a moment that `now()` gave. */
function watchChanges(bus: AuthSettings['bus'], onChange: (id: string) => void) {
  const changedAt = new LRUCache<string, number>({ max: 10_000 })
  let count = 0
  bus.subscribe(changedKeysChannel, (id) => {
    changedAt.set(id, (count += 1))
    onChange(id)
  })
  return {
    now: () => count,
    since: (moment: number, id: string) => (changedAt.get(id) ?? 0) > moment,
  }
}

function notChecked(cause: unknown): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message: 'The API key could not be checked, because the database does not answer. Try again.',
    retryAfterMs: askAgainMs,
    cause,
  })
}

const masterActor: Actor = {
  kind: 'system',
  id: 'master-key',
  organization: defaultOrganization,
  tier: 'system',
  scopes: new Set(['ADMIN']),
  models: null,
}

function bearer(authorization: string): string {
  if (authorization.trim() === '') {
    throw new GatewayError({
      code: 'UNAUTHENTICATED',
      message: 'No API key was sent. Send one in the header `Authorization: Bearer xr-…`.',
    })
  }
  const match = /^Bearer +(\S+) *$/i.exec(authorization)
  if (match?.[1]) return match[1]
  throw invalidKey('the header must read `Authorization: Bearer xr-…`')
}

/** Other addresses are nobody's business. */
function wrongAddress(address: string): GatewayError {
  return new GatewayError({
    code: 'PERMISSION_DENIED',
    message: `This API key may not be used from the address ${address}.`,
  })
}

function invalidKey(reason: string): GatewayError {
  return new GatewayError({
    code: 'INVALID_API_KEY',
    message: `The API key was refused: ${reason}.`,
  })
}
