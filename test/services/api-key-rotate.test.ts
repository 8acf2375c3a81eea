import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import { overlapSecondsMax, rotateApiKey } from '../../src/services/api-key-rotate.ts'
import {
  createApiKey,
  findApiKeyByHash,
  revokeApiKey,
  type ApiKeyDeps,
} from '../../src/services/api-keys.ts'
import type { CreateApiKeyInput } from '../../src/services/api-key-input.ts'
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
  tier: 'pro',
  scopes: ['INFERENCE', 'MANAGE'],
  models: ['demo/*'],
  tags: { team: 'search' },
}

const make = (changes: Partial<CreateApiKeyInput> = {}) => {
  const all = managerOf(organization, { tier: 'enterprise', scopes: new Set(['ADMIN']) })
  return createApiKey(deps, all, { ...wanted, ...changes })
}
const rotate = (id: string, overlapSeconds = 60, actor = managerOf(organization)) =>
  rotateApiKey(deps, actor, { id, overlapSeconds })
const found = (secret: string) => findApiKeyByHash(deps.db, Buffer.from(secret))
const auditOf = (id: string) => handle.db.select().from(auditLog).where(eq(auditLog.entityId, id))

describe('rotateApiKey', () => {
  test('gives the key another secret and leaves all else as it was', async () => {
    const before = await make()
    const after = await rotate(before.apiKey.id)
    expect(after.secret).toMatch(/^xr-pro-/)
    expect(after.secret).not.toBe(before.secret)
    expect(after.secret.startsWith(after.apiKey.prefix)).toBe(true)
    expect(after.apiKey).toEqual({
      ...before.apiKey,
      prefix: after.apiKey.prefix,
      previousExpiresAt: expect.any(Date),
    })
    expect(await found(after.secret)).toMatchObject({
      id: before.apiKey.id,
      scopes: wanted.scopes,
      tags: wanted.tags,
      secretExpiresAt: null,
    })
    expect(published).toEqual([`api-key.changed ${before.apiKey.id}`])
  })

  test.each([0, 1, 3600, overlapSecondsMax])(
    'lets the secret before work for another %d seconds',
    async (overlapSeconds) => {
      const before = await make()
      const startedAt = Date.now()
      const { apiKey, secret } = await rotate(before.apiKey.id, overlapSeconds)
      const end = apiKey.previousExpiresAt?.getTime() ?? 0
      expect(end).toBeGreaterThanOrEqual(startedAt + overlapSeconds * 1000)
      expect(end).toBeLessThanOrEqual(Date.now() + overlapSeconds * 1000)
      expect((await found(before.secret))?.secretExpiresAt?.getTime()).toBe(end)
      expect((await found(secret))?.secretExpiresAt).toBeNull()
    },
  )

  test('a second time ends the oldest secret, in the middle of its overlap', async () => {
    const first = await make()
    const { id } = first.apiKey
    const second = await rotate(id, 3600)
    const third = await rotate(id, 60)
    expect(await found(first.secret)).toBeUndefined()
    expect(await found(second.secret)).toMatchObject({ id, secretExpiresAt: expect.any(Date) })
    expect(await found(third.secret)).toMatchObject({ id, secretExpiresAt: null })
  })

  test('twice at once leaves one secret that works and one that ends', async () => {
    const { apiKey, secret } = await make()
    const made = await Promise.all([rotate(apiKey.id), rotate(apiKey.id)])
    const ends = await Promise.all(
      made.map(async (each) => (await found(each.secret))?.secretExpiresAt),
    )
    expect(ends.filter((end) => end === null)).toHaveLength(1)
    expect(ends.filter((end) => end instanceof Date)).toHaveLength(1)
    expect(await found(secret)).toBeUndefined()
  })

  test('is on the audit log, without a secret', async () => {
    const { apiKey } = await make()
    const { secret } = await rotate(apiKey.id, 90)
    const row = (await auditOf(apiKey.id)).find(({ action }) => action === 'api-key.rotate')
    expect(row).toMatchObject({
      organizationId: organization,
      actorId: managerOf(organization).id,
      detail: { overlapSeconds: 90, previousExpiresAt: expect.any(String) },
    })
    expect(JSON.stringify(row)).not.toContain(secret.slice(7, 20))
  })

  test.each([-1, 0.5, overlapSecondsMax + 1, Number.NaN])(
    'refuses an overlap of %d seconds',
    async (overlapSeconds) => {
      const { apiKey, secret } = await make()
      await expect(rotate(apiKey.id, overlapSeconds)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        path: 'overlapSeconds',
      })
      expect(await found(secret)).toMatchObject({ secretExpiresAt: null })
    },
  )

  test('rejects without permission', async () => {
    const { apiKey } = await make()
    for (const scopes of [['READ', 'INFERENCE'], []] satisfies Scope[][]) {
      const actor = managerOf(organization, { scopes: new Set(scopes) })
      await expect(rotate(apiKey.id, 0, actor)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    }
    expect(published).toEqual([])
    expect(await auditOf(apiKey.id)).toHaveLength(1)
  })

  test.each<[string, Partial<CreateApiKeyInput>]>([
    ['more scopes', { scopes: ['ADMIN'] }],
    ['a higher tier', { tier: 'enterprise' }],
    ['more models', { models: null }],
  ])('does not hand out a secret with %s than its caller has', async (_name, more) => {
    const { apiKey, secret } = await make(more)
    const lesser = managerOf(organization, { models: ['demo/*'] })
    await expect(rotate(apiKey.id, 0, lesser)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await found(secret)).toMatchObject({ secretExpiresAt: null })
  })

  test('does not find keys of other organisations, nor ones that are not there', async () => {
    const { apiKey, secret } = await make()
    const stranger = managerOf('org_stranger', { scopes: new Set(['ADMIN']), tier: 'enterprise' })
    for (const id of [apiKey.id, 'key_none']) {
      await expect(rotate(id, 0, stranger)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    expect(await found(secret)).toMatchObject({ secretExpiresAt: null })
    expect(published).toEqual([])
  })

  test('a revoked or expired key gets no other secret', async () => {
    const revoked = (await make()).apiKey
    await revokeApiKey(deps, managerOf(organization), revoked.id)
    const expired = (await make()).apiKey
    await handle.db
      .update(apiKeys)
      .set({ expiresAt: new Date(0) })
      .where(eq(apiKeys.id, expired.id))
    for (const { id } of [revoked, expired]) {
      await expect(rotate(id)).rejects.toMatchObject({ code: 'CONFLICT' })
    }
  })
})
