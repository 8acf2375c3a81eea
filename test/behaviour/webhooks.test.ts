import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { webhookEndpoints } from '../../src/db/schema/webhook-endpoint.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import {
  answer,
  startReceiver,
  verified,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'

let gateway: TestGateway
let receiver: WebhookReceiver
/** Every secret that was ever shown. */
const secrets: string[] = []

beforeAll(async () => {
  receiver = await startReceiver()
  gateway = await startGateway(
    `[webhooks]
     allow_private_networks = true
     allow_http = true
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await receiver.close()
})

beforeEach(async () => {
  receiver.reset()
  await gateway.running.db.delete(webhookEndpoints)
})

interface Endpoint {
  id: string
  url: string
  events: string[]
  enabled: boolean
  previousSecretExpiresAt: string | null
}

interface Delivery {
  id: string
  state: string
  eventType: string
  attempts: number
  lastStatus: number | null
  payload: string
}

const fields = 'id url events description enabled disabledReason previousSecretExpiresAt'

async function create(input: object = {}, key?: string) {
  const answered = await gateway.graphql<{
    createWebhookEndpoint: { endpoint: Endpoint; secret: string }
  }>(
    `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { secret endpoint { ${fields} } }
    }`,
    { input: { url: receiver.url, events: ['budget.threshold', 'budget.exceeded'], ...input } },
    key,
  )
  const secret = answered.data?.createWebhookEndpoint?.secret
  if (secret) secrets.push(secret)
  return answered
}

async function created(input: object = {}) {
  const { data, errors } = await create(input)
  expect(errors).toBeUndefined()
  return data.createWebhookEndpoint
}

const endpoints = async (key?: string) => {
  const answered = await gateway.graphql<{ webhookEndpoints: Endpoint[] }>(
    `{ webhookEndpoints { ${fields} } }`,
    {},
    key,
  )
  return answered
}

async function deliveries(variables: object = {}) {
  const { data } = await gateway.graphql<{
    webhookDeliveries: { edges: { cursor: string; node: Delivery }[]; pageInfo: object }
  }>(
    `query ($first: Int, $after: String, $endpointId: ID, $state: WebhookDeliveryState) {
      webhookDeliveries(first: $first, after: $after, endpointId: $endpointId, state: $state) {
        edges { cursor node { id eventType state attempts lastStatus lastError payload endpointId } }
        pageInfo { hasNextPage endCursor }
      }
    }`,
    variables,
  )
  return data.webhookDeliveries
}

const mutate = (name: string, id: string, key?: string) =>
  gateway.graphql<Record<string, { id: string; state?: string } | null>>(
    `mutation ($id: ID!) { ${name}(id: $id) { id } }`,
    { id },
    key,
  )

const budget = (input: object) =>
  gateway.graphql<{ createBudget: { id: string } }>(
    'mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { id } }',
    { input: { name: 'team', currency: 'USD', period: 'MONTH', timeZone: 'UTC', ...input } },
  )

/** Costs a dollar for each word that is echoed. */
const complete = (key: string, words: string) =>
  gateway.openai(key).chat.completions.create({
    model: 'demo/echo',
    messages: [{ role: 'user', content: words }],
    max_tokens: 4,
  })

describe('a budget', () => {
  test('whose money is really spent tells of its thresholds, once, and of its end', async () => {
    const { secret } = await created()
    const { id, secret: key } = await gateway.createKey()
    const { data } = await budget({
      scope: 'KEY',
      subject: id,
      limit: '10',
      thresholds: [20, 50],
    })
    await complete(key, 'one two three')
    await receiver.arrived(1)
    await complete(key, 'four five six')
    await receiver.arrived(2)
    await complete(key, 'seven')
    await expect(complete(key, 'eight')).rejects.toMatchObject({ status: 402 })
    await expect(complete(key, 'nine')).rejects.toMatchObject({ status: 402 })
    await receiver.arrived(3)
    const facts = {
      budget: data.createBudget.id,
      name: 'team',
      scope: 'key',
      subject: id,
      currency: 'USD',
      limit: '10',
      resetsAt: expect.stringMatching(/-01T00:00:00\.000Z$/),
    }
    expect(receiver.received.map((message) => verified(secret, message))).toEqual([
      {
        type: 'budget.threshold',
        timestamp: expect.any(String),
        data: { ...facts, threshold: 20, spent: '3' },
      },
      {
        type: 'budget.threshold',
        timestamp: expect.any(String),
        data: { ...facts, threshold: 50, spent: '6' },
      },
      {
        type: 'budget.exceeded',
        timestamp: expect.any(String),
        data: { ...facts, reason: 'refused', remaining: '3', estimate: '4' },
      },
    ])
    await vi.waitFor(async () => {
      const page = await deliveries({ state: 'DELIVERED' })
      expect(page.edges.map(({ node }) => node.eventType)).toHaveLength(3)
    })
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${gateway.adminKey}` },
    })
    const text = await metrics.text()
    expect(text).toMatch(
      /xrouter_webhook_attempts_total\{event="budget\.threshold",result="delivered"\} 2/,
    )
    expect(text).toContain('xrouter_events_waiting 0')
  })

  test('that is spent to the last says so', async () => {
    const { secret } = await created({ events: ['budget.exceeded'] })
    const { id, secret: key } = await gateway.createKey()
    await budget({ scope: 'KEY', subject: id, limit: '4', thresholds: [1] })
    await complete(key, 'one two three four')
    const [message] = await receiver.arrived(1)
    if (!message) throw new Error('nothing arrived')
    expect(verified(secret, message).data).toMatchObject({ reason: 'spent', remaining: '0' })
  })
})

describe('an endpoint over GraphQL', () => {
  test('is tried out, changed and taken away, with an audit of each', async () => {
    const { endpoint, secret } = await created({ description: 'of finance' })
    expect(endpoint).toMatchObject({
      description: 'of finance',
      enabled: true,
      disabledReason: null,
    })
    await mutate('sendTestWebhook', endpoint.id)
    const [message] = await receiver.arrived(1)
    if (!message) throw new Error('nothing arrived')
    expect(verified(secret, message)).toMatchObject({
      type: 'webhook.test',
      data: { endpoint: endpoint.id },
    })
    const changed = await gateway.graphql<{ updateWebhookEndpoint: Endpoint }>(
      `mutation ($input: UpdateWebhookEndpointInput!) {
        updateWebhookEndpoint(input: $input) { ${fields} }
      }`,
      { input: { id: endpoint.id, events: ['usage.daily', 'usage.daily'], enabled: false } },
    )
    expect(changed.data.updateWebhookEndpoint).toMatchObject({
      events: ['usage.daily'],
      enabled: false,
      url: receiver.url,
    })
    const refused = await mutate('sendTestWebhook', endpoint.id)
    expect(refused.errors?.[0]?.extensions?.code).toBe('CONFLICT')
    await mutate('deleteWebhookEndpoint', endpoint.id)
    expect((await endpoints()).data.webhookEndpoints).toEqual([])
    expect((await deliveries({ endpointId: endpoint.id })).edges).toEqual([])
    const audit = await gateway.running.db
      .select()
      .from(auditLog)
      .where(eq(auditLog.entityId, endpoint.id))
    expect(audit.map(({ action }) => action).toSorted()).toEqual([
      'webhook-endpoint.create',
      'webhook-endpoint.delete',
      'webhook-endpoint.test',
      'webhook-endpoint.update',
    ])
  })

  test('gets another secret, and messages of both for a while', async () => {
    const { endpoint, secret } = await created()
    const rotated = await gateway.graphql<{
      rotateWebhookSecret: { secret: string; endpoint: Endpoint }
    }>(
      `mutation ($input: RotateWebhookSecretInput!) {
        rotateWebhookSecret(input: $input) { secret endpoint { ${fields} } }
      }`,
      { input: { id: endpoint.id, overlapSeconds: 60 } },
    )
    const { rotateWebhookSecret: now } = rotated.data
    secrets.push(now.secret)
    expect(now.endpoint.previousSecretExpiresAt).not.toBeNull()
    await mutate('sendTestWebhook', endpoint.id)
    const [message] = await receiver.arrived(1)
    if (!message) throw new Error('nothing arrived')
    for (const each of [secret, now.secret])
      expect(verified(each, message).type).toBe('webhook.test')
  })

  test('shows its messages in pages, and sends one again under its id', async () => {
    const { endpoint } = await created()
    receiver.next(answer(410))
    await mutate('sendTestWebhook', endpoint.id)
    await vi.waitFor(async () =>
      expect((await endpoints()).data.webhookEndpoints[0]?.enabled).toBe(false),
    )
    const failed = await deliveries({ endpointId: endpoint.id, state: 'FAILED' })
    expect(failed.edges.map(({ node }) => node)).toEqual([
      expect.objectContaining({ lastStatus: 410, attempts: 1, eventType: 'webhook.test' }),
    ])
    await gateway.graphql(
      `mutation ($input: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $input) { id } }`,
      { input: { id: endpoint.id, enabled: true } },
    )
    const id = failed.edges[0]?.node.id ?? ''
    await mutate('redeliverWebhook', id)
    await receiver.arrived(2)
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id])
    await mutate('sendTestWebhook', endpoint.id)
    await receiver.arrived(3)
    const first = await deliveries({ endpointId: endpoint.id, first: 1 })
    expect(first.pageInfo).toMatchObject({ hasNextPage: true })
    const second = await deliveries({ endpointId: endpoint.id, after: first.edges[0]?.cursor })
    expect(second.edges.map(({ node }) => node.id)).toEqual([id])
    expect(second.pageInfo).toMatchObject({ hasNextPage: false })
  })

  test.each([
    [{ url: 'http//nothing' }, /input\.url.*must be a URL/],
    [{ url: 'ftp://example.com' }, /input\.url.*must begin with https/],
    [{ url: 'https://me:secret@example.com' }, /input\.url.*user name/],
    [{ events: [] }, /input\.events.*at least one/],
    [{ events: ['weather'] }, /input\.events\.0.*must be of budget\.threshold/],
    [{ description: 'x'.repeat(501) }, /input\.description.*500/],
  ])('%j is refused', async (input, message) => {
    const { errors } = await create(input)
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_REQUEST')
    expect(errors?.[0]?.message).toMatch(message)
    expect(errors?.[0]?.message).not.toContain('secret')
  })

  test('may not be private nor without TLS unless that is configured', async () => {
    const usual = await startGateway()
    const attempt = async (url: string) => {
      const { errors } = await usual.graphql(
        `mutation ($input: CreateWebhookEndpointInput!) {
          createWebhookEndpoint(input: $input) { endpoint { id } }
        }`,
        { input: { url, events: ['usage.daily'] } },
      )
      return errors?.[0]?.message
    }
    try {
      expect(await attempt('http://example.com/')).toMatch(/must begin with https/)
      expect(await attempt('https://127.0.0.1/')).toMatch(/public Internet/)
      expect(await attempt('https://[::1]/')).toMatch(/public Internet/)
      expect(await attempt('https://example.com/')).toBeUndefined()
    } finally {
      await usual.stop()
    }
  })

  test('is one of at most fifty', async () => {
    const rows = Array.from({ length: 49 }, (_, index) => ({
      id: `whe_${index}`,
      organizationId: 'org_default',
      url: receiver.url,
      description: '',
      events: ['usage.daily' as const],
      secret: '',
      enabled: false,
    }))
    await gateway.running.db.insert(webhookEndpoints).values(rows)
    const both = await Promise.all([create(), create()])
    expect(both.flatMap(({ errors }) => errors?.[0]?.extensions?.code ?? [])).toEqual(['CONFLICT'])
  })

  test('is changed by those alone who may, and seen by its organisation alone', async () => {
    const { endpoint } = await created()
    await mutate('sendTestWebhook', endpoint.id)
    await receiver.arrived(1)
    const delivery = (await deliveries()).edges[0]?.node.id ?? ''
    const reader = await gateway.createKey({ scopes: ['READ'] })
    expect((await endpoints(reader.secret)).data.webhookEndpoints).toHaveLength(1)
    const caller = await gateway.createKey({ scopes: ['INFERENCE'] })
    expect((await endpoints(caller.secret)).errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
    await gateway.running.db.insert(organizations).values({ id: 'org_other', name: 'Other' })
    const stranger = await gateway.createKey({ scopes: ['ADMIN'], organization: 'org_other' })
    expect((await endpoints(stranger.secret)).data.webhookEndpoints).toEqual([])
    for (const [name, id] of [
      ['sendTestWebhook', endpoint.id],
      ['deleteWebhookEndpoint', endpoint.id],
      ['redeliverWebhook', delivery],
    ] as const) {
      const denied = await mutate(name, id, reader.secret)
      expect([name, denied.errors?.[0]?.extensions?.code]).toEqual([name, 'PERMISSION_DENIED'])
      const unknown = await mutate(name, id, stranger.secret)
      expect([name, unknown.errors?.[0]?.extensions?.code]).toEqual([name, 'NOT_FOUND'])
    }
    const strange = await mutate('redeliverWebhook', 'x\0')
    expect(strange.errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
  })
})

test('no secret was logged or is shown again, nor is the URL logged', async () => {
  await created()
  expect(secrets.length).toBeGreaterThan(5)
  const shown = JSON.stringify([await endpoints(), await deliveries({ first: 100 })])
  const audit = JSON.stringify(await gateway.running.db.select().from(auditLog), (_key, value) =>
    typeof value === 'bigint' ? String(value) : (value as unknown),
  )
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const bare = secret.slice('whsec_'.length)
    for (const text of [shown, audit, gateway.logs()]) expect(text.includes(bare)).toBe(false)
  }
  expect(gateway.logs()).not.toContain('of-the-url')
})
