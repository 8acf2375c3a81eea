import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { organizations } from '../../src/db/schema/organization.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway(
    `[server]
     trust_proxy = ["loopback"]
     [providers.demo]
     token_delay_ms = 0`,
  )
})

afterAll(() => gateway.stop())

interface Created {
  apiKey: { id: string; prefix: string }
  secret: string
}

async function create(input: object): Promise<Created> {
  const { data } = await gateway.graphql<{ createApiKey: Created }>(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id prefix } secret } }`,
    { input: { name: 'a client', ...input } },
  )
  return data.createApiKey
}

const update = (input: object, key?: string) =>
  gateway.graphql<{ updateApiKey: { id: string } }>(
    `mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { id } }`,
    { input },
    key,
  )

/** Through a proxy that says where the client is, or straight. */
function get(path: string, secret: string, forwarded?: string): Promise<Response> {
  const from = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return fetch(gateway.url + path, { headers: { authorization: `Bearer ${secret}`, ...from } })
}

const complete = (secret: string, xrouter?: object) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo/echo',
      messages: [{ role: 'user', content: 'hi' }],
      ...(xrouter && { xrouter }),
    }),
  })

const generation = async (id: string, secret: string) =>
  get(`/v1/generation?id=${encodeURIComponent(id)}`, secret)

describe('a key with a list of addresses', () => {
  const allowedIps = ['192.0.2.0/24', '2001:db8::7']

  test.each([
    ['192.0.2.99', 200],
    ['2001:db8::7', 200],
    ['203.0.113.5, 192.0.2.1', 200],
    ['192.0.2.1, 203.0.113.5', 403],
    ['203.0.113.5', 403],
    [undefined, 403],
  ])('from %s: %d', async (forwarded, status) => {
    const { secret } = await create({ allowedIps })
    expect((await get('/v1/models', secret, forwarded)).status).toBe(status)
  })

  test('is told why it is refused, and nothing of the list', async () => {
    const { secret } = await create({ allowedIps })
    const text = await (await get('/v1/models', secret, '203.0.113.5')).text()
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'permission_denied' } })
    expect(text).toContain('203.0.113.5')
    expect(text).not.toContain('192.0.2')
    const { errors } = await gateway.graphql('{ viewer { id } }', {}, secret)
    expect(errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
  })

  test('opens WebSockets from these addresses alone', async () => {
    const { secret, apiKey } = await create({ allowedIps })
    const viewer = (from: string) => {
      class Forwarded extends WebSocket {
        constructor(address: string, protocols: string | string[]) {
          super(address, protocols, { headers: { 'x-forwarded-for': from } })
        }
      }
      const client = createClient({
        url: `${gateway.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: Forwarded,
        connectionParams: { authorization: `Bearer ${secret}` },
        retryAttempts: 0,
      })
      return client.iterate({ query: '{ viewer { id } }' }).next()
    }
    expect(await viewer('192.0.2.1')).toMatchObject({
      value: { data: { viewer: { id: apiKey.id } } },
    })
    await expect(viewer('203.0.113.5')).rejects.toMatchObject({ code: 4403 })
  })

  test('does not shut itself out', async () => {
    const { apiKey, secret } = await create({ scopes: ['MANAGE'] })
    const { errors } = await update({ id: apiKey.id, allowedIps }, secret)
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('force'),
      extensions: { code: 'INVALID_REQUEST', path: 'allowedIps' },
    })
    const own = await update({ id: apiKey.id, allowedIps: ['127.0.0.0/8', '::1'] }, secret)
    expect(own.errors).toBeUndefined()
    expect(
      (await update({ id: apiKey.id, allowedIps, force: true }, secret)).errors,
    ).toBeUndefined()
    expect((await get('/v1/key', secret)).status).toBe(403)
  })
})

test('without trust_proxy nobody says where they are but their socket', async () => {
  const straight = await startGateway('')
  try {
    const { data } = await straight.graphql<{ createApiKey: Created }>(
      `mutation { createApiKey(input: { name: "x", allowedIps: ["192.0.2.1"] }) { secret } }`,
    )
    const answer = await fetch(`${straight.url}/v1/models`, {
      headers: {
        authorization: `Bearer ${data.createApiKey.secret}`,
        'x-forwarded-for': '192.0.2.1',
      },
    })
    expect(answer.status).toBe(403)
  } finally {
    await straight.stop()
  }
})

test('a proxy that is none is a problem of the configuration', async () => {
  await expect(startGateway('[server]\ntrust_proxy = ["my-proxy"]')).rejects.toMatchObject({
    problems: [{ path: 'server.trust_proxy[0]' }],
  })
})

describe('the tags of a key', () => {
  test('are on each of its requests, where the request does not say otherwise', async () => {
    const { secret } = await create({ tags: { team: 'search', stage: 'live' } })
    const tagsOf = async (xrouter?: object) => {
      const { id } = await (await complete(secret, xrouter)).json()
      return (await (await generation(id, secret)).json()).tags
    }
    expect(await tagsOf()).toEqual({ team: 'search', stage: 'live' })
    expect(await tagsOf({ tags: { stage: 'test', n: 1 } })).toEqual({
      team: 'search',
      stage: 'test',
      n: 1,
    })
  })

  test('count in the usage by tag', async () => {
    const { secret } = await create({ tags: { product: 'one' } })
    await (await complete(secret)).json()
    const [from, to] = [-1, 1].map((hours) =>
      new Date(Date.now() + hours * 3_600_000).toISOString(),
    )
    const { data } = await gateway.graphql<{ usage: { key: object; requests: string }[] }>(
      `query ($from: DateTime!, $to: DateTime!) {
         usage(filter: { from: $from, to: $to, tag: "product" }, groupBy: [TAG]) { key requests } }`,
      { from, to },
    )
    expect(data.usage).toMatchObject([{ key: { tag: { product: 'one' } } }])
  })
})

describe('GET /v1/key', () => {
  test('shows any key its own data, and no secret', async () => {
    const bounds = { tags: { team: 'a' }, metadata: { owner: 'b' }, models: ['demo/*'] }
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const { apiKey, secret } = await create({ ...bounds, scopes: ['READ'], expiresAt })
    const text = await (await get('/v1/key', secret)).text()
    expect(JSON.parse(text)).toEqual({
      object: 'key',
      kind: 'api-key',
      id: apiKey.id,
      organization: 'org_default',
      name: 'a client',
      prefix: apiKey.prefix,
      tier: 'free',
      scopes: ['READ'],
      allowed_ips: null,
      ...bounds,
      created_at: expect.any(String),
      last_used_at: null,
      expires_at: expiresAt,
      previous_secret_expires_at: null,
      limits: [
        { kind: 'requests', limit: 20, period_seconds: 60 },
        { kind: 'requests', limit: 200, period_seconds: 86_400 },
        { kind: 'concurrency', limit: 5, period_seconds: null },
      ].map((level) => ({
        scope: 'key',
        subject: apiKey.id,
        ...level,
        remaining: level.limit,
        reset_seconds: 0,
      })),
      budgets: [],
    })
    expect(text).not.toContain(secret)
  })

  test('needs a key, and knows the master key', async () => {
    expect((await fetch(`${gateway.url}/v1/key`)).status).toBe(401)
    const master = await startGateway('', { XROUTER_MASTER_KEY: 'master-key-of-this-test-1234' })
    try {
      const headers = { authorization: 'Bearer master-key-of-this-test-1234' }
      const answer = await (await fetch(`${master.url}/v1/key`, { headers })).json()
      expect(answer).toMatchObject({
        kind: 'system',
        id: 'master-key',
        name: null,
        scopes: ['ADMIN'],
      })
      const query = '{ viewer { id tier apiKey { id } } }'
      expect((await master.graphql(query, {}, 'master-key-of-this-test-1234')).data).toEqual({
        viewer: { id: 'master-key', tier: 'system', apiKey: null },
      })
    } finally {
      await master.stop()
    }
  })

  test('says the same over GraphQL', async () => {
    const { apiKey, secret } = await create({ tags: { team: 'a' }, metadata: { n: [1] } })
    const query =
      '{ viewer { tier apiKey { id name prefix tags metadata allowedIps disabledAt previousSecretExpiresAt } } }'
    expect((await gateway.graphql(query, {}, secret)).data).toEqual({
      viewer: {
        tier: 'free',
        apiKey: {
          ...apiKey,
          name: 'a client',
          tags: { team: 'a' },
          metadata: { n: [1] },
          allowedIps: null,
          disabledAt: null,
          previousSecretExpiresAt: null,
        },
      },
    })
  })
})

describe('GET /v1/generation', () => {
  test('shows a key its own request, as soon as it has its answer', async () => {
    const { secret } = await create({})
    const { id } = await (await complete(secret)).json()
    const answer = await generation(id, secret)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      object: 'generation',
      id,
      status: 'succeeded',
      requested_model: 'demo/echo',
      model: 'demo/echo',
      provider: 'demo',
      door: 'rest',
      stream: false,
      latency_ms: expect.any(Number),
      error_code: null,
      tags: null,
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2, estimated: false },
      cost: { currency: 'USD', amount: '0' },
      attempts: [{ number: 1, provider: 'demo', status: 'succeeded', error_code: null }],
    })
  })

  test('shows others what they may read alone', async () => {
    const own = await create({})
    const { id } = await (await complete(own.secret)).json()
    const other = await create({})
    const reader = await create({ scopes: ['READ'] })
    const { db } = gateway.running
    await db.insert(organizations).values({ id: 'org_other', name: 'Other' })
    const stranger = await gateway.createKey({ organization: 'org_other', scopes: ['ADMIN'] })
    const statuses = []
    for (const { secret } of [own, reader, other, stranger]) {
      statuses.push((await generation(id, secret)).status)
    }
    expect(statuses).toEqual([200, 200, 404, 404])
  })

  test.each([
    ['', 400],
    ['req_none', 404],
    ['a\0b', 404],
    ['x'.repeat(201), 400],
  ])('of the id %j: %d', async (id, status) => {
    expect((await generation(id, gateway.adminKey)).status).toBe(status)
  })

  test('needs a key and an id', async () => {
    expect((await fetch(`${gateway.url}/v1/generation?id=x`)).status).toBe(401)
    expect((await get('/v1/generation', gateway.adminKey)).status).toBe(400)
  })
})

describe('a rotated key', () => {
  test('is one key with two secrets for a while: the same id, scopes and log', async () => {
    const { apiKey, secret } = await create({ models: ['demo/*'] })
    const { data } = await gateway.graphql<{ rotateApiKey: Created }>(
      `mutation ($id: ID!) { rotateApiKey(input: { id: $id, overlapSeconds: 600 }) { apiKey { id prefix } secret } }`,
      { id: apiKey.id },
    )
    const { rotateApiKey: rotated } = data
    expect(rotated.apiKey.id).toBe(apiKey.id)
    for (const each of [secret, rotated.secret]) {
      const { id } = await (await complete(each)).json()
      expect((await generation(id, rotated.secret)).status).toBe(200)
    }
    await gateway.graphql(
      `mutation ($id: ID!) { rotateApiKey(input: { id: $id, overlapSeconds: 0 }) { secret } }`,
      { id: apiKey.id },
    )
    const refused = await get('/v1/models', rotated.secret)
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('replaced by another secret')
    expect((await get('/v1/models', secret)).status).toBe(401)
  })
})

test('a disabled key is refused with a reason, and its name may still be changed', async () => {
  const { apiKey, secret } = await create({})
  expect((await get('/v1/models', secret)).status).toBe(200)
  await update({ id: apiKey.id, disabled: true })
  const refused = await get('/v1/models', secret)
  expect(refused.status).toBe(401)
  expect(await refused.text()).toContain('it is disabled')
  expect((await update({ id: apiKey.id, name: 'paused' })).errors).toBeUndefined()
  await update({ id: apiKey.id, disabled: false })
  expect((await get('/v1/models', secret)).status).toBe(200)
})
