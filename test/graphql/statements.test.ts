import { drizzle } from 'drizzle-orm/postgres-js'
import { pino } from 'pino'
import type postgres from 'postgres'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openClient } from '../../src/db/client.ts'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { budgets } from '../../src/db/schema/budget.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { webhookDeliveries } from '../../src/db/schema/webhook-delivery.ts'
import { webhookEndpoints } from '../../src/db/schema/webhook-endpoint.ts'
import { rateLimits } from '../../src/db/schema/rate-limit.ts'
import { openLedger, type OpenLedger } from '../../src/gateway/open-ledger.ts'
import { schema } from '../../src/graphql/schema.ts'
import { startDatabase } from '../support/gateway.ts'
import { refused, usageEntry } from '../support/usage-entries.ts'
import { startGraphql, type TestServer } from './support.ts'
import { silentWebhooks } from '../support/webhooks.ts'

const organization = 'org_test'
const folder = mkdtempSync(join(tmpdir(), 'xrouter-statements-'))

let database: Awaited<ReturnType<typeof startDatabase>>
let sql: postgres.Sql
let open: OpenLedger
let server: TestServer
let statements: string[] = []

beforeAll(async () => {
  database = await startDatabase()
  sql = openClient(database.address, {
    max: 1, // connections to PGlite share one session, and mix up their statements
    debug: (_connection: number, text: string) => void statements.push(text),
  })
  const db = drizzle({ client: sql })
  const logger = pino({ level: 'silent' })
  open = openLedger({ dataDir: folder, db, logger, onJournalFailure: () => {} })
  await db.insert(organizations).values({ id: organization, name: 'Test' })
  const keys = ['key_a', 'key_b', 'key_c', 'key_d', 'key_e', 'key_caller']
  await db.insert(apiKeys).values(
    keys.map((id) => ({
      id,
      organizationId: organization,
      name: id,
      prefix: 'xr-free-abcd',
      hash: Buffer.from(id),
      tier: 'free',
      scopes: ['INFERENCE' as const],
    })),
  )
  const owned = { organizationId: organization, scope: 'user' as const }
  await db.insert(rateLimits).values({ ...owned, id: 'limit_a', subject: 'bob' })
  await db.insert(budgets).values(
    ['budget_a', 'budget_b'].map((id) => ({
      ...owned,
      id,
      name: id,
      subject: 'bob',
      limitNanos: 5_000_000_000n,
      currency: 'USD',
      period: 'month' as const,
      thresholds: [80],
      stopStreamAtLimit: false,
    })),
  )
  await db.insert(webhookEndpoints).values(
    ['whe_a', 'whe_b'].map((id) => ({
      id,
      organizationId: organization,
      url: 'https://example.com/',
      description: '',
      events: ['usage.daily' as const],
      secret: '',
      enabled: true,
    })),
  )
  await db.insert(webhookDeliveries).values({
    id: 'msg_a',
    organizationId: organization,
    endpointId: 'whe_a',
    eventType: 'usage.daily',
    payload: '{}',
    state: 'failed',
    attempts: 10,
    createdAt: new Date(0),
  })
  for (let index = 0; index < 50; index += 1) {
    const apiKeyId = keys[index % 3] ?? null
    const attempts = index % 2 === 0 ? [refused, {}] : [{}]
    const id = `req_log_${index}`
    await open.ledger.settle(usageEntry(organization, { id, apiKeyId, attempts }))
  }
  await open.ledger.flush()
  const hashApiKey = (key: string) => Buffer.from(key)
  const bus = { publish: async () => {} }
  const { ledger } = open
  const answers = { invalidate: async () => 0 }
  server = await startGraphql({
    services: { db, ledger, hashApiKey, bus, answers, webhooks: silentWebhooks },
  })
})

afterAll(async () => {
  await server.stop()
  await open.close()
  rmSync(folder, { recursive: true, force: true })
  await sql.end()
  await database.stop()
})

beforeEach(() => {
  statements = []
})

const request = `id usage { cost { amount } } attempts { number usage { totalTokens } } apiKey { id name }`
const page = (node: string) => `edges { cursor node { ${node} } } pageInfo { endCursor }`
const day = `from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z"`

/** For each root: an operation that selects all that could be loaded one by one, and its statements. */
const operations: Record<string, [operation: string, statements: string[]]> = {
  viewer: ['{ viewer { id scopes tier } }', []],
  models: ['{ models { id prices { perMillion { amount } } } }', []],
  model: ['{ model(id: "test/words") { id prices { perMillion { amount } } } }', []],
  providers: ['{ providers { id models { id prices { tokenClass } } health { state } } }', []],
  providerHealth: ['{ providerHealth { provider state reason since } }', []],
  requests: [
    `{ requests(first: 50) { ${page(request)} } }`,
    ['select requests', 'select attempts', 'select api_keys'],
  ],
  request: [
    `{ request(id: "req_log_7") { ${request} } }`,
    ['select requests', 'select attempts', 'select api_keys'],
  ],
  usage: [
    `{ usage(filter: { ${day} }, groupBy: [API_KEY, MODEL], granularity: HOUR) {
        key requests cost { amount } apiKey { id name } } }`,
    ['select usage_rollups', 'select api_keys'],
  ],
  apiKeys: [`{ apiKeys(first: 50) { ${page('id name scopes models')} } }`, ['select api_keys']],
  createApiKey: [
    'mutation { createApiKey(input: { name: "x" }) { apiKey { id name } secret } }',
    ['begin', 'insert api_keys', 'select api_keys', 'insert audit_log', 'commit'],
  ],
  updateApiKey: [
    'mutation { updateApiKey(input: { id: "key_d", name: "x" }) { id name } }',
    ['begin', 'select api_keys', 'update api_keys', 'insert audit_log', 'commit'],
  ],
  rotateApiKey: [
    'mutation { rotateApiKey(input: { id: "key_d", overlapSeconds: 60 }) { apiKey { id } secret } }',
    ['begin', 'select api_keys', 'update api_keys', 'insert audit_log', 'commit'],
  ],
  revokeApiKey: [
    'mutation { revokeApiKey(id: "key_e") { id revokedAt } }',
    ['begin', 'update api_keys', 'insert audit_log', 'commit'],
  ],
  createAdjustment: [
    'mutation { createAdjustment(input: { requestId: "req_log_1", currency: "USD", amountNanos: "5", reason: "x" }) { id } }',
    ['begin', 'select requests', 'insert ledger_entries', 'insert audit_log', 'commit'],
  ],
  invalidateCache: [
    'mutation { invalidateCache(input: { all: true }) { removed } }',
    ['insert audit_log'],
  ],
  tiers: ['{ tiers { name rates { requestsPerMinute } } }', ['select tiers']],
  rateLimits: [
    '{ rateLimits { id scope subject rates { requestsPerMinute } } }',
    ['select rate_limits'],
  ],
  budgets: ['{ budgets { id name limit { amount } } }', ['select budgets']],
  explainRoute: [
    `{ explainRoute(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
        model candidates { deployment estimatedCost { amount } } excluded { reason } } }`,
    [],
  ],
  updateTier: [
    'mutation { updateTier(input: { name: "free", rates: { requestsPerMinute: 9 } }) { name } }',
    ['select tiers', 'begin', 'insert tiers', 'insert audit_log', 'commit'],
  ],
  setRateLimit: [
    'mutation { setRateLimit(input: { scope: USER, subject: "ann", rates: { requestsPerMinute: 9 } }) { id } }',
    ['begin', 'insert rate_limits', 'insert audit_log', 'commit'],
  ],
  deleteRateLimit: [
    'mutation { deleteRateLimit(id: "limit_a") { id } }',
    ['begin', 'delete', 'insert audit_log', 'commit'],
  ],
  createBudget: [
    `mutation { createBudget(input: { name: "x", scope: USER, subject: "ann", currency: "USD",
        limit: "5", period: MONTH }) { id } }`,
    ['begin', 'insert budgets', 'insert audit_log', 'commit'],
  ],
  updateBudget: [
    'mutation { updateBudget(input: { id: "budget_a", limit: "7" }) { id } }',
    ['begin', 'update budgets', 'insert audit_log', 'commit'],
  ],
  deleteBudget: [
    'mutation { deleteBudget(id: "budget_b") { id } }',
    ['begin', 'delete', 'insert audit_log', 'commit'],
  ],
  webhookEndpoints: ['{ webhookEndpoints { id url events } }', ['select webhook_endpoints']],
  webhookDeliveries: [
    `{ webhookDeliveries(first: 50) { ${page('id state payload endpointId')} } }`,
    ['select webhook_deliveries'],
  ],
  createWebhookEndpoint: [
    `mutation { createWebhookEndpoint(input: { url: "https://example.com", events: ["usage.daily"] }) {
        secret endpoint { id } } }`,
    [
      'begin',
      'select organizations',
      'select webhook_endpoints',
      'insert webhook_endpoints',
      'insert audit_log',
      'commit',
    ],
  ],
  updateWebhookEndpoint: [
    'mutation { updateWebhookEndpoint(input: { id: "whe_a", description: "x" }) { id } }',
    ['begin', 'update webhook_endpoints', 'insert audit_log', 'commit'],
  ],
  rotateWebhookSecret: [
    'mutation { rotateWebhookSecret(input: { id: "whe_a", overlapSeconds: 9 }) { secret } }',
    ['begin', 'update webhook_endpoints', 'insert audit_log', 'commit'],
  ],
  sendTestWebhook: [
    'mutation { sendTestWebhook(id: "whe_a") { id } }',
    [
      'begin',
      'select webhook_endpoints',
      'insert webhook_deliveries',
      'insert audit_log',
      'commit',
    ],
  ],
  redeliverWebhook: [
    'mutation { redeliverWebhook(id: "msg_a") { id } }',
    [
      'begin',
      'select webhook_deliveries',
      'update webhook_deliveries',
      'insert audit_log',
      'commit',
    ],
  ],
  deleteWebhookEndpoint: [
    'mutation { deleteWebhookEndpoint(id: "whe_b") { id } }',
    ['begin', 'delete', 'insert audit_log', 'commit'],
  ],
  createCompletion: [
    `mutation { createCompletion(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
        ... on Completion { id usage { cost { amount } } attempts { number } } } }`,
    [],
  ],
  createEmbedding: [
    `mutation { createEmbedding(input: { model: "test/words", input: ["Hi"] }) {
        ... on EmbeddingError { code } } }`,
    [],
  ],
  completion: [
    `subscription { completion(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
        sequence ... on CompletionFinished { completion { id } } } }`,
    [],
  ],
}

/** What a statement does to which table. */
function brief(text: string): string {
  const [verb = '', table] = [
    /^\s*(\w+)/.exec(text)?.[1],
    /(?:from|into|update) "?(\w+)/.exec(text)?.[1],
  ]
  if (verb === 'with') {
    const inserted = [...text.matchAll(/insert into "?(\w+)/g)].map((match) => match[1])
    return `with ${inserted.join(', ')}`
  }
  return ['select', 'insert', 'update'].includes(verb) ? `${verb} ${table}` : verb
}

/** What an operation asked of the database; what a completion leaves to the ledger is not of it. */
async function statementsOf(operation: string): Promise<string[]> {
  if (operation.startsWith('subscription')) {
    for await (const { errors } of server.sse(operation)) expect(errors).toBeUndefined()
  } else expect((await server.run(operation)).errors).toBeUndefined()
  return statements.map(brief)
}

describe('the statements of an operation', () => {
  test.each(Object.entries(operations))('%s', async (_root, [operation, expected]) => {
    expect(await statementsOf(operation)).toEqual(expected)
  })

  test('are known for every root', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    const names = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}))
    expect(Object.keys(operations).toSorted()).toEqual([...new Set(names)].toSorted())
  })

  test('are none for the health of providers, at once and told', async () => {
    for await (const answer of server.sse('subscription { providerHealth { provider state } }')) {
      expect(answer.data).toMatchObject({ providerHealth: { provider: expect.any(String) } })
      break
    }
    expect(statements).toEqual([])
  })

  test('are one for the own key, where it is asked for', async () => {
    const operation = '{ viewer { id apiKey { name tags } } }'
    const { data } = await server.run(operation, {}, { key: 'caller' })
    expect(data).toMatchObject({ viewer: { apiKey: { name: 'key_caller', tags: null } } })
    expect(statements.map(brief)).toEqual(['select api_keys'])
  })

  test('are no more for a hundred requests than for one', async () => {
    const counts: number[] = []
    for (const first of [1, 10, 50]) {
      statements = []
      counts.push((await statementsOf(`{ requests(first: ${first}) { ${page(request)} } }`)).length)
    }
    expect(counts).toEqual([3, 3, 3])
  })

  test('are shared by the parts of an operation that ask for the same things', async () => {
    const log = [1, 2, 3].map((id) => `r${id}: request(id: "req_log_${id}") { ${request} }`)
    expect(await statementsOf(`{ ${log.join(' ')} }`)).toEqual([
      'select requests',
      'select attempts',
      'select api_keys',
    ])
  })
})

test('a batch of the ledger is five statements, however many requests it has', async () => {
  for (const size of [1, 40]) {
    for (let index = 0; index < size; index += 1) {
      const tags = { index, size }
      await open.ledger.settle(usageEntry(organization, { apiKeyId: 'key_a', tags }))
    }
    statements = []
    await open.ledger.flush()
    expect(statements.map(brief)).toEqual([
      'begin',
      'with requests, attempts, ledger_entries',
      'update api_keys',
      'insert usage_rollups',
      'commit',
    ])
  }
})
