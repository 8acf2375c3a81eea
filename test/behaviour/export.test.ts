import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { parse } from 'csv-parse/sync'
import { eq, sum } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ledgerEntries } from '../../src/db/schema/ledger-entry.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { requests } from '../../src/db/schema/request.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { formatNanos, parseNanos } from '../../src/lib/decimal.ts'
import { defaultOrganization } from '../../src/services/api-keys.ts'
import { exportPageRows } from '../../src/services/usage-export.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { usageEntry } from '../support/usage-entries.ts'

/** With its long names more than all buffers between the database and a client that does not read. */
const count = 10_400
const start = Date.parse('2026-11-02T00:00:00Z')
const longName = 'x'.repeat(3_000)
const evil = '=HYPERLINK("https://evil.example")'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
  const entries = Array.from({ length: count }, (_, index) =>
    usageEntry(defaultOrganization, {
      createdAt: new Date(start + index * 1_000),
      user: index % 100 === 0 ? evil : `user "${index % 10}", of\nours`,
      requestedModel: longName,
      ...(index % 10 === 0 && { tags: { note: 'a, b' } }),
      attempts: [{ cost: { currency: 'USD', nanos: 1_000_000_007n * BigInt(index + 1) } }],
    }),
  )
  for (let at = 0; at < count; at += 500) {
    await writeRows(gateway.running.db, entries.slice(at, at + 500).map(rowsOf))
  }
  await writeRows(gateway.running.db, [rowsOf(usageEntry('org_other', { user: 'a stranger' }))])
})

afterAll(() => gateway.stop())

function ask(path: string, { key = gateway.adminKey, accept = '*/*' } = {}): Promise<Response> {
  return fetch(gateway.url + path, { headers: { authorization: `Bearer ${key}`, accept } })
}

/** An answer that is not read until the test does. */
async function unread(path: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${gateway.adminKey}` }
  const sent = httpRequest(gateway.url + path, { headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

const rowsOfCsv = (text: string): Record<string, string>[] => parse(text, { columns: true })

/** Resolves when a number stands still for a while, as all buffers are full. */
async function settled(read: () => number): Promise<number> {
  let before = -1
  await vi.waitFor(
    () => {
      const now = read()
      const still = now === before
      before = now
      if (!still) throw new Error(`still moving: ${now}`)
    },
    { interval: 300, timeout: 20_000 },
  )
  return before
}

describe('the export of the log', () => {
  test('as CSV is the ledger, to the nano-unit, whatever is in a name', async () => {
    const response = await ask('/v1/requests/export?format=csv')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="requests.csv"')
    const rows = rowsOfCsv(await response.text())
    expect(rows).toHaveLength(count)
    const [booked] = await gateway.running.db
      .select({ nanos: sum(ledgerEntries.nanos) })
      .from(ledgerEntries)
      .where(eq(ledgerEntries.organizationId, defaultOrganization))
    const total = (column: string) =>
      rows.reduce((nanos, row) => nanos + parseNanos(row[column]?.replace(' USD', '') ?? ''), 0n)
    expect(total('cost')).toBe(BigInt(booked?.nanos ?? 0))
    expect(total('booked')).toBe(BigInt(booked?.nanos ?? 0))
    expect(rows.at(-1)).toMatchObject({
      created_at: '2026-11-02T00:00:00.000Z',
      user: `'${evil}`,
      currency: 'USD',
      cost: '1.000000007',
      booked: '1.000000007 USD',
      stream: 'false',
      error_code: '',
      requested_model: longName,
      tags: '{"note":"a, b"}',
    })
    expect(rows.at(-2)?.['user']).toBe('user "1", of\nours')
    expect(rows.some(({ user }) => user === 'a stranger')).toBe(false)
  })

  test('as JSON and by line is the same', async () => {
    const query = 'from=2026-11-02T00:00:00Z&to=2026-11-02T03:00:00%2B02:00'
    const [list, lines] = await Promise.all([
      ask(`/v1/requests/export?${query}`),
      ask(`/v1/requests/export?${query}`, { accept: 'application/x-ndjson' }),
    ])
    expect(list.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    const objects = (await list.json()) as Record<string, unknown>[]
    const text = await lines.text()
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(objects)
    expect(objects).toHaveLength(3_600)
    expect(objects.at(-1)).toMatchObject({
      user: evil,
      tags: { note: 'a, b' },
      stream: false,
      error_code: null,
      input_tokens: 10,
      cost: '1.000000007',
    })
  })

  test('without rows has its head', async () => {
    const response = await ask('/v1/requests/export?format=csv&model=nobody/nothing')
    expect(await response.text()).toMatch(/^id,created_at,api_key_id,user,.*,booked\r\n$/)
    const lines = await ask('/v1/requests/export?format=ndjson&model=nobody/nothing')
    expect([lines.status, await lines.text()]).toEqual([200, ''])
  })
})

describe('the export of usage', () => {
  const november = 'from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z'

  test('equals the ledger, over all groups', async () => {
    const path = `/v1/usage/export?${november}&group_by=user,model&granularity=day`
    const response = await ask(path, { accept: 'text/csv' })
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="usage.csv"')
    const rows = rowsOfCsv(await response.text())
    const nanos = (BigInt(count) * BigInt(count + 1) * 1_000_000_007n) / 2n
    const sumOf = rows.reduce((total, { cost = '' }) => total + parseNanos(cost), 0n)
    expect(formatNanos(sumOf)).toBe(formatNanos(nanos))
    expect(rows.reduce((total, row) => total + Number(row['requests']), 0)).toBe(count)
    expect(rows[0]).toMatchObject({ time: '2026-11-02T00:00:00.000Z', model: 'openai/gpt-4o' })
    expect(new Set(rows.map(({ user }) => user))).toContain(`'${evil}`)
  })

  test('of tags has their values', async () => {
    const response = await ask(`/v1/usage/export?${november}&group_by=tag`)
    expect(await response.json()).toEqual([
      expect.objectContaining({
        time: null,
        tag_name: 'note',
        tag_value: 'a, b',
        requests: count / 10,
        latency_p50_ms: expect.any(Number),
      }),
    ])
  })
})

describe('a reader', () => {
  const path = '/v1/requests/export?format=ndjson'
  const pagesMax = Math.ceil(count / exportPageRows)
  /** Whether a query is that of a page; others read the database in the background. */
  const isPage = ([columns = {}]: readonly unknown[]): boolean =>
    Object.hasOwn(Object(columns), 'requestedModel')

  test('that does not read holds the database back; one that goes on gets everything', async () => {
    const select = vi.spyOn(gateway.running.db, 'select')
    const pages = () => select.mock.calls.filter(isPage).length
    const response = await unread(path)
    expect(await settled(pages)).toBeLessThan(pagesMax - 3)
    let lines = 0
    for await (const chunk of response.setEncoding('utf8')) {
      lines += String(chunk).split('\n').length - 1
    }
    expect(lines).toBe(count)
    expect(pages()).toBe(pagesMax)
    select.mockRestore()
  })

  test('that leaves ends the reading', async () => {
    const select = vi.spyOn(gateway.running.db, 'select')
    const pages = () => select.mock.calls.filter(isPage).length
    const response = await unread(path)
    const before = await settled(pages)
    response.destroy()
    expect(await settled(pages)).toBeLessThanOrEqual(before + 1)
    expect(pages()).toBeLessThan(pagesMax - 3)
    select.mockRestore()
  })

  test.each(['csv', 'json', 'ndjson'])('of %s sees that it broke off', async (format) => {
    const { db } = gateway.running
    const select = db.select.bind(db)
    let calls = 0
    const broken = vi.spyOn(db, 'select').mockImplementation(((columns: never) => {
      if (isPage([columns])) calls += 1
      if (calls === 5) throw new Error('the database is gone')
      return select(columns)
    }) as typeof db.select)
    const response = await ask(`/v1/requests/export?format=${format}`)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
    broken.mockRestore()
    expect(gateway.logs()).toContain('an export broke off')
  })

  test('of what fails at once gets a status', async () => {
    const broken = vi.spyOn(gateway.running.db, 'select').mockImplementation(() => {
      throw new Error('the database is gone')
    })
    const response = await ask(`/v1/requests/export`)
    broken.mockRestore()
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ error: { code: 'internal_error' } })
  })
})

describe('who may, and how', () => {
  test('needs READ, and sees the own organisation alone', async () => {
    const caller = await gateway.createKey({ scopes: ['INFERENCE'] })
    for (const path of ['/v1/requests/export', '/v1/usage/export?from=2026-11-01&to=2026-11-30']) {
      const refused = await ask(path, { key: caller.secret })
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({ error: { code: 'permission_denied' } })
    }
    await gateway.running.db.insert(organizations).values({ id: 'org_other', name: 'Other' })
    const other = await gateway.createKey({ scopes: ['READ'], organization: 'org_other' })
    const log = await ask('/v1/requests/export', { key: other.secret })
    expect(await log.json()).toEqual([expect.objectContaining({ user: 'a stranger' })])
    const usage = await ask('/v1/usage/export?from=2026-11-01&to=2026-11-30&group_by=user', {
      key: other.secret,
    })
    expect(await usage.json()).toEqual([expect.objectContaining({ user: 'a stranger' })])
  })

  test.each([
    ['/v1/usage/export', 'from'],
    ['/v1/usage/export?from=2026-11-01', 'to'],
    ['/v1/usage/export?from=yesterday&to=2026-11-02', 'from'],
    ['/v1/usage/export?from=2026-11-01T00:00:00&to=2026-11-02', 'from'],
    ['/v1/usage/export?from=2026-11-02&to=2026-11-01', 'to'],
    ['/v1/usage/export?from=2025-01-01&to=2026-11-01', 'to'],
    ['/v1/usage/export?from=2026-11-01&to=2026-11-02&group_by=colour', 'group_by'],
    ['/v1/usage/export?from=2026-11-01&to=2026-11-02&granularity=week', 'granularity'],
    ['/v1/usage/export?from=2026-11-01&to=2026-11-02&colour=red', 'colour'],
    ['/v1/requests/export?format=xlsx', 'format'],
    ['/v1/requests/export?status=asleep', 'status'],
    ['/v1/requests/export?model=', 'model'],
    ['/v1/requests/export?model=a/b&model=c/d', 'model'],
    ['/v1/requests/export?from=2026-11-02&to=2026-11-01', 'to'],
  ])('%s is refused for %s', async (path, param) => {
    const response = await ask(path)
    const body = (await response.json()) as { error: { param: string; message: string } }
    expect([response.status, body.error.param]).toEqual([400, param])
    expect(body.error.message).toContain(`\`${param}\``)
  })

  test('a client that takes none of the formats is told so', async () => {
    const response = await ask('/v1/requests/export', { accept: 'text/html' })
    expect(response.status).toBe(406)
  })

  test('groups may also be named one by one', async () => {
    const span = 'from=2026-11-01&to=2026-12-01'
    const both = await ask(`/v1/usage/export?${span}&group_by=model&group_by=provider`)
    expect(await both.json()).toEqual([
      expect.objectContaining({ model: 'openai/gpt-4o', provider: 'openai', requests: count }),
    ])
  })

  test('HEAD reads nothing', async () => {
    const headers = { authorization: `Bearer ${gateway.adminKey}` }
    const response = await fetch(`${gateway.url}/v1/requests/export`, { method: 'HEAD', headers })
    expect(response.status).toBe(404)
  })

  test('a request that was just answered is in it', async () => {
    await gateway.openai().chat.completions.create({
      model: 'demo/echo',
      messages: [{ role: 'user', content: 'hello' }],
    })
    const response = await ask('/v1/requests/export?model=demo/echo')
    expect(await response.json()).toEqual([
      expect.objectContaining({ status: 'succeeded', provider: 'demo', door: 'rest' }),
    ])
    const [row] = await gateway.running.db
      .select()
      .from(requests)
      .where(eq(requests.model, 'demo/echo'))
    expect(row?.status).toBe('succeeded')
  })
})
