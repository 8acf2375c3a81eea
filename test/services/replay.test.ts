import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { attempts } from '../../src/db/schema/attempt.ts'
import { ledgerEntries } from '../../src/db/schema/ledger-entry.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { replayCosts, type CostDifference, type ReplayOptions } from '../../src/gateway/replay.ts'
import type { PriceSnapshot } from '../../src/protocol/settlement.ts'
import { replayOptions } from '../../src/replay-command.ts'
import { correctAttempt } from '../../src/services/ledger-entries.ts'
import { startDatabase } from '../support/gateway.ts'
import { refused, usageEntry } from '../support/usage-entries.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

beforeEach(async () => {
  for (const table of [attempts, ledgerEntries]) await handle.db.delete(table)
})

/** Ten input and five output tokens cost 1000 nano-dollars. */
const price: PriceSnapshot = {
  currency: 'USD',
  perMillion: { inputTokens: '0.05', outputTokens: '0.1' },
  source: 'test',
}
const whole = { from: new Date('2026-11-20T00:00:00Z'), to: new Date('2026-11-21T00:00:00Z') }
const usd = (nanos: bigint) => ({ currency: 'USD', nanos })

async function write(...of: Parameters<typeof usageEntry>[1][]): Promise<string[]> {
  const entries = of.map((changes) => usageEntry('org_replay', changes))
  await writeRows(handle.db, entries.map(rowsOf))
  return entries.map(({ settlement }) => settlement.requestId)
}

async function differences(options: Partial<ReplayOptions> = {}): Promise<CostDifference[]> {
  const pages = await Array.fromAsync(replayCosts(handle.db, { ...whole, ...options }))
  return pages.flatMap((page) => page.differences)
}

describe('a replay of the ledger', () => {
  test('finds nothing where every cost is what its usage costs', async () => {
    await write({ attempts: [{ price }] }, { attempts: [{ ...refused, price }, { price }] })
    expect(await differences()).toEqual([])
  })

  test('finds each attempt that was booked wrongly, and says by how much', async () => {
    const wrong = { price, cost: usd(1_200n) }
    const [id] = await write({ attempts: [{ price }, wrong] }, { attempts: [{ price }] })
    expect(await differences()).toEqual([
      {
        organization: 'org_replay',
        requestId: id,
        attemptNumber: 2,
        model: 'openai/gpt-4o',
        booked: [usd(1_200n)],
        recomputed: usd(1_000n),
        corrections: [usd(-200n)],
      },
    ])
  })

  test('its corrections are entries, after which there is nothing to correct', async () => {
    const [id = ''] = await write({ apiKeyId: 'key_a', attempts: [{ price, cost: usd(1_200n) }] })
    for (const difference of await differences()) await correctAttempt(handle, difference)
    expect(await differences()).toEqual([])
    const rows = await handle.db
      .select()
      .from(ledgerEntries)
      .where(eq(ledgerEntries.requestId, id))
      .orderBy(asc(ledgerEntries.kind))
    expect(rows).toMatchObject([
      { kind: 'adjustment', nanos: -200n, apiKeyId: 'key_a', attemptNumber: 1 },
      { kind: 'settlement', nanos: 1_200n, apiKeyId: 'key_a', attemptNumber: null },
    ])
  })

  test('at current prices books what was unknown, and another currency as two amounts', async () => {
    const roubles = { ...price, currency: 'RUB' }
    const priceOf = (): PriceSnapshot => roubles
    await write({ attempts: [{ cost: undefined }] }, { attempts: [{ price }] })
    const found = await differences({ priceOf })
    expect(found.map(({ corrections }) => corrections)).toEqual([
      [{ currency: 'RUB', nanos: 1_000n }],
      [{ currency: 'RUB', nanos: 1_000n }, usd(-1_000n)],
    ])
  })

  test('leaves alone what it cannot tell, and tells so', async () => {
    await write({ attempts: [{ price }] })
    expect(await differences({ priceOf: () => undefined })).toMatchObject([
      { booked: [usd(1_000n)], recomputed: undefined, corrections: [] },
    ])
  })

  test('passes every page, and only the time that it was told', async () => {
    const at = (index: number) => new Date(whole.from.getTime() + Math.floor(index / 3) * 1_000)
    await write(
      ...Array.from({ length: 1_100 }, (_, index) => ({
        createdAt: at(index),
        attempts: [{ price, cost: usd(1n) }],
      })),
    )
    expect(await differences()).toHaveLength(1_100)
    expect(await differences({ to: at(30) })).toHaveLength(30)
  })
})

describe('the words of the command', () => {
  test('are read', () => {
    expect(
      replayOptions(['--from', '2026-01-01', '--to=2026-02-01', '--prices', 'current', '--apply']),
    ).toEqual({
      from: new Date('2026-01-01'),
      to: new Date('2026-02-01'),
      current: true,
      apply: true,
    })
    expect(replayOptions([])).toMatchObject({ current: false, apply: false })
  })

  test.each([
    ['--from', 'yesterday'],
    ['--prices', 'dear'],
    ['--all'],
    ['more'],
    ['--from', '2026-02-01', '--to', '2026-01-01'],
  ])('that make no sense are refused: %s %s', (...words) =>
    expect(replayOptions(words)).toBeUndefined(),
  )
})
