import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway('[providers.demo]\ntoken_delay_ms = 0')
})

afterAll(() => gateway.stop())

interface Key {
  id: string
  name: string
  prefix: string
  tier: string
  scopes: string[]
  models: string[] | null
  revokedAt: string | null
  expiresAt: string | null
}

const fields = 'id name prefix tier scopes models revokedAt expiresAt'

async function create(input: object, key?: string) {
  return gateway.graphql<{ createApiKey: { apiKey: Key; secret: string } }>(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { ${fields} } secret } }`,
    { input },
    key,
  )
}

async function revoke(id: string, key?: string) {
  return gateway.graphql<{ revokeApiKey: Key }>(
    `mutation ($id: ID!) { revokeApiKey(id: $id) { ${fields} } }`,
    { id },
    key,
  )
}

async function update(input: object, key?: string) {
  return gateway.graphql<{ updateApiKey: Key }>(
    `mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { ${fields} } }`,
    { input },
    key,
  )
}

const use = (secret: string) =>
  gateway.openai(secret).chat.completions.create({
    model: 'demo/echo',
    messages: [{ role: 'user', content: 'hi' }],
  })

describe('API keys over GraphQL', () => {
  test('a key that was created works at once; its secret is shown this once', async () => {
    const { data } = await create({ name: 'CI' })
    const { apiKey, secret } = data.createApiKey
    expect(apiKey).toMatchObject({ name: 'CI', tier: 'free', scopes: ['INFERENCE'], models: null })
    expect(secret.startsWith(apiKey.prefix)).toBe(true)
    expect((await use(secret)).choices[0]?.message.content).toBe('hi')
    const list = await gateway.graphql(`{ apiKeys { edges { node { ${fields} } } } }`)
    expect(JSON.stringify(list)).toContain(apiKey.id)
    expect(JSON.stringify(list)).not.toContain(secret)
  })

  test('a key that is revoked ends at once, though it was just used', async () => {
    const { apiKey, secret } = (await create({ name: 'short' })).data.createApiKey
    await use(secret)
    const { data } = await revoke(apiKey.id)
    expect(data.revokeApiKey.revokedAt).toMatch(/^\d{4}-/)
    await expect(use(secret)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect((await revoke(apiKey.id)).data.revokeApiKey.revokedAt).toBe(data.revokeApiKey.revokedAt)
  })

  test('a key that is changed keeps its secret and may do what it says at once', async () => {
    const { apiKey, secret } = (await create({ name: 'first', tier: 'pro' })).data.createApiKey
    await use(secret)
    const { data } = await update({ id: apiKey.id, name: 'second', models: ['openai/*'] })
    expect(data.updateApiKey).toEqual({ ...apiKey, name: 'second', models: ['openai/*'] })
    await expect(use(secret)).rejects.toMatchObject({ status: 403, code: 'permission_denied' })
    const again = await update({ id: apiKey.id, models: null })
    expect(again.data.updateApiKey).toEqual({ ...apiKey, name: 'second' })
    expect((await use(secret)).choices[0]?.message.content).toBe('hi')
  })

  test('what is wrong is said by name', async () => {
    const wrong: [object, string][] = [
      [{ name: '' }, 'name'],
      [{ name: 'x', tier: 'gold' }, 'tier'],
      [{ name: 'x', scopes: [] }, 'scopes'],
      [{ name: 'x', models: ['no-slash'] }, 'models.0'],
      [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ]
    for (const [input, path] of wrong) {
      const { errors } = await create(input)
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_REQUEST', path } })
    }
    expect((await revoke('key_none')).errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
  })

  test('a key without MANAGE manages nothing; one with it grants no more than it has', async () => {
    const { secret: reader } = await gateway.createKey({ scopes: ['READ', 'INFERENCE'] })
    const { secret: manager } = await gateway.createKey({ scopes: ['MANAGE', 'INFERENCE'] })
    const codes = [
      await create({ name: 'x' }, reader),
      await revoke('key_x', reader),
      await gateway.graphql('{ apiKeys { edges { node { id } } } }', {}, reader),
      await create({ name: 'x', scopes: ['ADMIN'] }, manager),
    ].map(({ errors }) => errors?.[0]?.extensions?.code)
    expect(codes).toEqual(Array.from({ length: 4 }, () => 'PERMISSION_DENIED'))
    expect(
      (await create({ name: 'x', scopes: ['READ'] }, manager)).data.createApiKey.secret,
    ).toBeTruthy()
  })

  test('the list is read in pages', async () => {
    for (let index = 0; index < 5; index += 1) await create({ name: `page ${index}` })
    const names: string[] = []
    let after: string | null = null
    do {
      const {
        data,
      }: {
        data: {
          apiKeys: { edges: { node: Key }[]; pageInfo: { hasNextPage: boolean; endCursor: string } }
        }
      } = await gateway.graphql(
        `query ($after: String) { apiKeys(first: 2, after: $after) {
            edges { node { ${fields} } } pageInfo { hasNextPage endCursor } } }`,
        { after },
      )
      names.push(...data.apiKeys.edges.map(({ node }) => node.name))
      after = data.apiKeys.pageInfo.hasNextPage ? data.apiKeys.pageInfo.endCursor : null
    } while (after !== null)
    expect(names.slice(0, 5)).toEqual(['page 4', 'page 3', 'page 2', 'page 1', 'page 0'])
    expect(new Set(names).size).toBeGreaterThan(6)
    expect(names.at(-1)).toBe('First admin key')
  })
})
