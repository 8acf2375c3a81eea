import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openClient } from '../../src/db/client.ts'
import { apiKeys } from '../../src/db/schema/api-key.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import type { Ledger, LedgerEntry } from '../../src/gateway/ledger.ts'
import { openLedger, type OpenLedger } from '../../src/gateway/open-ledger.ts'
import { pino } from 'pino'
import { startDatabase } from '../support/gateway.ts'
import { OneRequest, RequestDetails, RequestLog } from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'
import { silentWebhooks } from '../support/webhooks.ts'

const rows = 230
const start = Date.UTC(2026, 10, 20)
const organization = 'org_test'

let database: Awaited<ReturnType<typeof startDatabase>>
let sql: postgres.Sql
const folder = mkdtempSync(join(tmpdir(), 'xrouter-requests-'))
let open: OpenLedger
let ledger: Ledger
let server: TestServer
const statements: string[] = []

beforeAll(async () => {
  database = await startDatabase()
  sql = openClient(database.address, {
    max: 1, // connections to PGlite share one session, and mix up their statements
    debug: (_connection: number, text: string) => void statements.push(text),
  })
  const db = drizzle({ client: sql })
  open = openLedger({
    dataDir: folder,
    db,
    logger: pino({ level: 'silent' }),
    onJournalFailure: () => {},
  })
  ledger = open.ledger
  await db.insert(organizations).values([
    { id: organization, name: 'Test' },
    { id: 'org_other', name: 'Other' },
  ])
  for (const [index, id] of ['key_a', 'key_b', 'key_c'].entries()) {
    await db.insert(apiKeys).values({
      id,
      organizationId: index < 2 ? organization : 'org_other',
      name: `Key ${index}`,
      prefix: 'xr-free-abcd',
      hash: Buffer.from(id),
      tier: 'free',
      scopes: ['INFERENCE'],
    })
  }
  for (let index = 0; index < rows; index += 1) await ledger.settle(entryOf(index))
  await ledger.settle({ ...entryOf(rows), organization: 'org_other', apiKeyId: 'key_c' })
  await ledger.flush()
  server = await startGraphql({
    services: {
      db,
      ledger,
      hashApiKey: (key) => Buffer.from(key),
      bus: { publish: async () => {} },
      webhooks: silentWebhooks,
    },
    ledger,
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
  statements.length = 0
})

/** Ten requests share each moment, so that the id decides their order. Every third fell over once. */
function entryOf(index: number): LedgerEntry {
  const model = index % 2 === 0 ? 'test/words' : 'other/words'
  const provider = model.slice(0, model.indexOf('/'))
  const fails = index % 23 === 0
  const startedAt = new Date(start + Math.floor(index / 10) * 1000)
  const usage = { inputTokens: 10, outputTokens: index, estimated: false }
  const failed = { provider, model: 'test/fails', status: 'failed' as const, startedAt }
  const answered = { provider, model, status: 'succeeded' as const, startedAt, usage }
  const attempts = [
    ...(index % 3 === 0 ? [{ ...failed, errorCode: 'PROVIDER_ERROR' as const }] : []),
    ...(fails ? [] : [answered]),
  ].map((attempt, at) => ({ ...attempt, number: at + 1, latencyMs: 5 }))
  return {
    settlement: {
      requestId: idOf(index),
      status: fails ? 'failed' : 'succeeded',
      attempts,
      ...(!fails && { model, provider, usage, cost: { currency: 'USD', nanos: 1500n } }),
    },
    organization,
    apiKeyId: index % 5 === 0 ? null : index % 2 === 0 ? 'key_a' : 'key_b',
    createdAt: startedAt,
    door: 'rest',
    requestedModel: 'fast',
    stream: false,
    latencyMs: 12.5,
    ...(fails && { errorCode: 'PROVIDER_ERROR' as const }),
  }
}

function idOf(index: number): string {
  return `req_${String(index).padStart(4, '0')}`
}

async function page(variables: object) {
  const { data, errors } = await server.run(RequestLog, variables)
  expect(errors).toBeUndefined()
  if (!data) throw new Error('the page is missing')
  const { edges, pageInfo } = data.requests
  return {
    ids: edges.map((edge) => edge.node.id),
    cursors: edges.map((edge) => edge.cursor),
    pageInfo,
  }
}

async function allPages(variables: object): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null = null; ;) {
    const { ids: found, pageInfo } = await page({ ...variables, after })
    ids.push(...found)
    if (!pageInfo.hasNextPage) return ids
    after = pageInfo.endCursor
  }
}

const newestFirst = Array.from({ length: rows }, (_, index) => idOf(rows - 1 - index))

describe('the request log', () => {
  test('has twenty to a page unless told', async () => {
    const { ids, cursors, pageInfo } = await page({})
    expect(ids).toEqual(newestFirst.slice(0, 20))
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: cursors[0],
      endCursor: cursors[19],
    })
  })

  test.each([100, 33, 10])('is read whole in pages of %i', async (first) => {
    expect(await allPages({ first })).toEqual(newestFirst)
  })

  test('keeps its cursors while newer requests arrive', async () => {
    const before = await page({ first: 7 })
    await ledger.settle({ ...entryOf(9000), createdAt: new Date(start + 9_000_000) })
    const newest = await page({ first: 1 })
    expect(newest.ids).toEqual([idOf(9000)])
    const next = await page({ first: 7, after: before.pageInfo.endCursor })
    expect(next.ids).toEqual(newestFirst.slice(7, 14))
    expect(next.pageInfo.hasPreviousPage).toBe(true)
    await sql`delete from requests where id = ${idOf(9000)}`
  })

  test('is filtered', async () => {
    const even = newestFirst.filter((id) => Number(id.slice(4)) % 2 === 0)
    const answered = even.filter((id) => Number(id.slice(4)) % 23 !== 0)
    expect(await allPages({ first: 100, model: 'test/words' })).toEqual(answered)
    expect(await allPages({ first: 100, provider: 'test' })).toEqual(answered)
    const [from, to] = [5, 7].map((seconds) => new Date(start + seconds * 1000).toISOString())
    const within = await allPages({ first: 7, from, to })
    expect(within.toSorted()).toEqual(Array.from({ length: 20 }, (_, index) => idOf(50 + index)))
    const failed = await allPages({ first: 100, status: 'failed' })
    expect(failed).toEqual(newestFirst.filter((id) => Number(id.slice(4)) % 23 === 0))
    expect(await allPages({ first: 100, status: 'cancelled' })).toEqual([])
  })

  test('loads the attempts and keys of a whole page with one statement each', async () => {
    const { data, errors } = await server.run(RequestDetails, { first: 100 })
    expect(errors).toBeUndefined()
    expect(data?.requests.edges).toHaveLength(100)
    expect(statements.filter((text) => text.startsWith('select'))).toHaveLength(3)
    const byId = new Map(data?.requests.edges.map(({ node }) => [node.id, node]))
    expect(byId.get(idOf(222))).toEqual({
      id: idOf(222),
      attempts: [
        { number: 1, model: 'test/fails', status: 'FAILED', usage: null },
        { number: 2, model: 'test/words', status: 'SUCCEEDED', usage: { inputTokens: 10 } },
      ],
      apiKey: { id: 'key_a', name: 'Key 0', scopes: ['INFERENCE'] },
    })
    expect(byId.get(idOf(220))?.apiKey).toBeNull()
  })

  test('asks for no more than what the operation selects', async () => {
    await page({ first: 50 })
    expect(statements).toHaveLength(1)
  })
})

describe('one request', () => {
  test('has everything that is known of it', async () => {
    const { data } = await server.run(OneRequest, { id: idOf(3) })
    expect(data?.request).toEqual({
      id: idOf(3),
      createdAt: '2026-11-20T00:00:00.000Z',
      model: 'other/words',
      requestedModel: 'fast',
      provider: 'other',
      status: 'succeeded',
      stream: false,
      latencyMs: 12.5,
      errorCode: null,
      usage: {
        inputTokens: 10,
        outputTokens: 3,
        reasoningTokens: null,
        totalTokens: 13,
        estimated: false,
        cost: { amount: '0.0000015', currency: 'USD' },
      },
      attempts: [
        { number: 1, errorCode: 'PROVIDER_ERROR' },
        { number: 2, errorCode: null },
      ],
      apiKey: { id: 'key_b' },
    })
  })

  test('that failed shows the model that was asked for, and no usage', async () => {
    const { data } = await server.run(OneRequest, { id: idOf(23) })
    expect(data?.request).toMatchObject({
      model: 'fast',
      provider: null,
      status: 'failed',
      errorCode: 'PROVIDER_ERROR',
      usage: null,
      attempts: [],
    })
  })

  test.each(['req_unknown', idOf(rows)])(
    '%s, which is not of this organisation, is null',
    async (id) => {
      expect(await server.run(OneRequest, { id })).toEqual({ data: { request: null } })
    },
  )

  test('is there as soon as its completion was answered', async () => {
    const { data } = await server.run(`mutation {
      createCompletion(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
        ... on Completion { id }
      }
    }`)
    const id: string = Object(data).createCompletion.id
    const found = await server.run(OneRequest, { id }, { key: 'reader' })
    expect(found.data?.request).toMatchObject({ id, status: 'succeeded', provider: 'test' })
  })
})
