import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { attempts } from '../../src/db/schema/attempt.ts'
import { requests as requestTable } from '../../src/db/schema/request.ts'
import { usageRollups } from '../../src/db/schema/usage-rollup.ts'
import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import type { UsageQuery } from '../../src/services/usage-query.ts'
import { readUsage, type UsageRow } from '../../src/services/usage.ts'
import { percentile, relativeErrorMax } from '../../src/lib/histogram.ts'
import { deleteOldUsage } from '../../src/services/usage-retention.ts'
import { managerOf } from '../support/actors.ts'
import { startDatabase } from '../support/gateway.ts'
import { refused, usageEntry } from '../support/usage-entries.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let organization: string
let flushed: number
let count = 0

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

beforeEach(() => {
  organization = `org_${(count += 1)}`
  flushed = 0
})

const day: Pick<UsageQuery, 'from' | 'to'> = {
  from: new Date('2026-11-20T00:00:00Z'),
  to: new Date('2026-11-21T00:00:00Z'),
}

const entry = (changes?: Parameters<typeof usageEntry>[1]) => usageEntry(organization, changes)
const write = (...entries: LedgerEntry[]) => writeRows(handle.db, entries.map(rowsOf))

function read(query: Partial<UsageQuery> = {}, actor = managerOf(organization)) {
  const deps = { db: handle.db, ledger: { flush: async () => void (flushed += 1) } }
  return readUsage(deps, actor, { ...day, groupBy: [], granularity: 'total', ...query })
}

/** A row in few words: what was grouped by, requests, errors, and money. */
const brief = ({ time, model, provider, apiKeyId, tag, requests, errors, cost }: UsageRow) => [
  [
    time?.toISOString(),
    model,
    provider,
    apiKeyId,
    tag && `${tag.name}=${JSON.stringify(tag.value)}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(' '),
  Number(requests),
  Number(errors),
  cost.map(({ currency, nanos }) => `${nanos} ${currency}`).join(', '),
]

const briefly = async (query: Partial<UsageQuery>) => (await read(query)).map(brief)

describe('a request', () => {
  test('is counted with its tokens and its cost', async () => {
    const usage = {
      inputTokens: 1,
      cachedInputTokens: 2,
      cacheWriteTokens: 3,
      outputTokens: 4,
      reasoningTokens: 5,
      estimated: false,
    }
    await write(entry({ attempts: [{ usage }] }), entry({ attempts: [{ usage }] }))
    expect(await read()).toEqual([
      {
        time: null,
        model: null,
        provider: null,
        apiKeyId: null,
        user: null,
        tag: null,
        requests: 2n,
        errors: 0n,
        attempts: 2n,
        unpricedAttempts: 0n,
        inputTokens: 2n,
        cachedInputTokens: 4n,
        cacheWriteTokens: 6n,
        outputTokens: 8n,
        reasoningTokens: 10n,
        totalTokens: 30n,
        cacheHits: 0n,
        cost: [{ currency: 'USD', nanos: 2_000n }],
        accountingCost: [],
        latency: expect.any(Array),
        timeToFirstToken: [],
      },
    ])
  })

  test('that is delivered again is not counted again', async () => {
    const [one, two, three] = [entry(), entry(), entry()]
    await write(one, two)
    await write(one, two)
    await write(two, three, three)
    expect(await briefly({})).toEqual([['', 3, 0, '3000 USD']])
    const changed = entry({ id: one.settlement.requestId, attempts: [{}, {}, {}] })
    await write(changed)
    expect(await briefly({})).toEqual([['', 3, 0, '3000 USD']])
    const { requestId } = one.settlement
    const kept = await handle.db
      .select()
      .from(attempts)
      .where(sql`request_id = ${requestId}`)
    expect(kept).toHaveLength(1)
  })

  test('whose batch the database refuses is not counted', async () => {
    const usage = { inputTokens: 2 ** 40, estimated: false } // more than the column holds
    const bad = entry({ attempts: [{ usage }] })
    await expect(write(entry(), bad)).rejects.toThrow()
    expect(await read()).toEqual([])
  })

  test('with text that the database cannot hold is kept, that text replaced', async () => {
    const odd = entry({ requestedModel: 'a\0b\ud800', tags: { 'team\0': 'x\0' } })
    await write(odd)
    const { requestId } = odd.settlement
    const kept = await handle.db
      .select({ model: requestTable.requestedModel, tags: requestTable.tags })
      .from(requestTable)
      .where(eq(requestTable.id, requestId))
    expect(kept).toEqual([{ model: 'a\ufffdb\ufffd', tags: { 'team\ufffd': 'x\ufffd' } }])
    expect(await briefly({})).toEqual([['', 1, 0, '1000 USD']])
  })

  test('counts once, whichever of several writers is first', async () => {
    // In opposite orders, and so many that the writers meet in the midst of their statements.
    const entries = Array.from({ length: 400 }, (_, index) =>
      entry({ apiKeyId: `key_${index % 7}`, tags: { index: index % 3 } }),
    )
    const orders = [entries, entries.toReversed(), entries.slice(100), entries.slice(0, 300)]
    await Promise.all(orders.map((order) => write(...order)))
    expect(await briefly({})).toEqual([['', 400, 0, '400000 USD']])
  })

  test('that failed or was interrupted is an error, one that was cancelled is not', async () => {
    for (const status of ['succeeded', 'failed', 'cancelled', 'interrupted'] as const) {
      await write(entry({ status }))
    }
    expect(await briefly({})).toEqual([['', 4, 2, '4000 USD']])
  })

  test('that failed over counts where it was answered, its attempts where they were made', async () => {
    const failed = { ...refused, provider: 'backup', model: 'backup/gpt' }
    await write(entry({ attempts: [failed, {}] }))
    const rows = await read({ groupBy: ['provider'] })
    expect(rows.map(brief)).toEqual([
      ['backup', 0, 0, ''],
      ['openai', 1, 0, '1000 USD'],
    ])
    expect(rows.map((row) => row.attempts)).toEqual([1n, 1n])
  })

  test('that failed at every provider is an error of the last', async () => {
    const elsewhere = { ...refused, provider: 'backup', model: 'backup/gpt' }
    await write(entry({ status: 'failed', attempts: [refused, elsewhere] }))
    expect(await briefly({ groupBy: ['model'] })).toEqual([
      ['backup/gpt', 1, 1, ''],
      ['openai/gpt-4o', 0, 0, ''],
    ])
  })

  test('that was never sent is an error of no provider', async () => {
    await write(entry({ status: 'failed', attempts: [] }))
    const rows = await read({ groupBy: ['provider', 'model'] })
    expect(rows).toMatchObject([
      { provider: null, model: null, requests: 1n, errors: 1n, attempts: 0n, cost: [] },
    ])
  })

  test('with names of any length and any characters is counted', async () => {
    const long = Array.from({ length: 3_000 }, (_, index) => String.fromCodePoint(0x4e00 + index))
    const name = `${long.join('')} \ud800`
    const called = { ...refused, model: `openai/${name}` }
    await write(entry({ status: 'failed', attempts: [called], tags: { [name.slice(0, 90)]: 'x' } }))
    const [row] = await read({ groupBy: ['model'] })
    expect(row?.model).toBe(`openai/${name.toWellFormed()}`)
  })
})

describe('money', () => {
  test('is one amount for each currency, exact beyond what a number holds', async () => {
    const large = 9_000_000_000_000_000_001n
    await write(
      entry({ attempts: [{ cost: { currency: 'USD', nanos: large } }] }),
      entry({ attempts: [{ cost: { currency: 'USD', nanos: large } }] }),
      entry({ attempts: [{ cost: { currency: 'RUB', nanos: 5n } }] }),
    )
    expect((await read())[0]?.cost).toEqual([
      { currency: 'RUB', nanos: 5n },
      { currency: 'USD', nanos: large * 2n },
    ])
  })

  test('that is unknown is counted as unknown, and free is not unknown', async () => {
    await write(entry({ attempts: [{ cost: undefined }] }))
    expect(await read()).toMatchObject([{ unpricedAttempts: 1n, inputTokens: 10n, cost: [] }])
    await write(entry({ attempts: [{ cost: { currency: 'USD', nanos: 0n } }] }))
    const free = [{ currency: 'USD', nanos: 0n }]
    expect(await read()).toMatchObject([{ requests: 2n, unpricedAttempts: 1n, cost: free }])
  })

  test('of an attempt that failed after it used tokens is counted', async () => {
    await write(entry({ status: 'failed', attempts: [{ status: 'failed' }] }))
    expect(await briefly({})).toEqual([['', 1, 1, '1000 USD']])
  })

  test('is not missed where nothing was used', async () => {
    await write(entry({ status: 'failed', attempts: [refused] }))
    expect(await read()).toMatchObject([{ attempts: 1n, unpricedAttempts: 0n, cost: [] }])
  })
})

describe('usage is divided', () => {
  test('by API key, the master key being null', async () => {
    await write(entry({ apiKeyId: 'key_a' }), entry({ apiKeyId: 'key_a' }), entry())
    const rows = await read({ groupBy: ['apiKey'] })
    expect(rows.map((row) => [row.apiKeyId, row.requests])).toEqual([
      ['key_a', 2n],
      [null, 1n],
    ])
  })

  test('by tag: under each tag once, with the value as it was', async () => {
    await write(
      entry({ tags: { team: 'search', run: 7 } }),
      entry({ tags: { team: 'search', run: '7', beta: true } }),
      entry({ tags: { team: 'ads' } }),
      entry(),
    )
    expect(await briefly({ groupBy: ['tag'] })).toEqual([
      ['beta=true', 1, 0, '1000 USD'],
      ['run="7"', 1, 0, '1000 USD'],
      ['run=7', 1, 0, '1000 USD'],
      ['team="ads"', 1, 0, '1000 USD'],
      ['team="search"', 2, 0, '2000 USD'],
    ])
    expect(await briefly({ groupBy: ['tag'], tag: 'team' })).toHaveLength(2)
    expect(await briefly({ tag: 'run' })).toEqual([['', 2, 0, '2000 USD']])
    expect(await briefly({})).toEqual([['', 4, 0, '4000 USD']])
  })

  test('by hour and by day, in UTC', async () => {
    const at = (text: string) => entry({ createdAt: new Date(text) })
    await write(
      at('2026-11-19T23:59:59.999Z'),
      at('2026-11-20T00:00:00.000Z'),
      at('2026-11-20T00:59:59.999Z'),
      at('2026-11-20T01:00:00.000Z'),
      at('2026-11-20T23:59:59.999Z'),
      at('2026-11-21T00:00:00.000Z'),
    )
    expect(await briefly({ granularity: 'hour' })).toEqual([
      ['2026-11-20T00:00:00.000Z', 2, 0, '2000 USD'],
      ['2026-11-20T01:00:00.000Z', 1, 0, '1000 USD'],
      ['2026-11-20T23:00:00.000Z', 1, 0, '1000 USD'],
    ])
    const to = new Date('2026-11-22T00:00:00Z')
    expect(await briefly({ granularity: 'day', to })).toEqual([
      ['2026-11-20T00:00:00.000Z', 4, 0, '4000 USD'],
      ['2026-11-21T00:00:00.000Z', 1, 0, '1000 USD'],
    ])
  })

  test('at hours: the one that begins within the bounds counts whole', async () => {
    await write(entry({ createdAt: new Date('2026-11-20T10:30:00Z') }))
    const requests = async (from: string, to: string) =>
      (await read({ from: new Date(from), to: new Date(to) }))[0]?.requests
    expect(await requests('2026-11-20T10:00:00Z', '2026-11-20T10:00:01Z')).toBe(1n)
    expect(await requests('2026-11-20T10:00:01Z', '2026-11-20T11:00:00Z')).toBeUndefined()
  })

  test('by several at once, and filtered', async () => {
    const rub = { provider: 'yandex', model: 'yandex/pro', cost: { currency: 'RUB', nanos: 7n } }
    await write(
      entry({ apiKeyId: 'key_a' }),
      entry({ apiKeyId: 'key_a', attempts: [rub] }),
      entry({ apiKeyId: 'key_b', attempts: [{ ...rub, cost: undefined }] }),
    )
    expect(await briefly({ groupBy: ['provider', 'apiKey'] })).toEqual([
      ['openai key_a', 1, 0, '1000 USD'],
      ['yandex key_a', 1, 0, '7 RUB'],
      ['yandex key_b', 1, 0, ''],
    ])
    expect(await briefly({ groupBy: ['provider'] })).toEqual([
      ['openai', 1, 0, '1000 USD'],
      ['yandex', 2, 0, '7 RUB'],
    ])
    expect(await briefly({ apiKeyId: 'key_a' })).toEqual([['', 2, 0, '7 RUB, 1000 USD']])
    expect(await briefly({ model: 'yandex/pro', apiKeyId: 'key_b' })).toEqual([['', 1, 0, '']])
    expect(await briefly({ provider: 'openai' })).toEqual([['', 1, 0, '1000 USD']])
    expect(await briefly({ provider: 'no\0body' })).toEqual([])
  })
})

describe('what is asked for', () => {
  test.each<[string, string, string, string]>([
    ['nothing', '2026-11-20T00:00:00Z', '2026-11-20T00:00:00Z', 'later than'],
    ['backwards', '2026-11-21T00:00:00Z', '2026-11-20T00:00:00Z', 'later than'],
    ['too much', '2025-01-01T00:00:00Z', '2026-11-20T00:00:00Z', '400 days'],
    ['before there was time', '-000100-01-01T00:00:00Z', '2026-11-20T00:00:00Z', '1970'],
    ['after there will be', '2026-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', '9999'],
  ])('must not be %s', async (_name, from, to, message) => {
    const reading = read({ from: new Date(from), to: new Date(to) })
    await expect(reading).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      path: expect.stringMatching(/^filter\./),
      message: expect.stringContaining(message),
    })
    expect(flushed).toBe(0)
  })

  test('must not be more than ten thousand rows', async () => {
    await handle.db.execute(sql`
      insert into usage_rollups select ${organization}, 86400, ${day.from.toISOString()}::timestamptz,
        'd' || i, 'key_' || i, null, null, null, null, null, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      from generate_series(1, 10001) as i`)
    await expect(read({ groupBy: ['apiKey'] })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('10000 rows'),
    })
    expect(await briefly({})).toEqual([['', 10_001, 0, '']])
  })

  test.each<Scope[][]>([[['INFERENCE']], [[]]])(
    'rejects without permission: %s',
    async (scopes) => {
      const reading = read({}, managerOf(organization, { scopes: new Set(scopes) }))
      await expect(reading).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    },
  )

  test.each<Scope[][]>([[['READ']], [['MANAGE']], [['ADMIN']]])(
    'is shown to %s',
    async (scopes) => {
      await write(entry())
      expect(await read({}, managerOf(organization, { scopes: new Set(scopes) }))).toHaveLength(1)
      expect(flushed).toBe(1)
    },
  )

  test('is of the own organisation alone', async () => {
    await write(entry({ apiKeyId: 'key_a' }))
    const stranger = managerOf('org_stranger', { scopes: new Set(['ADMIN']) })
    expect(await read({ apiKeyId: 'key_a' }, stranger)).toEqual([])
  })
})

describe('every size of buckets', () => {
  const at = (time: string) => new Date(`2026-11-20T${time}Z`)

  test('says the same of a day, and minutes are told apart', async () => {
    await write(
      entry({ createdAt: at('09:59:59.999') }),
      entry({ createdAt: at('10:00:00') }),
      entry({ createdAt: at('10:00:59.999'), status: 'failed' }),
      entry({ createdAt: at('10:01:00') }),
    )
    expect(await briefly({ granularity: 'minute' })).toEqual([
      ['2026-11-20T09:59:00.000Z', 1, 0, '1000 USD'],
      ['2026-11-20T10:00:00.000Z', 2, 1, '2000 USD'],
      ['2026-11-20T10:01:00.000Z', 1, 0, '1000 USD'],
    ])
    const whole = await read()
    const part = { from: new Date(day.from.getTime() - 3_600_000) }
    expect(await read(part)).toEqual(whole)
    expect(whole.map(brief)).toEqual([['', 4, 1, '4000 USD']])
  })

  test('is kept as long as it is told: minutes shortest, days for good', async () => {
    await write(entry({ createdAt: at('10:00:00') }))
    const now = new Date('2026-11-28T00:00:00Z')
    const db = { db: handle.db }
    await deleteOldUsage(db, { usageMinuteDays: 7, usageHourDays: 30 }, now)
    expect(await briefly({ granularity: 'minute' })).toEqual([])
    expect(await briefly({ granularity: 'hour' })).toHaveLength(1)
    await deleteOldUsage(db, { usageMinuteDays: 7, usageHourDays: 7 }, now)
    expect(await briefly({ granularity: 'hour' })).toEqual([])
    expect(await briefly({})).toEqual([['', 1, 0, '1000 USD']])
  })
})

describe('beside tokens and money', () => {
  test('users are told apart', async () => {
    await write(entry({ user: 'ann' }), entry({ user: 'bob' }), entry({ user: 'ann' }), entry())
    const rows = await read({ groupBy: ['user'] })
    expect(rows.map(({ user, requests }) => [user, requests])).toEqual([
      ['ann', 2n],
      ['bob', 1n],
      [null, 1n],
    ])
    expect(await briefly({ user: 'bob' })).toEqual([['', 1, 0, '1000 USD']])
  })

  test('hits of the cache count, where their answer comes from', async () => {
    const hit = usageEntry(organization, { attempts: [] })
    Object.assign(hit.settlement, { cache: 'hit', provider: 'openai', model: 'openai/gpt-4o' })
    await write(entry(), hit)
    const rows = await read({ groupBy: ['model'] })
    expect(rows).toMatchObject([
      { model: 'openai/gpt-4o', requests: 2n, cacheHits: 1n, attempts: 1n },
    ])
  })

  test('durations of several batches and rows add up, of what succeeded and of what spoke', async () => {
    const latencies = Array.from({ length: 100 }, (_, index) => (index + 1) * 10)
    const entries = latencies.map((latencyMs, index) =>
      entry({
        latencyMs,
        timeToFirstTokenMs: latencyMs / 10,
        createdAt: new Date(day.from.getTime() + index * 600_000),
      }),
    )
    await write(...entries.slice(0, 50), entry({ latencyMs: 90_000, status: 'failed' }))
    await write(...entries.slice(50))
    const [row] = await read()
    for (const share of [0.5, 0.95, 0.99]) {
      expect(relativeError(row?.latency, share, share * 1_000)).toBeLessThan(relativeErrorMax)
      expect(relativeError(row?.timeToFirstToken, share, share * 100)).toBeLessThan(
        relativeErrorMax,
      )
    }
  })

  test('the cost is summed up in the accounting currency as well', async () => {
    const roubles = (nanos: bigint) => ({
      accounting: { money: { currency: 'RUB', nanos }, rate: undefined },
    })
    await write(
      entry({ attempts: [roubles(90_000n)] }),
      entry({ attempts: [{ cost: { currency: 'CNY', nanos: 5n }, ...roubles(60n) }] }),
      entry({ attempts: [{ cost: { currency: 'EUR', nanos: 1n } }] }),
    )
    const [row] = await read()
    expect(row?.accountingCost).toEqual([{ currency: 'RUB', nanos: 90_060n }])
    expect(row?.cost).toHaveLength(3)
  })
})

function relativeError(counts: number[] | undefined, share: number, truth: number): number {
  const told = percentile(counts ?? [], share) ?? 0
  return Math.abs(told - truth) / truth - 1e-9
}

test('what was on the log before there were roll-ups is counted by the migration alike', async () => {
  const statuses = ['succeeded', 'failed', 'cancelled', 'interrupted'] as const
  const entries = Array.from({ length: 60 }, (_, index) =>
    entry({
      status: statuses[index % 4] ?? 'succeeded',
      createdAt: new Date(day.from.getTime() + index * 1_400_000),
      apiKeyId: index % 3 === 0 ? null : `key_${index % 3}`,
      attempts: [
        ...(index % 2 === 0 ? [{ ...refused, provider: 'backup', model: 'backup/x' }] : []),
        ...(index % 5 === 0 ? [] : [index % 7 === 0 ? { cost: undefined } : {}]),
      ],
      ...(index % 4 > 0 && { tags: { team: `t${index % 2}`, run: index % 5, on: true } }),
    }),
  )
  await write(...entries)
  const queries: Partial<UsageQuery>[] = [
    { granularity: 'hour' },
    { groupBy: ['model', 'provider', 'apiKey'] },
    { groupBy: ['tag', 'provider'], granularity: 'day' },
  ]
  const withoutDurations = async (query: Partial<UsageQuery>) =>
    (await read(query)).map((row) => ({ ...row, latency: undefined }))
  const kept = await Promise.all(queries.map(withoutDurations))
  await handle.db.delete(usageRollups)
  for (const name of ['_usage_rollups', '_usage_rollup_sizes']) {
    await handle.db.execute(sql.raw(backfill(name)))
  }
  expect(await Promise.all(queries.map(withoutDurations))).toEqual(kept)
  expect(kept.every((rows) => rows.length > 2)).toBe(true)
})

function backfill(migration: string): string {
  const folder = join(import.meta.dirname, '../../drizzle')
  const name = readdirSync(folder).find((each) => each.endsWith(migration)) ?? ''
  const statements = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
  return statements.split('--> statement-breakpoint').at(-1) ?? ''
}
