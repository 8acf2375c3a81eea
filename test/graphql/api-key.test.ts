import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { errorTable, type ErrorCode } from '../../src/errors.ts'
import { startDatabase } from '../support/gateway.ts'
import { CreateApiKey, RevokeApiKey, RotateApiKey, UpdateApiKey } from './documents.ts'
import { startGraphql, type Answer, type TestServer } from './support.ts'
import { silentWebhooks } from '../support/webhooks.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let server: TestServer
/** A key that works, and one that was revoked. */
let id: string
let revokedId: string

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
  await handle.db.insert(organizations).values({ id: 'org_test', name: 'Test' })
  server = await startGraphql({
    services: {
      db: handle.db,
      ledger: { flush: async () => {} },
      hashApiKey: (key) => Buffer.from(key),
      bus: { publish: async () => {} },
      webhooks: silentWebhooks,
    },
  })
  id = await created()
  revokedId = await created()
  await server.run(RevokeApiKey, { id: revokedId })
})

afterAll(async () => {
  await server.stop()
  await handle.close()
  await database.stop()
})

async function created(): Promise<string> {
  const { data } = await server.run(CreateApiKey, { input: { name: 'a client' } })
  return data?.createApiKey.apiKey.id ?? ''
}

const create = (input: object, key = 'admin') =>
  server.run(CreateApiKey, { input: { name: 'x', ...input } }, { key })
const update = (changes: object, key = 'admin', of = id) =>
  server.run(UpdateApiKey, { input: { id: of, ...changes } }, { key })
const rotate = (overlapSeconds: number, key = 'admin', of = id) =>
  server.run(RotateApiKey, { input: { id: of, overlapSeconds } }, { key })
const revoke = (of: string, key = 'admin') => server.run(RevokeApiKey, { id: of }, { key })

/** What every expected failure of a mutation looks like: the fields of the interface `Error`. */
function failureOf({ data, errors }: Answer): { code: unknown; path: unknown } {
  expect(data).toBeNull()
  const [failure] = errors ?? []
  expect(errors).toHaveLength(1)
  const { code, path, ...others } = failure?.extensions ?? {}
  expect(Object.keys(errorTable)).toContain(code)
  const { retryable } = errorTable[code as ErrorCode]
  expect(others).toEqual({ retryable, requestId: expect.stringMatching(/^req_\d+$/) })
  expect(failure?.message).toMatch(/^.{10,}\.$/)
  return { code, path }
}

describe('a mutation of keys that fails says why in the same form', () => {
  test.each<[string, () => Promise<Answer>, ErrorCode, string | undefined]>([
    ['create, no permission', () => create({}, 'reader'), 'PERMISSION_DENIED', undefined],
    ['create, a wrong member', () => create({ name: '' }), 'INVALID_REQUEST', 'name'],
    ['create, a tier above', () => create({ tier: 'pro' }), 'PERMISSION_DENIED', undefined],
    [
      'update, no permission',
      () => update({ name: 'y' }, 'caller'),
      'PERMISSION_DENIED',
      undefined,
    ],
    ['update, a wrong member', () => update({ models: ['x'] }), 'INVALID_REQUEST', 'models.0'],
    ['update, null', () => update({ scopes: null }), 'INVALID_REQUEST', 'scopes'],
    ['update, a tier above', () => update({ tier: 'pro' }), 'PERMISSION_DENIED', undefined],
    ['update, no such key', () => update({}, 'admin', 'key_none'), 'NOT_FOUND', undefined],
    ['update, revoked', () => update({ name: 'y' }, 'admin', revokedId), 'CONFLICT', undefined],
    [
      'update, a wrong address',
      () => update({ allowedIps: ['x'] }),
      'INVALID_REQUEST',
      'allowedIps.0',
    ],
    ['rotate, no permission', () => rotate(0, 'caller'), 'PERMISSION_DENIED', undefined],
    ['rotate, too long', () => rotate(1e9), 'INVALID_REQUEST', 'overlapSeconds'],
    ['rotate, no such key', () => rotate(0, 'admin', 'key_none'), 'NOT_FOUND', undefined],
    ['rotate, revoked', () => rotate(0, 'admin', revokedId), 'CONFLICT', undefined],
    ['revoke, no permission', () => revoke(id, 'reader'), 'PERMISSION_DENIED', undefined],
    ['revoke, no such key', () => revoke('key_none'), 'NOT_FOUND', undefined],
  ])('%s', async (_name, run, code, path) => {
    expect(failureOf(await run())).toEqual({ code, path })
  })
})

test('an update tells null from what is left out', async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString()
  const first = await update({ name: 'named', models: ['test/*'], expiresAt })
  const named = { id, name: 'named', tier: 'free', scopes: ['INFERENCE'] }
  expect(first.data?.updateApiKey).toEqual({ ...named, models: ['test/*'], expiresAt })
  const second = await update({ models: null })
  expect(second.data?.updateApiKey).toEqual({ ...named, models: null, expiresAt })
  const third = await update({ expiresAt: null, scopes: ['READ'] })
  const { scopes, ...rest } = named
  expect(scopes).toEqual(['INFERENCE'])
  expect(third.data?.updateApiKey).toEqual({
    ...rest,
    scopes: ['READ'],
    models: null,
    expiresAt: null,
  })
})

test('a rotation shows the other secret this once, and when the one before ends', async () => {
  const { data } = await rotate(3600)
  expect(data?.rotateApiKey.secret).toMatch(/^xr-free-/)
  const end = Date.parse(String(data?.rotateApiKey.apiKey.previousSecretExpiresAt))
  expect(Math.abs(end - Date.now() - 3_600_000)).toBeLessThan(60_000)
})
