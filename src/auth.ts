import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Database } from './db/client.ts'
import { GatewayError } from './errors.ts'
import { isApiKey } from './lib/api-key-format.ts'
import type { Actor } from './protocol/actor.ts'
import { defaultOrganization, findApiKeyByHash } from './services/api-keys.ts'

/** Turns what a client sent as `Authorization` into an actor; throws UNAUTHENTICATED or INVALID_API_KEY. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor>

export interface AuthSettings {
  db: Database
  hashApiKey: (key: string) => Buffer
  masterKey?: string | undefined
}

/** How long a key's row is believed: the longest time that a revoked key goes on working. */
const cacheMs = 15_000

type KeyRow = NonNullable<Awaited<ReturnType<typeof findApiKeyByHash>>>

export function createAuthenticate(settings: AuthSettings): Authenticate {
  const { db, hashApiKey } = settings
  const known = new LRUCache<string, KeyRow | 'unknown'>({ max: 10_000, ttl: cacheMs })
  const masterHash = settings.masterKey === undefined ? undefined : hashApiKey(settings.masterKey)

  async function lookUp(hash: Buffer): Promise<KeyRow | 'unknown'> {
    const cacheKey = hash.toString('base64')
    const cached = known.get(cacheKey)
    if (cached) return cached
    const row = (await findApiKeyByHash(db, hash)) ?? 'unknown'
    known.set(cacheKey, row)
    return row
  }

  return async (authorization) => {
    const key = bearer(authorization)
    const hash = hashApiKey(key)
    if (masterHash && timingSafeEqual(masterHash, hash)) return masterActor
    if (!isApiKey(key)) throw invalidKey('it is not a key of this gateway (xr-…)')
    const row = await lookUp(hash)
    if (row === 'unknown') throw invalidKey('it is not known here')
    if (row.revokedAt) throw invalidKey('it was revoked')
    if (row.expiresAt && row.expiresAt.getTime() <= Date.now()) throw invalidKey('it has expired')
    return {
      kind: 'api-key',
      id: row.id,
      organization: row.organization,
      tier: row.tier,
      scopes: new Set(row.scopes),
      models: row.models,
    }
  }
}

const masterActor: Actor = {
  kind: 'system',
  id: 'master-key',
  organization: defaultOrganization,
  tier: 'system',
  scopes: new Set(['ADMIN']),
  models: null,
}

function bearer(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new GatewayError({
      code: 'UNAUTHENTICATED',
      message: 'No API key was sent. Send one in the header `Authorization: Bearer xr-…`.',
    })
  }
  const match = /^Bearer +(\S+) *$/i.exec(authorization)
  if (match?.[1]) return match[1]
  throw invalidKey('the header must read `Authorization: Bearer xr-…`')
}

function invalidKey(reason: string): GatewayError {
  return new GatewayError({
    code: 'INVALID_API_KEY',
    message: `The API key was refused: ${reason}.`,
  })
}
