import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { createDatabase, realServices, type TestDatabase } from '../support/databases.ts'
import { managerOf } from '../support/actors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { rotateApiKey } from '../../src/services/api-key-rotate.ts'
import { createApiKey, revokeApiKey, updateApiKey } from '../../src/services/api-keys.ts'

let database: TestDatabase
let one: TestGateway
let two: TestGateway

beforeAll(async () => {
  database = await createDatabase()
  const environment = { DATABASE_URL: database.url, REDIS_URL: realServices().redisUrl }
  one = await startGateway('', environment)
  two = await startGateway('', environment)
  for (const gateway of [one, two]) {
    await vi.waitFor(async () => {
      const { checks } = await (await fetch(`${gateway.url}/ready`)).json()
      if (checks.redis !== 'ok') throw new Error('Redis is not connected yet')
    })
  }
})

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()])
  await database.drop()
})

const models = (gateway: TestGateway, key: string) =>
  fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })

const manager = managerOf('org_default')

async function newKey(): Promise<{ id: string; secret: string }> {
  const input = { name: 'a client', tier: 'pro', scopes: ['INFERENCE'], models: null } as const
  const { apiKey, secret } = await createApiKey(one.running.services, manager, {
    ...input,
    scopes: [...input.scopes],
  })
  return { id: apiKey.id, secret }
}

describe('a key that is revoked on one instance', () => {
  test('is refused by the other at once, though it had it in its cache', async () => {
    const { id, secret } = await newKey()
    for (const gateway of [one, two]) expect((await models(gateway, secret)).status).toBe(200)
    await revokeApiKey(one.running.services, manager, id)
    expect((await models(one, secret)).status).toBe(401)
    // Far below the 15 seconds after which it would be looked up again.
    await expect
      .poll(async () => (await models(two, secret)).status, { timeout: 2_000, interval: 5 })
      .toBe(401)
    const answer = await (await models(two, secret)).json()
    expect(answer).toMatchObject({
      error: { code: 'invalid_api_key', message: expect.stringContaining('revoked') },
    })
  })

  test('leaves the other keys alone', async () => {
    const [doomed, other] = [await newKey(), await newKey()]
    for (const key of [doomed, other]) expect((await models(two, key.secret)).status).toBe(200)
    await revokeApiKey(one.running.services, manager, doomed.id)
    await expect.poll(async () => (await models(two, doomed.secret)).status).toBe(401)
    expect((await models(two, other.secret)).status).toBe(200)
  })

  test('is on the audit log, made and revoked, without its secret', async () => {
    const { id, secret } = await newKey()
    await revokeApiKey(one.running.services, manager, id)
    await revokeApiKey(two.running.services, manager, id)
    const { db } = one.running
    const rows = await db
      .select()
      .from(auditLog)
      .where(eq(auditLog.entityId, id))
      .orderBy(asc(auditLog.createdAt), asc(auditLog.id))
    expect(rows.map((row) => row.action)).toEqual(['api-key.create', 'api-key.revoke'])
    expect(rows[0]).toMatchObject({
      organizationId: 'org_default',
      actorKind: 'api-key',
      actorId: manager.id,
      entityKind: 'api-key',
      detail: { name: 'a client', tier: 'pro', scopes: ['INFERENCE'], models: null },
    })
    expect(JSON.stringify(rows)).not.toContain(secret.split('-')[2]?.slice(4))
    const [key] = await db.select().from(apiKeys).where(eq(apiKeys.id, id))
    expect(key?.revokedAt).toBeInstanceOf(Date)
  })
})

describe('a key that is changed on one instance', () => {
  test('has what it was given on the other at once, though it had it in its cache', async () => {
    const { id, secret } = await newKey()
    const listed = async (gateway: TestGateway) => {
      const { data } = await (await models(gateway, secret)).json()
      return data.length
    }
    for (const gateway of [one, two]) expect(await listed(gateway)).toBeGreaterThan(0)
    await updateApiKey(one.running.services, manager, { id, models: ['openai/none'] })
    expect(await listed(one)).toBe(0)
    // Far below the 15 seconds after which it would be looked up again.
    await expect.poll(() => listed(two), { timeout: 2_000, interval: 5 }).toBe(0)
    await updateApiKey(two.running.services, manager, { id, models: null })
    expect(await listed(two)).toBeGreaterThan(0)
    await expect.poll(() => listed(one), { timeout: 2_000, interval: 5 }).toBeGreaterThan(0)
  })

  test('may do what its scopes say now', async () => {
    const { id, secret } = await newKey()
    const complete = (gateway: TestGateway) =>
      gateway.openai(secret).chat.completions.create({
        model: 'demo/echo',
        messages: [{ role: 'user', content: 'hi' }],
      })
    for (const gateway of [one, two]) await complete(gateway)
    await updateApiKey(one.running.services, manager, { id, scopes: ['MANAGE'] })
    await expect(complete(one)).rejects.toMatchObject({ status: 403 })
    await expect
      .poll(
        () =>
          complete(two).then(
            () => 200,
            (error: { status: number }) => error.status,
          ),
        {
          timeout: 2_000,
          interval: 5,
        },
      )
      .toBe(403)
  })
})

/** Far below the 15 seconds after which a key would be looked up again. */
const soon = { timeout: 2_000, interval: 5 }
const statusOf = async (gateway: TestGateway, key: string) => (await models(gateway, key)).status

describe('a key that is rotated on one instance', () => {
  test('has its new secret on both, and the one before until the overlap ends', async () => {
    const { id, secret } = await newKey()
    for (const gateway of [one, two]) expect(await statusOf(gateway, secret)).toBe(200)
    const second = await rotateApiKey(one.running.services, manager, { id, overlapSeconds: 600 })
    for (const gateway of [one, two]) {
      for (const each of [secret, second.secret]) expect(await statusOf(gateway, each)).toBe(200)
    }
    const third = await rotateApiKey(two.running.services, manager, { id, overlapSeconds: 0 })
    expect(await statusOf(two, second.secret)).toBe(401)
    for (const each of [secret, second.secret]) {
      await expect.poll(() => statusOf(one, each), soon).toBe(401)
    }
    for (const gateway of [one, two]) expect(await statusOf(gateway, third.secret)).toBe(200)
    await revokeApiKey(one.running.services, manager, id)
    await expect.poll(() => statusOf(two, third.secret), soon).toBe(401)
  })
})

describe('a key that is disabled on one instance', () => {
  test('is refused by the other at once, and works again as soon as it is enabled', async () => {
    const { id, secret } = await newKey()
    for (const gateway of [one, two]) expect(await statusOf(gateway, secret)).toBe(200)
    await updateApiKey(one.running.services, manager, { id, disabled: true })
    await expect.poll(() => statusOf(two, secret), soon).toBe(401)
    expect(await (await models(two, secret)).text()).toContain('disabled')
    await updateApiKey(two.running.services, manager, { id, disabled: false })
    await expect.poll(() => statusOf(one, secret), soon).toBe(200)
  })

  test('may not be used from other addresses as soon as it has a list of them', async () => {
    const { id, secret } = await newKey()
    expect(await statusOf(two, secret)).toBe(200)
    await updateApiKey(one.running.services, manager, { id, allowedIps: ['192.0.2.0/24'] })
    await expect.poll(() => statusOf(two, secret), soon).toBe(403)
  })
})

describe('a request with an Idempotency-Key', () => {
  const send = (gateway: TestGateway, content: string, key: string) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${one.adminKey || two.adminKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content }] }),
    })

  test('is answered by one instance as by the other', async () => {
    const first = await (await send(one, 'hello', 'both')).text()
    const again = await send(two, 'hello', 'both')
    expect(again.headers.get('x-xrouter-idempotent-replay')).toBe('true')
    expect(await again.text()).toBe(first)
    expect((await send(two, 'other', 'both')).status).toBe(409)
  })

  test('that comes to both at once runs on one', async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(
        [one, two, one, two].map((gateway) => send(gateway, 'a b c', `race-${round}`)),
      )
      const ran = answers.filter(
        ({ status, headers }) => status === 200 && !headers.has('x-xrouter-idempotent-replay'),
      )
      expect(ran).toHaveLength(1)
      expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
    }
  })
})
