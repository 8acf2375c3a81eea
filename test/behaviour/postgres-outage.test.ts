import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { newApiKey } from '../../src/lib/api-key-format.ts'
import { onServer, startPostgres, type PostgresServer } from '../support/services-postgres.ts'

let server: PostgresServer
let url: string
let gateway: TestGateway

beforeAll(async () => {
  server = await startPostgres()
  url = server.urlOf('postgres')
  await migrate({ url })
})

afterAll(() => server.stop())

beforeEach(async () => {
  gateway = await startGateway('[providers.demo]\ntoken_delay_ms = 1', {
    DATABASE_URL: url,
    XROUTER_MASTER_KEY: 'the-master-key-of-this-test',
  })
})

afterEach(() => gateway.stop())

/** How often each id is in the table. */
async function written(): Promise<Map<string, number>> {
  const rows = await onServer(
    url,
    (sql) => sql<{ id: string; count: number; attempts: number }[]>`
      select requests.id, count(*)::int as count from requests
        join attempts on attempts.request_id = requests.id
        where requests.status = 'succeeded' group by requests.id`,
  )
  return new Map(rows.map((row) => [row.id, row.count]))
}

const status = (path: string, key?: string) =>
  fetch(gateway.url + path, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  })

describe('Postgres stops under load and starts again', () => {
  test('no completion fails, and each is written once, without a restart', async () => {
    const { secret } = await gateway.createKey()
    const load = startLoad(gateway, secret)
    await load.more(30)
    for (let outage = 0; outage < 3; outage += 1) {
      await server.halt()
      await load.more(60)
      await delay(300)
      await server.resume()
      await load.more(30)
    }
    await load.stop()
    expect(load.failures).toEqual([])
    await expect
      .poll(async () => (await written()).size, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(load.received.length)
    const rows = await written()
    expect(load.received.filter((id) => rows.get(id) !== 1)).toEqual([])
    expect(new Set(load.received).size).toBe(load.received.length)
    expect(rows.size).toBe(load.received.length)
    console.log(`3 outages of Postgres: ${load.received.length} answers, ${rows.size} rows`)
  }, 60_000)
})

describe('while Postgres is away', () => {
  beforeEach(() => server.halt())
  afterEach(() => server.resume())

  test('a key that nobody can check is 503 in every door, the master key works', async () => {
    const unknown = newApiKey('free')
    const answer = await status('/v1/models', unknown)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({
      error: { code: 'overloaded', message: expect.stringContaining('could not be checked') },
    })
    const graphql = await gateway.graphql('{ viewer { id } }', {}, unknown)
    expect(graphql.errors).toMatchObject([{ extensions: { code: 'OVERLOADED' } }])
    const done = await gateway.openai('the-master-key-of-this-test').chat.completions.create({
      model: 'demo/echo',
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(done.choices[0]?.message.content).toBe('hi')
  })

  test('what must be read from it is refused with OVERLOADED, and is no bug', async () => {
    const query = '{ requests { edges { node { id } } } }'
    const answer = await gateway.graphql(query, {}, 'the-master-key-of-this-test')
    expect(answer.errors).toMatchObject([{ extensions: { code: 'OVERLOADED', retryable: true } }])
    expect(gateway.logs()).not.toContain('"msg":"bug')
  })

  test('readiness says which part is missing, and liveness does not mind', async () => {
    const ready = await status('/ready')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ checks: { database: 'unreachable' } })
    expect((await status('/health')).status).toBe(200)
  })

  test('the log says so now and then, without the statement and without credentials', async () => {
    await gateway.openai('the-master-key-of-this-test').chat.completions.create({
      model: 'demo/echo',
      messages: [{ role: 'user', content: 'hi' }],
    })
    await expect.poll(() => gateway.logs()).toContain('ECONNREFUSED')
    expect(gateway.logs()).not.toMatch(/insert into|select "/)
  })
})
