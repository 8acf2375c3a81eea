import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { createAdjustment } from '../../src/services/ledger-entries.ts'
import { exportRequests } from '../../src/services/request-export.ts'
import { exportPageRows, exportUsage } from '../../src/services/usage-export.ts'
import type { UsageDimension, UsageQuery } from '../../src/services/usage-query.ts'
import { readUsage } from '../../src/services/usage.ts'
import { managerOf } from '../support/actors.ts'
import { startDatabase } from '../support/gateway.ts'
import { refused, usageEntry } from '../support/usage-entries.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let deps: { db: DatabaseHandle['db']; ledger: { flush: () => Promise<void> } }

const actor = managerOf('org_export', { scopes: new Set(['READ', 'ADMIN']) })
const hourMs = 3_600_000
const start = Date.parse('2026-11-01T00:00:00Z')
const hours = 40
const users = 30
/** More than two pages, in any order of the groups. */
const total = hours * users
const span = { from: new Date(start), to: new Date(start + 40 * 24 * hourMs) }

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
  deps = { db: handle.db, ledger: { flush: async () => {} } }
  const entries = Array.from({ length: total }, (_, index) => {
    const user = index % users
    const currency = index % 7 === 0 ? 'RUB' : 'USD'
    return usageEntry(actor.organization, {
      id: `req_${String(index).padStart(6, '0')}`,
      // Several at the same moment: the place in the list is not the time alone.
      createdAt: new Date(start + Math.floor(index / users) * hourMs),
      ...(user > 0 && { user: `user ${user}` }),
      tags: { team: index % 2 === 0 ? 'search' : 7 },
      attempts: [
        ...(index % 5 === 0 ? [refused] : []),
        { cost: { currency, nanos: BigInt(index + 1) } },
      ],
    })
  })
  const others = [1, 2].map((each) => usageEntry('org_other', { id: `req_other_${each}` }))
  for (let at = 0; at < total; at += 400) {
    await writeRows(handle.db, entries.slice(at, at + 400).map(rowsOf))
  }
  await writeRows(handle.db, others.map(rowsOf))
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

const usage = async (query: Partial<UsageQuery> = {}, by = actor) =>
  Array.fromAsync(exportUsage(deps, by, { ...span, groupBy: [], granularity: 'total', ...query }))

const log = async (filter = {}, by = actor) => Array.fromAsync(exportRequests(deps, by, filter))

describe('the export of usage', () => {
  const everything: UsageDimension[] = ['model', 'provider', 'apiKey', 'user']

  test.each<[UsageQuery['granularity'], UsageDimension[]]>([
    ['total', []],
    ['total', ['user']],
    ['minute', ['user']],
    ['hour', []],
    ['hour', everything],
    ['day', ['user', 'tag']],
    ['day', ['tag']],
  ])('by %s and %s is what the report says, row by row', async (granularity, groupBy) => {
    const to = granularity === 'minute' ? new Date(start + 24 * hourMs) : span.to
    const rows = (await usage({ granularity, groupBy, to })).flat()
    const report = await readUsage(deps, actor, { ...span, granularity, groupBy, to })
    const keyOf = (row: { time: Date | null; user: string | null }, tag: unknown) =>
      JSON.stringify([row.time, row.user, tag])
    const counted = new Map<string, { requests: bigint; attempts: bigint; cost: object }>()
    for (const row of rows) {
      const tag = row.tagName === null ? null : [row.tagName, JSON.parse(row.tagValue ?? '')]
      const key = keyOf(row, tag)
      const before = counted.get(key) ?? { requests: 0n, attempts: 0n, cost: {} }
      counted.set(key, {
        requests: before.requests + row.requests,
        attempts: before.attempts + row.attempts,
        // A currency comes once in a group: `toEqual` would show one that was overwritten.
        cost: { ...before.cost, ...(row.currency !== null && { [row.currency]: row.costNanos }) },
      })
    }
    const expected = report.map((row) => [
      keyOf(row, row.tag && [row.tag.name, row.tag.value]),
      {
        requests: row.requests,
        attempts: row.attempts,
        cost: Object.fromEntries(row.cost.map(({ currency, nanos }) => [currency, nanos])),
      },
    ])
    expect(expected.length).toBeGreaterThan(0)
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected))
  })

  test('comes in pages, oldest first, no row twice', async () => {
    const pages = await usage({ granularity: 'hour', groupBy: ['user'] })
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(exportPageRows)
    expect(pages.length).toBeGreaterThan(1)
    const rows = pages.flat()
    // Calls that failed cost nothing, in no currency.
    expect(rows).toHaveLength(total + total / 5)
    const times = rows.map(({ time }) => time?.getTime() ?? 0)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    const keys = rows.map(({ time, user, currency }) => `${time?.getTime()} ${user} ${currency}`)
    expect(new Set(keys).size).toBe(rows.length)
  })

  test('goes on within a span that is longer than a page', async () => {
    const query = { granularity: 'day' as const, groupBy: ['user', 'tag'] as UsageDimension[] }
    const pages = await usage(query)
    // Two days of 30 users and a tag of two values, in two currencies, in one span of thirty days.
    const sizes = pages.map((page) => page.length)
    const rows = sizes.reduce((sum, size) => sum + size, 0)
    expect(sizes.slice(0, -1).every((size) => size === exportPageRows || size < rows)).toBe(true)
    const keys = pages
      .flat()
      .map((row) => JSON.stringify([row.time, row.user, row.tagValue, row.currency]))
    expect(new Set(keys).size).toBe(rows)
  })

  test('in hours that are no whole days is what the report says', async () => {
    const part = { from: new Date(start + 5 * hourMs), to: new Date(start + 35 * hourMs) }
    const query = { ...part, groupBy: [], granularity: 'day' as const }
    const rows = (await usage(query)).flat()
    const sums = Map.groupBy(rows, ({ time }) => time?.toISOString() ?? '')
    const report = await readUsage(deps, actor, query)
    expect(report.map(({ time, requests }) => [time?.toISOString(), requests])).toEqual(
      [...sums].map(([time, of]) => [time, of.reduce((sum, row) => sum + row.requests, 0n)]),
    )
    expect(report).toHaveLength(2)
  })

  test('takes the filters of the report, and what cannot be is nothing', async () => {
    const [[row] = []] = await usage({ user: 'user 3', model: 'openai/gpt-4o', tag: 'team' })
    expect(row?.requests).toBeGreaterThan(0n)
    expect(await usage({ user: 'nobody' })).toEqual([])
    expect(await usage({ user: 'nobody\0' })).toEqual([])
    expect(await usage({ provider: 'another' })).toEqual([])
  })

  test('needs READ, and a span that can be', async () => {
    await expect(
      usage({}, managerOf('org_export', { scopes: new Set(['INFERENCE']) })),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    await expect(usage({ to: span.from })).rejects.toMatchObject({ path: 'to' })
    const far = new Date(span.from.getTime() + 401 * 24 * hourMs)
    await expect(usage({ to: far })).rejects.toThrow('`to` may be at most 400 days after `from`.')
  })
})

describe('the export of the log', () => {
  test('has every request once, newest first, in pages, and of this organisation alone', async () => {
    const pages = await log()
    expect(pages.map((page) => page.length)).toEqual([500, 500, 200])
    const ids = pages.flat().map(({ id }) => id)
    expect(ids.toSorted()).toEqual(
      Array.from({ length: total }, (_, index) => `req_${String(index).padStart(6, '0')}`),
    )
    const times = pages.flat().map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual(times.toSorted((one, other) => other - one))
    expect((await log({}, { ...actor, organization: 'org_other' })).flat()).toHaveLength(2)
  })

  test('reads a page when it is asked for, and none when the reader has gone', async () => {
    const select = vi.spyOn(handle.db, 'select')
    const reader = exportRequests(deps, actor, {})
    await reader.next()
    const [page, booked] = [1, 1]
    expect(select).toHaveBeenCalledTimes(page + booked)
    await reader.next()
    expect(select).toHaveBeenCalledTimes(2 * (page + booked))
    await reader.return(undefined)
    expect((await reader.next()).done).toBe(true)
    expect(select).toHaveBeenCalledTimes(2 * (page + booked))
    select.mockRestore()
  })

  test('takes filters', async () => {
    const part = { from: new Date(start + hourMs), to: new Date(start + 3 * hourMs) }
    expect((await log(part)).flat()).toHaveLength(2 * users)
    expect(await log({ status: 'failed' })).toEqual([])
    expect(await log({ provider: 'another' })).toEqual([])
    expect(await log({ model: 'no\0thing' })).toEqual([])
    expect((await log({ model: 'openai/gpt-4o', provider: 'openai' })).flat()).toHaveLength(total)
    await expect(log({ from: span.to, to: span.from })).rejects.toMatchObject({ path: 'to' })
  })

  test('says what was booked for a request, its corrections included', async () => {
    const id = 'req_000001'
    await createAdjustment(deps, actor, {
      requestId: id,
      amount: { currency: 'USD', nanos: -2n },
      reason: 'a gift',
    })
    await createAdjustment(deps, actor, {
      requestId: id,
      amount: { currency: 'RUB', nanos: 5n },
      reason: 'a fee',
    })
    const rows = (await log()).flat()
    const row = rows.find((each) => each.id === id)
    expect(row?.costNanos).toBe(2n)
    expect(row?.booked).toEqual([
      { currency: 'RUB', nanos: 5n },
      { currency: 'USD', nanos: 0n },
    ])
    expect(rows.find((each) => each.id === 'req_000008')?.booked).toEqual([
      { currency: 'USD', nanos: 9n },
    ])
  })

  test('needs READ', async () => {
    await expect(
      log({}, managerOf('org_export', { scopes: new Set(['INFERENCE']) })),
    ).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
  })
})
