import { and, count, desc, eq, isNull, lt, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '../db/client.ts'
import { apiKeys } from '../db/schema/api-key.ts'
import { organizations } from '../db/schema/organization.ts'
import { GatewayError, invalidRequest } from '../errors.ts'
import { apiKeyPrefix, newApiKey } from '../lib/api-key-format.ts'
import { isStorableText } from '../lib/storable.ts'
import { newId } from '../lib/id.ts'
import { hasScope, scopes, type Actor, type Scope } from '../protocol/actor.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
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

/** What the verbs on keys need from outside. */
export type ApiKeyDeps = Pick<ServiceDeps, 'db' | 'hashApiKey' | 'bus'>

/** On this channel every instance hears the ids of keys that were revoked. */
export const revokedKeysChannel = 'api-key.revoked'

const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/(\*|[^*\s]+)$/

const newKeySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'may have at most 100 characters')
    .refine(isStorableText, 'must be text without NUL'),
  tier: z.enum(['free', 'pro', 'enterprise'], 'must be free, pro or enterprise'),
  scopes: z.array(z.enum(scopes)).min(1, 'must name at least one scope'),
  /** Null = every model. */
  models: z
    .array(
      z
        .string()
        .max(300)
        .regex(modelPattern, 'must be written as provider/model or provider/*')
        .refine(isStorableText, 'must be text without NUL'),
    )
    .min(1, 'must name at least one model; null allows all')
    .max(100, 'may name at most 100 models')
    .nullable(),
  expiresAt: z
    .date()
    .refine((date) => date.getTime() > Date.now(), 'must be in the future')
    .optional(),
})

export type CreateApiKeyInput = Omit<z.input<typeof newKeySchema>, 'tier'> & { tier: string }

/** Creates a key in the actor's organisation. Its secret is in the answer and nowhere else. */
export async function createApiKey(
  deps: ApiKeyDeps,
  actor: Actor,
  input: CreateApiKeyInput,
): Promise<{ apiKey: ApiKeyRow; secret: string }> {
  requireManage(actor)
  const wanted = parsed(input)
  requireHeld(actor, wanted)
  return deps.db.transaction(async (tx) => {
    const { id, secret } = await insertApiKey(tx, deps.hashApiKey, {
      ...wanted,
      organization: actor.organization,
    })
    const [apiKey] = await tx.select(apiKeyColumns).from(apiKeys).where(eq(apiKeys.id, id))
    if (!apiKey) throw new Error('a key that was inserted is not there')
    const { name, tier, expiresAt } = apiKey
    await writeAudit(tx, actor, {
      action: 'api-key.create',
      entity: { kind: 'api-key', id },
      detail: { name, tier, scopes: apiKey.scopes, models: apiKey.models, expiresAt },
    })
    return { apiKey, secret }
  })
}

/** Ends a key of the actor's organisation at once and for good; revoking it again changes nothing. */
export async function revokeApiKey(deps: ApiKeyDeps, actor: Actor, id: string): Promise<ApiKeyRow> {
  requireManage(actor)
  if (!isStorableText(id)) throw noSuchKey()
  const ours = and(eq(apiKeys.id, id), eq(apiKeys.organizationId, actor.organization))
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
  if (!apiKey) throw noSuchKey()
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
  requireManage(actor)
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

function requireManage(actor: Actor): void {
  if (hasScope(actor, 'MANAGE')) return
  throw denied('This API key may not manage API keys; it needs the scope MANAGE.')
}

/** Nobody gives away what they do not have: neither a scope nor a model. */
function requireHeld(actor: Actor, wanted: z.output<typeof newKeySchema>): void {
  const scope = wanted.scopes.find((each) => !hasScope(actor, each))
  if (scope !== undefined) {
    throw denied(`This API key does not have the scope ${scope} and may not grant it.`)
  }
  const { models } = actor
  if (models === null) return
  const beyond = wanted.models?.find((each) => !covers(models, each))
  if (wanted.models === null || beyond !== undefined) {
    const what = beyond === undefined ? 'every model' : `\`${beyond}\``
    throw denied(`This API key may not use ${what} and may not grant it.`)
  }
}

function covers(held: readonly string[], pattern: string): boolean {
  const provider = pattern.slice(0, pattern.indexOf('/'))
  return held.includes(pattern) || held.includes(`${provider}/*`)
}

function parsed(input: CreateApiKeyInput): z.output<typeof newKeySchema> {
  const result = newKeySchema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.')
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is invalid'}.`)
}

function noSuchKey(): GatewayError {
  return new GatewayError({ code: 'NOT_FOUND', message: 'There is no API key with this id.' })
}

function denied(message: string): GatewayError {
  return new GatewayError({ code: 'PERMISSION_DENIED', message })
}
