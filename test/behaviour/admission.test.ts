import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway(
    `[providers.demo]
     token_delay_ms = 0
     [providers.other]
     type = "demo"
     token_delay_ms = 0
     [fallbacks]
     "demo/echo" = ["other/echo"]`,
  )
})

afterAll(() => gateway.stop())

const messages = [{ role: 'user' as const, content: 'hi' }]
const complete = (key: string, model = 'demo/echo', extra: object = {}) =>
  gateway.openai(key).chat.completions.create({ model, messages, ...extra })

describe('an API key', () => {
  test('with INFERENCE may complete, and no more', async () => {
    const { secret } = await gateway.createKey({ scopes: ['INFERENCE'] })
    const answer = await complete(secret)
    expect(answer.choices[0]?.message.content).toBe('hi')
    const read = await gateway.graphql('{ requests { edges { node { id } } } }', {}, secret)
    expect(read.errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
  })

  test('with READ alone may not complete; the refusal is on the ledger', async () => {
    const { secret } = await gateway.createKey({ scopes: ['READ'] })
    const error: unknown = await complete(secret).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 403, code: 'permission_denied' })
    const id = error instanceof Object && 'requestID' in error ? String(error.requestID) : ''
    expect(await requestOf(gateway, id)).toMatchObject({
      status: 'failed',
      errorCode: 'PERMISSION_DENIED',
      attempts: [],
    })
  })

  test('with a list of models sees and uses only these', async () => {
    const { secret } = await gateway.createKey({ models: ['other/*'] })
    const ids = await Array.fromAsync(await gateway.openai(secret).models.list())
    expect(ids.map((model) => model.id)).toEqual(['other/echo'])
    expect((await complete(secret, 'other/echo')).model).toBe('other/echo')
    await expect(complete(secret, 'demo/echo')).rejects.toMatchObject({ status: 403 })
    await expect(gateway.openai(secret).models.retrieve('demo/echo')).rejects.toMatchObject({
      status: 404,
    })
  })

  test('may not reach a forbidden model through a fallback that it names', async () => {
    const { secret } = await gateway.createKey({ models: ['demo/echo'] })
    await expect(
      complete(secret, 'demo/echo', { xrouter: { fallbacks: ['other/echo'] } }),
    ).rejects.toMatchObject({ status: 403, message: expect.stringContaining('other/echo') })
    expect((await complete(secret)).model).toBe('demo/echo')
  })

  test.each([
    ['that has expired', { expiresAt: new Date(Date.now() - 1000) }, /expired/],
    ['of the right form that is not in the database', undefined, /not known/],
  ])('%s is refused', async (_name, input, reason) => {
    const secret = input ? (await gateway.createKey(input)).secret : unknownKey()
    await expect(complete(secret)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      message: expect.stringMatching(reason),
    })
  })

  test('that is revoked is refused', async () => {
    const { id, secret } = await gateway.createKey()
    await gateway.running.db
      .update(apiKeys)
      .set({ revokedAt: new Date() })
      .where(eq(apiKeys.id, id))
    await expect(complete(secret)).rejects.toMatchObject({ status: 401 })
  })

  test('is stored as a hash; the key itself is nowhere in the database', async () => {
    const { id, secret } = await gateway.createKey()
    const [row] = await gateway.running.db.select().from(apiKeys).where(eq(apiKeys.id, id))
    expect(row?.hash).toHaveLength(32)
    expect(JSON.stringify(row)).not.toContain(secret.split('-')[2])
    expect(row?.prefix).toBe(secret.slice(0, row?.prefix.length))
  })

  test('is marked as used', async () => {
    const { id, secret } = await gateway.createKey()
    const answer = await complete(secret)
    await requestOf(gateway, answer.id)
    const [row] = await gateway.running.db.select().from(apiKeys).where(eq(apiKeys.id, id))
    expect(row?.lastUsedAt).toBeInstanceOf(Date)
  })

  test('of another organisation does not see our requests', async () => {
    const { organizations } = await import('../../src/db/schema/organization.ts')
    await gateway.running.db.insert(organizations).values({ id: 'org_other', name: 'Other' })
    const { secret } = await gateway.createKey({ organization: 'org_other', scopes: ['ADMIN'] })
    const ours = await complete(gateway.adminKey)
    const theirs = await gateway.graphql<{ request: unknown; requests: { edges: unknown[] } }>(
      'query ($id: ID!) { request(id: $id) { id } requests { edges { node { id } } } }',
      { id: ours.id },
      secret,
    )
    expect(theirs.data).toEqual({ request: null, requests: { edges: [] } })
  })
})

test('text that no database can hold is found nowhere, and does not harm the ledger', async () => {
  const answer = await gateway.graphql(
    'query ($id: ID!, $model: String) { request(id: $id) { id } requests(model: $model) { edges { node { id } } } }',
    { id: 'req_\u0000', model: 'a\u0000b' },
  )
  expect(answer).toEqual({ data: { request: null, requests: { edges: [] } } })
  await expect(complete(gateway.adminKey, 'no\u0000model\ud800')).rejects.toMatchObject({
    status: 404,
  })
  const after = await complete(gateway.adminKey)
  expect(await requestOf(gateway, after.id)).toMatchObject({ status: 'succeeded' })
})

describe('the master key', () => {
  test('is an admin and no first key is made beside it', async () => {
    const withMaster = await startGateway('[providers.demo]\ntoken_delay_ms = 0', {
      XROUTER_MASTER_KEY: 'a-master-key-of-some-length',
    })
    try {
      expect(withMaster.running.firstAdminKey).toBeUndefined()
      const viewer = await withMaster.graphql('{ viewer { kind id organization scopes } }')
      expect(viewer.data).toEqual({
        viewer: {
          kind: 'system',
          id: 'master-key',
          organization: 'org_default',
          scopes: ['ADMIN'],
        },
      })
      const answer = await withMaster
        .openai()
        .chat.completions.create({ model: 'demo/echo', messages })
      expect(await requestOf(withMaster, answer.id)).toMatchObject({ status: 'succeeded' })
      await expect(
        withMaster.openai('a-master-key-of-some-lengtH').models.list(),
      ).rejects.toMatchObject({ status: 401 })
    } finally {
      await withMaster.stop()
    }
  })
})

/** Well formed, with a right checksum, but never stored. */
function unknownKey(): string {
  return 'xr-free-' + 'A'.repeat(40) + '-' + crc('xr-free-' + 'A'.repeat(40))
}

function crc(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
