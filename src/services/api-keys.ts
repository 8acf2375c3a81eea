import { count, eq } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import { organizations } from '../db/schema/organization.ts'
import { apiKeyPrefix, newApiKey } from '../lib/api-key-format.ts'
import { newId } from '../lib/id.ts'
import type { Scope } from '../protocol/actor.ts'

/** The organisation of an installation that has not been told of others. */
export const defaultOrganization = 'org_default'

export interface NewApiKey {
  organization: string
  name: string
  tier: string
  scopes: readonly Scope[]
  /** Null = every model. */
  models: readonly string[] | null
  expiresAt?: Date | undefined
}

/** Stores a new key and returns it with its secret, which is not kept and cannot be shown again. */
export async function insertApiKey(
  db: Database,
  hashApiKey: (key: string) => Buffer,
  input: NewApiKey,
): Promise<{ id: string; secret: string }> {
  const secret = newApiKey(input.tier)
  const id = newId('key')
  await db.insert(apiKeys).values({
    id,
    organizationId: input.organization,
    name: input.name,
    prefix: apiKeyPrefix(secret),
    hash: hashApiKey(secret),
    tier: input.tier,
    scopes: [...input.scopes],
    models: input.models && [...input.models],
    expiresAt: input.expiresAt ?? null,
  })
  return { id, secret }
}

/** Makes sure that the default organisation is there. */
export async function ensureOrganization(db: Database): Promise<void> {
  await db
    .insert(organizations)
    .values({ id: defaultOrganization, name: 'Default' })
    .onConflictDoNothing()
}

/** Creates the first admin key when there is no key at all; its secret, or undefined when there are keys. */
export async function createFirstAdminKey(
  db: Database,
  hashApiKey: (key: string) => Buffer,
): Promise<string | undefined> {
  const [keys] = await db.select({ count: count() }).from(apiKeys)
  if (keys && keys.count > 0) return undefined
  const { secret } = await insertApiKey(db, hashApiKey, {
    organization: defaultOrganization,
    name: 'First admin key',
    tier: 'enterprise',
    scopes: ['ADMIN'],
    models: null,
  })
  return secret
}

/** What is known of the key with this hash, revoked and expired ones included. */
export async function findApiKeyByHash(db: Database, hash: Buffer) {
  const rows = await db
    .select({
      id: apiKeys.id,
      organization: apiKeys.organizationId,
      tier: apiKeys.tier,
      scopes: apiKeys.scopes,
      models: apiKeys.models,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
    })
    .from(apiKeys)
    .where(eq(apiKeys.hash, hash))
  return rows[0]
}
