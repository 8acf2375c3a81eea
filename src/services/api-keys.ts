import { and, count, desc, eq, isNull, lt, or, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import { organizations } from '../db/schema/organization.ts'
import { apiKeyPrefix, newApiKey } from '../lib/api-key-format.ts'
import { isStorableText } from '../lib/storable.ts'
import { newId } from '../lib/id.ts'
import type { Actor, Scope } from '../protocol/actor.ts'
import type { Tags } from '../protocol/tags.ts'
import {
  columnsOf,
  differences,
  keyNotFound,
  requireMayChange,
  requireNotRevoked,
  requireStaysIn,
} from './api-key-change.ts'
import { requireHeld } from './api-key-grant.ts'
import {
  parseKeyChanges,
  parseNewKey,
  type CreateApiKeyInput,
  type UpdateApiKeyInput,
} from './api-key-input.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'
import { apiKeyColumns, type ApiKeyRow } from './requests.ts'

/** The organisation of an installation that has not been told of others. */
export const defaultOrganization = 'org_default'

export interface NewApiKey {
  organization: string
  name: string
  tier: string
  scopes: readonly Scope[]
  /** Null = every model. */
  models: readonly string[] | null
  /** Null = every address. */
  allowedIps?: readonly string[] | null | undefined
  tags?: Tags | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  expiresAt?: Date | undefined
}

/** Any number that nobody else locks in this database. */
const firstKeyLock = 4_711_000_002

/** Stores a new key and returns it with its secret, which is not kept and cannot be shown again. */
export async function insertApiKey(
  db: Pick<Database, 'insert'>,
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
    allowedIps: input.allowedIps ? [...input.allowedIps] : null,
    tags: input.tags ?? null,
    metadata: input.metadata ?? null,
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
  return db.transaction(async (tx) => {
    // Of several instances that start on an empty database one makes the key.
    await tx.execute(sql`select pg_advisory_xact_lock(${firstKeyLock})`)
    const [keys] = await tx.select({ count: count() }).from(apiKeys)
    if (keys && keys.count > 0) return undefined
    const { secret } = await insertApiKey(tx, hashApiKey, {
      organization: defaultOrganization,
      name: 'First admin key',
      tier: 'enterprise',
      scopes: ['ADMIN'],
      models: null,
    })
    return secret
  })
}

/** What is known of the key with this hash, now or before its last rotation; ended ones are included. */
export async function findApiKeyByHash(db: Database, hash: Buffer) {
  const [row] = await db
    .select({
      id: apiKeys.id,
      organization: apiKeys.organizationId,
      tier: apiKeys.tier,
      scopes: apiKeys.scopes,
      models: apiKeys.models,
      allowedIps: apiKeys.allowedIps,
      tags: apiKeys.tags,
      expiresAt: apiKeys.expiresAt,
      revokedAt: apiKeys.revokedAt,
      disabledAt: apiKeys.disabledAt,
      hash: apiKeys.hash,
      previousExpiresAt: apiKeys.previousExpiresAt,
    })
    .from(apiKeys)
    .where(or(eq(apiKeys.hash, hash), eq(apiKeys.previousHash, hash)))
  if (!row) return undefined
  const { hash: current, previousExpiresAt, ...known } = row
  return { ...known, secretExpiresAt: current.equals(hash) ? null : previousExpiresAt }
}

/** What the verbs on keys need from outside. */
export type ApiKeyDeps = Pick<ServiceDeps, 'db' | 'hashApiKey' | 'bus'>

/** On this channel every instance hears the ids of keys that were revoked. */
export const revokedKeysChannel = 'api-key.revoked'

/** On this channel every instance hears the ids of keys that were changed: what it knows of these is outdated. */
export const changedKeysChannel = 'api-key.changed'

/** Creates a key in the actor's organisation. Its secret is in the answer and nowhere else. */
export async function createApiKey(
  deps: ApiKeyDeps,
  actor: Actor,
  input: CreateApiKeyInput,
): Promise<{ apiKey: ApiKeyRow; secret: string }> {
  requireScope(actor, 'MANAGE', 'manage API keys')
  const wanted = parseNewKey(input)
  requireHeld(actor, wanted)
  return deps.db.transaction(async (tx) => {
    const { id, secret } = await insertApiKey(tx, deps.hashApiKey, {
      ...wanted,
      organization: actor.organization,
    })
    const [apiKey] = await tx.select(apiKeyColumns).from(apiKeys).where(eq(apiKeys.id, id))
    if (!apiKey) throw new Error('a key that was inserted is not there')
    const { name, tier, allowedIps, expiresAt } = apiKey
    await writeAudit(tx, actor, {
      action: 'api-key.create',
      entity: { kind: 'api-key', id },
      detail: { name, tier, scopes: apiKey.scopes, models: apiKey.models, allowedIps, expiresAt },
    })
    return { apiKey, secret }
  })
}

/** Changes a key of the actor's organisation, on every instance at once; what the input leaves out stays. */
export async function updateApiKey(
  deps: ApiKeyDeps,
  actor: Actor,
  input: UpdateApiKeyInput,
): Promise<ApiKeyRow> {
  requireScope(actor, 'MANAGE', 'manage API keys')
  const { id, force, address = '', ...given } = input
  const wanted = parseKeyChanges(given)
  const ours = oursWithId(actor, id)
  const apiKey = await deps.db.transaction(async (tx) => {
    const [before] = await tx.select(apiKeyColumns).from(apiKeys).where(ours).for('update')
    if (!before) throw keyNotFound()
    requireNotRevoked(before)
    const changes = columnsOf(before, wanted)
    requireMayChange(actor, before, changes)
    if (!force) requireStaysIn(actor, id, { ...changes, address })
    const detail = differences(before, changes)
    if (Object.keys(detail.to).length === 0) return before
    const [after] = await tx.update(apiKeys).set(changes).where(ours).returning(apiKeyColumns)
    if (!after) throw new Error('a key that was locked is not there')
    const entity = { kind: 'api-key', id }
    await writeAudit(tx, actor, { action: 'api-key.update', entity, detail })
    return after
  })
  // Also when nothing changed: another instance may have missed the first message.
  await deps.bus.publish(changedKeysChannel, id)
  return apiKey
}

/** Ends a key of the actor's organisation at once and for good; revoking it again changes nothing. */
export async function revokeApiKey(deps: ApiKeyDeps, actor: Actor, id: string): Promise<ApiKeyRow> {
  requireScope(actor, 'MANAGE', 'manage API keys')
  const ours = oursWithId(actor, id)
  const apiKey = await deps.db.transaction(async (tx) => {
    const [revoked] = await tx
      .update(apiKeys)
      .set({ revokedAt: new Date() })
      .where(and(ours, isNull(apiKeys.revokedAt)))
      .returning(apiKeyColumns)
    if (!revoked) return (await tx.select(apiKeyColumns).from(apiKeys).where(ours))[0]
    await writeAudit(tx, actor, { action: 'api-key.revoke', entity: { kind: 'api-key', id } })
    return revoked
  })
  if (!apiKey) throw keyNotFound()
  // Also when it was revoked before: another instance may have missed the first message.
  await deps.bus.publish(revokedKeysChannel, id)
  return apiKey
}

/** A page of the keys of the actor's organisation, newest first: at most `limit` rows after `after`. */
export async function listApiKeys(
  deps: Pick<ApiKeyDeps, 'db'>,
  actor: Actor,
  page: { limit: number; after?: { createdAtMs: number; id: string } | undefined },
): Promise<ApiKeyRow[]> {
  requireScope(actor, 'MANAGE', 'manage API keys')
  const { after } = page
  const time = after && new Date(after.createdAtMs)
  const beyond =
    after &&
    time &&
    or(lt(apiKeys.createdAt, time), and(eq(apiKeys.createdAt, time), lt(apiKeys.id, after.id)))
  return deps.db
    .select(apiKeyColumns)
    .from(apiKeys)
    .where(and(eq(apiKeys.organizationId, actor.organization), beyond))
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
    .limit(page.limit)
}

/** The row of a key of the actor's organisation. */
export function oursWithId(actor: Actor, id: string) {
  if (!isStorableText(id)) throw keyNotFound()
  return and(eq(apiKeys.id, id), eq(apiKeys.organizationId, actor.organization))
}
