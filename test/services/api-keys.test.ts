import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import {
  createApiKey,
  findApiKeyByHash,
  listApiKeys,
  revokeApiKey,
  type ApiKeyDeps,
  type CreateApiKeyInput,
} from '../../src/services/api-keys.ts'
import { managerOf } from '../support/actors.ts'
import { startDatabase } from '../support/gateway.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let deps: ApiKeyDeps
let organization: string
let published: string[]
let count = 0

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

beforeEach(async () => {
  organization = `org_${(count += 1)}`
  await handle.db.insert(organizations).values({ id: organization, name: 'Test' })
  published = []
  deps = {
    db: handle.db,
    hashApiKey: (key) => Buffer.from(key),
    bus: { publish: async (channel, message) => void published.push(`${channel} ${message}`) },
  }
})

const wanted: CreateApiKeyInput = {
  name: 'a client',
  tier: 'free',
  scopes: ['INFERENCE'],
  models: null,
}

const auditOf = (id: string) =>
  handle.db
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.entityId, id), eq(auditLog.organizationId, organization)))

/** What was granted, or the code of the refusal. */
const outcomeOf = (making: Promise<unknown>) =>
  making.catch((error: unknown) => (error instanceof GatewayError ? error.code : error))

describe('createApiKey', () => {
  test('makes a key that works, and shows its secret once', async () => {
    const expiresAt = new Date(Date.now() + 1000)
    const { apiKey, secret } = await createApiKey(deps, managerOf(organization), {
      ...wanted,
      name: '  a client ',
      models: ['openai/*', 'demo/echo'],
      expiresAt,
    })
    expect(secret).toMatch(/^xr-free-/)
    expect(apiKey).toMatchObject({
      organizationId: organization,
      name: 'a client',
      scopes: ['INFERENCE'],
      models: ['openai/*', 'demo/echo'],
      expiresAt,
      revokedAt: null,
    })
    expect(apiKey).not.toHaveProperty('hash')
    expect(JSON.stringify(apiKey)).not.toContain(secret)
    expect(await findApiKeyByHash(deps.db, Buffer.from(secret))).toMatchObject({ id: apiKey.id })
    expect(await auditOf(apiKey.id)).toMatchObject([{ action: 'api-key.create' }])
  })

  test.each<[string, Partial<CreateApiKeyInput> | { tier: string }, string]>([
    ['an empty name', { name: '  ' }, 'name'],
    ['a long name', { name: 'x'.repeat(101) }, 'name'],
    ['an unknown tier', { tier: 'gold' }, 'tier'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['an empty list of models', { models: [] }, 'models'],
    ['a model without provider', { models: ['demo/echo', 'gpt-4o'] }, 'models.1'],
    ['a pattern inside a name', { models: ['openai/gpt-*'] }, 'models.0'],
    ['all providers', { models: ['*/*'] }, 'models.0'],
    ['an end in the past', { expiresAt: new Date(Date.now() - 1) }, 'expiresAt'],
  ])('refuses %s and names the member', async (_name, change, path) => {
    const input = { ...wanted, ...change } as CreateApiKeyInput
    await expect(createApiKey(deps, managerOf(organization), input)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      path,
    })
    expect(await listApiKeys(deps, managerOf(organization), { limit: 10 })).toEqual([])
  })

  test.each<[Scope[], Scope[]]>([
    [['READ', 'INFERENCE'], ['INFERENCE']],
    [[], ['INFERENCE']],
  ])('rejects without permission: %s', async (scopes, granted) => {
    const actor = managerOf(organization, { scopes: new Set(scopes) })
    await expect(createApiKey(deps, actor, { ...wanted, scopes: granted })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
  })

  test.each<[Scope[], Scope[], boolean]>([
    [['MANAGE'], ['INFERENCE'], false],
    [['MANAGE'], ['MANAGE', 'READ'], true],
    [['MANAGE', 'INFERENCE'], ['INFERENCE', 'ADMIN'], false],
    [['ADMIN'], ['ADMIN', 'MANAGE', 'READ', 'INFERENCE'], true],
  ])('an actor with %s granting %s: %s', async (held, granted, allowed) => {
    const actor = managerOf(organization, { scopes: new Set(held) })
    const making = createApiKey(deps, actor, { ...wanted, scopes: granted }).then(
      ({ apiKey }) => apiKey.scopes,
    )
    expect(await outcomeOf(making)).toEqual(allowed ? granted : 'PERMISSION_DENIED')
  })

  test.each<[string[] | null, boolean]>([
    [['demo/echo'], true],
    [['demo/*'], true],
    [['openai/gpt-4o'], true],
    [['openai/gpt-4o-mini'], false],
    [['openai/*'], false],
    [['demo/echo', 'gigachat/x'], false],
    [null, false],
  ])('an actor with some models granting %s: %s', async (models, allowed) => {
    const actor = managerOf(organization, { models: ['demo/*', 'openai/gpt-4o'] })
    const making = createApiKey(deps, actor, { ...wanted, models }).then(
      ({ apiKey }) => apiKey.models,
    )
    expect(await outcomeOf(making)).toEqual(allowed ? models : 'PERMISSION_DENIED')
  })
})

describe('revokeApiKey', () => {
  test('ends a key once, tells the others each time, and writes one audit row', async () => {
    const actor = managerOf(organization)
    const { apiKey, secret } = await createApiKey(deps, actor, wanted)
    const first = await revokeApiKey(deps, actor, apiKey.id)
    expect(first.revokedAt).toBeInstanceOf(Date)
    const again = await revokeApiKey(deps, actor, apiKey.id)
    expect(again).toEqual(first)
    const stored = await findApiKeyByHash(deps.db, Buffer.from(secret))
    expect(stored?.revokedAt).toEqual(first.revokedAt)
    expect(published).toEqual(Array(2).fill(`api-key.revoked ${apiKey.id}`))
    const actions = (await auditOf(apiKey.id)).map((row) => row.action)
    expect(actions.toSorted()).toEqual(['api-key.create', 'api-key.revoke'])
  })

  test('rejects without permission', async () => {
    const { apiKey } = await createApiKey(deps, managerOf(organization), wanted)
    const reader = managerOf(organization, { scopes: new Set(['READ', 'INFERENCE']) })
    await expect(revokeApiKey(deps, reader, apiKey.id)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    expect(published).toEqual([])
  })

  test('does not find keys of other organisations, nor ones that are not there', async () => {
    const { apiKey } = await createApiKey(deps, managerOf(organization), wanted)
    const stranger = managerOf('org_stranger', { scopes: new Set(['ADMIN']) })
    for (const id of [apiKey.id, 'key_none']) {
      await expect(revokeApiKey(deps, stranger, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    const [row] = await handle.db.select().from(apiKeys).where(eq(apiKeys.id, apiKey.id))
    expect(row?.revokedAt).toBeNull()
    expect(published).toEqual([])
  })
})

describe('listApiKeys', () => {
  test('pages through the organisation’s keys, newest first, each once', async () => {
    const actor = managerOf(organization)
    const made: string[] = []
    for (let index = 0; index < 7; index += 1) {
      made.push((await createApiKey(deps, actor, wanted)).apiKey.id)
    }
    // Some of the same millisecond.
    await handle.db
      .update(apiKeys)
      .set({ createdAt: new Date(1_700_000_000_000) })
      .where(eq(apiKeys.organizationId, organization))
    const seen: string[] = []
    let after: { createdAtMs: number; id: string } | undefined
    for (;;) {
      const page = await listApiKeys(deps, actor, { limit: 3, after })
      expect(page.every((key) => !('hash' in key))).toBe(true)
      seen.push(...page.map((key) => key.id))
      const last = page.at(-1)
      if (!last || page.length < 3) break
      after = { createdAtMs: last.createdAt.getTime(), id: last.id }
    }
    expect(seen).toEqual(made.toSorted().toReversed())
  })

  test('shows nothing of other organisations and nothing without permission', async () => {
    await createApiKey(deps, managerOf(organization), wanted)
    expect(await listApiKeys(deps, managerOf('org_stranger'), { limit: 10 })).toEqual([])
    const caller = managerOf(organization, { scopes: new Set(['INFERENCE', 'READ']) })
    await expect(listApiKeys(deps, caller, { limit: 10 })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
  })
})
