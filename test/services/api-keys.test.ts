import { and, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Actor, Scope } from '../../src/protocol/actor.ts'
import { rotateApiKey } from '../../src/services/api-key-rotate.ts'
import {
  createApiKey,
  findApiKeyByHash,
  listApiKeys,
  revokeApiKey,
  type ApiKeyDeps,
  updateApiKey,
} from '../../src/services/api-keys.ts'
import type { CreateApiKeyInput, UpdateApiKeyInput } from '../../src/services/api-key-input.ts'
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

  test.each<[string, string, boolean]>([
    ['free', 'free', true],
    ['free', 'pro', false],
    ['pro', 'pro', true],
    ['pro', 'enterprise', false],
    ['enterprise', 'enterprise', true],
    ['a tier that is no more', 'free', true],
    ['a tier that is no more', 'pro', false],
  ])('an actor of the tier %s granting %s: %s', async (held, tier, allowed) => {
    const actor = managerOf(organization, { tier: held, scopes: new Set(['ADMIN']) })
    const making = createApiKey(deps, actor, { ...wanted, tier }).then(({ apiKey }) => apiKey.tier)
    expect(await outcomeOf(making)).toEqual(allowed ? tier : 'PERMISSION_DENIED')
  })
})

describe('updateApiKey', () => {
  const manager = () => managerOf(organization)
  const makeKey = async (changes: Partial<CreateApiKeyInput> = {}) => {
    const everything = managerOf(organization, { tier: 'enterprise', scopes: new Set(['ADMIN']) })
    const { apiKey } = await createApiKey(deps, everything, { ...wanted, ...changes })
    return apiKey
  }

  test('changes what is given, leaves the rest, and notes both values', async () => {
    const before = await makeKey()
    const expiresAt = new Date(Date.now() + 60_000)
    const after = await updateApiKey(deps, manager(), {
      id: before.id,
      name: ' renamed ',
      tier: 'pro',
      models: ['demo/*'],
      expiresAt,
    })
    const changed = { name: 'renamed', tier: 'pro', models: ['demo/*'], expiresAt }
    expect(after).toEqual({ ...before, ...changed })
    const [row] = await handle.db.select().from(apiKeys).where(eq(apiKeys.id, before.id))
    expect(row).toMatchObject(changed)
    expect(published).toEqual([`api-key.changed ${before.id}`])
    const audit = (await auditOf(before.id)).find(({ action }) => action === 'api-key.update')
    expect(audit).toMatchObject({
      actorId: manager().id,
      detail: {
        from: { name: 'a client', tier: 'free', models: null, expiresAt: null },
        to: { ...changed, expiresAt: expiresAt.toISOString() },
      },
    })
  })

  test('null takes away the end and the list of models', async () => {
    const key = await makeKey({ models: ['demo/*'], expiresAt: new Date(Date.now() + 60_000) })
    const after = await updateApiKey(deps, manager(), { id: key.id, models: null, expiresAt: null })
    expect(after).toMatchObject({ models: null, expiresAt: null, name: key.name })
  })

  test('what is as it was leaves no trace, but is told to the other instances', async () => {
    const key = await makeKey()
    const same = { id: key.id, name: key.name, scopes: key.scopes }
    expect(await updateApiKey(deps, manager(), same)).toEqual(key)
    expect(await updateApiKey(deps, manager(), { id: key.id })).toEqual(key)
    expect(await auditOf(key.id)).toHaveLength(1)
    expect(published).toHaveLength(2)
  })

  test.each<[string, Omit<UpdateApiKeyInput, 'id'>, string]>([
    ['an empty name', { name: '  ' }, 'name'],
    ['no name', { name: null }, 'name'],
    ['an unknown tier', { tier: 'gold' }, 'tier'],
    ['no tier', { tier: null }, 'tier'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['null for scopes', { scopes: null }, 'scopes'],
    ['an empty list of models', { models: [] }, 'models'],
    ['a model without provider', { models: ['gpt-4o'] }, 'models.0'],
    ['an end in the past', { expiresAt: new Date(Date.now() - 1) }, 'expiresAt'],
  ])('refuses %s and names the member', async (_name, changes, path) => {
    const key = await makeKey()
    const changing = updateApiKey(deps, manager(), { id: key.id, ...changes })
    await expect(changing).rejects.toMatchObject({ code: 'INVALID_REQUEST', path })
    expect(await auditOf(key.id)).toHaveLength(1)
  })

  test('rejects without permission', async () => {
    const key = await makeKey()
    for (const scopes of [['READ', 'INFERENCE'], []] satisfies Scope[][]) {
      const actor = managerOf(organization, { scopes: new Set(scopes) })
      await expect(updateApiKey(deps, actor, { id: key.id, name: 'x' })).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      })
    }
    expect(published).toEqual([])
  })

  test('does not find keys of other organisations, nor ones that are not there', async () => {
    const key = await makeKey()
    const stranger = managerOf('org_stranger', { scopes: new Set(['ADMIN']) })
    for (const id of [key.id, 'key_none']) {
      const changing = updateApiKey(deps, stranger, { id, name: 'taken' })
      await expect(changing).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    const [row] = await handle.db.select().from(apiKeys).where(eq(apiKeys.id, key.id))
    expect(row?.name).toBe('a client')
    expect(published).toEqual([])
  })

  test('a revoked key stays as it was', async () => {
    const key = await makeKey()
    await revokeApiKey(deps, manager(), key.id)
    const changing = updateApiKey(deps, manager(), { id: key.id, expiresAt: null })
    await expect(changing).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('an expired key can be given a new end', async () => {
    const key = await makeKey()
    await handle.db
      .update(apiKeys)
      .set({ expiresAt: new Date(0) })
      .where(eq(apiKeys.id, key.id))
    const expiresAt = new Date(Date.now() + 60_000)
    expect(await updateApiKey(deps, manager(), { id: key.id, expiresAt })).toMatchObject({
      expiresAt,
    })
  })

  test.each<[string, Partial<CreateApiKeyInput>, Omit<UpdateApiKeyInput, 'id'>, boolean]>([
    ['a scope that it lacks', {}, { scopes: ['INFERENCE', 'ADMIN'] }, false],
    ['a scope that it has', {}, { scopes: ['INFERENCE', 'MANAGE'] }, true],
    ['a higher tier', {}, { tier: 'enterprise' }, false],
    ['its own tier', {}, { tier: 'pro' }, true],
    ['a model beyond its own', { models: ['demo/echo'] }, { models: ['openai/gpt-4o'] }, false],
    ['every model', { models: ['demo/echo'] }, { models: null }, false],
    ['a model of its own', { models: ['demo/echo'] }, { models: ['demo/*'] }, true],
    ['a longer life to an admin', { scopes: ['ADMIN'] }, { expiresAt: null }, false],
    ['a longer life to a higher tier', { tier: 'enterprise' }, { expiresAt: null }, false],
    ['a new name to an admin', { scopes: ['ADMIN'] }, { name: 'boss' }, true],
    ['less to an admin', { scopes: ['ADMIN'], models: ['demo/*'] }, { scopes: ['READ'] }, true],
  ])('a manager of demo models giving %s', async (_name, start, changes, allowed) => {
    const key = await makeKey({ models: ['demo/echo'], ...start })
    const actor = managerOf(organization, { models: ['demo/*'] })
    const outcome = await outcomeOf(updateApiKey(deps, actor, { id: key.id, ...changes }))
    if (allowed) expect(outcome).toMatchObject(changes)
    else {
      expect(outcome).toBe('PERMISSION_DENIED')
      expect(await auditOf(key.id)).toHaveLength(1)
      expect(published).toEqual([])
    }
  })
})

describe('addresses, tags and metadata', () => {
  const manager = () => managerOf(organization)
  const bounds = {
    allowedIps: ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'],
    tags: { team: 'search', priority: 3, test: true },
    metadata: { owner: { email: 'a@example.org' }, notes: [1, null, 'x'] },
  }

  test('are kept with a new key and changed by an update, and null takes them away', async () => {
    const { apiKey } = await createApiKey(deps, manager(), { ...wanted, ...bounds })
    expect(apiKey).toMatchObject(bounds)
    const { id } = apiKey
    const other = { allowedIps: [' ::1 '], tags: { a: 'b' }, metadata: {} }
    const changed = await updateApiKey(deps, manager(), { id, ...other })
    expect(changed).toEqual({ ...apiKey, ...other, allowedIps: ['::1'] })
    const none = { allowedIps: null, tags: null, metadata: null }
    expect(await updateApiKey(deps, manager(), { id, ...none })).toMatchObject(none)
    const [, first] = (await auditOf(id)).toSorted((one, two) => +one.createdAt - +two.createdAt)
    expect(first).toMatchObject({ detail: { from: bounds, to: { ...other, allowedIps: ['::1'] } } })
  })

  test.each<[string, object, string]>([
    ['an address that is none', { allowedIps: ['10.0.0.1', 'example.org'] }, 'allowedIps.1'],
    ['a network that is too long', { allowedIps: ['10.0.0.0/33'] }, 'allowedIps.0'],
    ['an address of one interface', { allowedIps: ['fe80::1%eth0'] }, 'allowedIps.0'],
    ['no address', { allowedIps: [] }, 'allowedIps'],
    ['too many addresses', { allowedIps: Array(101).fill('::1') }, 'allowedIps'],
    ['tags that are no object', { tags: 'x' }, 'tags'],
    ['a tag that is an object', { tags: { a: {} } }, 'tags.a'],
    [
      'too many tags',
      { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, 1])) },
      'tags',
    ],
    ['a tag that cannot be stored', { tags: { a: 'x\0' } }, 'tags'],
    ['metadata that are a list', { metadata: [1] }, 'metadata'],
    ['too much metadata', { metadata: { a: 'x'.repeat(16_384) } }, 'metadata'],
    ['metadata that cannot be stored', { metadata: { a: [{ b: '\ud800' }] } }, 'metadata'],
    ['a name that cannot be stored', { name: 'a\0b' }, 'name'],
  ])(
    'refuses %s and names the member, in a new key and in a change',
    async (_name, change, path) => {
      const making = createApiKey(deps, manager(), { ...wanted, ...change })
      await expect(making).rejects.toMatchObject({ code: 'INVALID_REQUEST', path })
      const { apiKey } = await createApiKey(deps, manager(), wanted)
      const changing = updateApiKey(deps, manager(), { id: apiKey.id, ...change })
      await expect(changing).rejects.toMatchObject({ code: 'INVALID_REQUEST', path })
    },
  )

  test('a lesser manager may tag a key and disable it, but neither enable nor open it', async () => {
    const admin = managerOf(organization, { tier: 'enterprise', scopes: new Set(['ADMIN']) })
    const { apiKey } = await createApiKey(deps, admin, { ...wanted, scopes: ['ADMIN'] })
    const outcomes: unknown[] = []
    for (const change of [
      { tags: { a: 1 } },
      { metadata: { a: 1 } },
      { disabled: true },
      { disabled: false },
      { allowedIps: null },
    ]) {
      const outcome = await outcomeOf(updateApiKey(deps, manager(), { id: apiKey.id, ...change }))
      outcomes.push(typeof outcome === 'string' ? outcome : 'done')
    }
    expect(outcomes).toEqual(['done', 'done', 'done', 'PERMISSION_DENIED', 'PERMISSION_DENIED'])
  })
})

describe('a key that is disabled', () => {
  test('stays so since the first time, and is enabled again', async () => {
    const actor = managerOf(organization)
    const { id } = (await createApiKey(deps, actor, wanted)).apiKey
    const first = await updateApiKey(deps, actor, { id, disabled: true })
    expect(first.disabledAt).toBeInstanceOf(Date)
    expect(await updateApiKey(deps, actor, { id, disabled: true })).toEqual(first)
    expect((await updateApiKey(deps, actor, { id, disabled: false })).disabledAt).toBeNull()
    const actions = (await auditOf(id)).map(({ action }) => action)
    expect(actions.toSorted()).toEqual(['api-key.create', 'api-key.update', 'api-key.update'])
    expect(published).toEqual(Array(3).fill(`api-key.changed ${id}`))
    const nothing = updateApiKey(deps, actor, { id, disabled: null })
    await expect(nothing).rejects.toMatchObject({ code: 'INVALID_REQUEST', path: 'disabled' })
  })
})

describe('a key that changes itself', () => {
  const itself = async () => {
    const { id } = (await createApiKey(deps, managerOf(organization), wanted)).apiKey
    return managerOf(organization, { id })
  }

  test.each<[string, object, string]>([
    ['by a list without its own address', { allowedIps: ['192.0.2.0/24'] }, 'allowedIps'],
    ['by being disabled', { disabled: true }, 'disabled'],
  ])('does not shut itself out %s, unless it says so', async (_name, change, path) => {
    const actor = await itself()
    const asked = { id: actor.id, address: '198.51.100.1', ...change }
    const refused = updateApiKey(deps, actor, asked)
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', path })
    await expect(refused).rejects.toThrow('force')
    expect(await updateApiKey(deps, actor, { ...asked, force: true })).toMatchObject({
      id: actor.id,
    })
  })

  test('may say where it is used from', async () => {
    const actor = await itself()
    const change = { allowedIps: ['198.51.100.0/24'], address: '::ffff:198.51.100.1' }
    expect(await updateApiKey(deps, actor, { id: actor.id, ...change })).toMatchObject({
      allowedIps: ['198.51.100.0/24'],
    })
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

test.each<[string, (actor: Actor, id: string) => Promise<unknown>]>([
  ['a new key', (actor) => createApiKey(deps, actor, { ...wanted, name: 'another' })],
  ['a change', (actor, id) => updateApiKey(deps, actor, { id, name: 'renamed' })],
  ['a rotation', (actor, id) => rotateApiKey(deps, actor, { id, overlapSeconds: 60 })],
  ['a revocation', (actor, id) => revokeApiKey(deps, actor, id)],
])('%s that cannot be noted in the audit log does not happen', async (_name, mutate) => {
  const actor = managerOf(organization)
  const { apiKey } = await createApiKey(deps, actor, wanted)
  const stored = () =>
    handle.db.select().from(apiKeys).where(eq(apiKeys.organizationId, organization))
  const before = await stored()
  await handle.db.execute(sql`alter table audit_log rename to audit_log_away`)
  try {
    await expect(mutate(actor, apiKey.id)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('audit_log') },
    })
  } finally {
    await handle.db.execute(sql`alter table audit_log_away rename to audit_log`)
  }
  expect(await stored()).toEqual(before)
  expect(await auditOf(apiKey.id)).toHaveLength(1)
  expect(published).toEqual([])
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
