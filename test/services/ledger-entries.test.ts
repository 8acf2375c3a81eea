import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { attempts } from '../../src/db/schema/attempt.ts'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { ledgerEntries } from '../../src/db/schema/ledger-entry.ts'
import { decodeLine, encodeLine } from '../../src/gateway/journal-format.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import { createAdjustment, entriesOfRequests } from '../../src/services/ledger-entries.ts'
import { managerOf } from '../support/actors.ts'
import { startDatabase } from '../support/gateway.ts'
import { refused, usageEntry } from '../support/usage-entries.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let organization: string
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
})

const deps = () => ({ db: handle.db, ledger: { flush: async () => {} } })
const actorWith = (scope: Scope, of = organization) => managerOf(of, { scopes: new Set([scope]) })
const admin = () => actorWith('ADMIN')
const usd = (nanos: bigint) => ({ currency: 'USD', nanos })

async function write(changes: Parameters<typeof usageEntry>[1]): Promise<string> {
  const entry = usageEntry(organization, changes)
  await writeRows(handle.db, [rowsOf(entry)])
  return entry.settlement.requestId
}

/** What was booked, in few words. */
async function booked(id: string): Promise<string[]> {
  const [rows = []] = await entriesOfRequests(deps(), admin(), [id])
  return rows.map(({ kind, nanos, currency }) => `${kind} ${nanos} ${currency}`).toSorted()
}

describe('a settled request', () => {
  test('books what was held and what was spent less that: the sum is the cost', async () => {
    const id = await write({ reserved: usd(5_000n) })
    expect(await booked(id)).toEqual(['reservation 5000 USD', 'settlement -4000 USD'])
  })

  test('without a reservation books its cost', async () => {
    expect(await booked(await write({}))).toEqual(['settlement 1000 USD'])
  })

  test('books all of its attempts, in each currency', async () => {
    const spoke = { ...refused, cost: usd(300n) }
    const roubles = { cost: { currency: 'RUB', nanos: 70n } }
    const id = await write({ attempts: [spoke, refused, roubles], reserved: usd(200n) })
    expect(await booked(id)).toEqual([
      'reservation 200 USD',
      'settlement 100 USD',
      'settlement 70 RUB',
    ])
  })

  test('that spent nothing gives back what was held', async () => {
    const id = await write({ attempts: [refused], status: 'failed', reserved: usd(9n) })
    expect(await booked(id)).toEqual(['reservation 9 USD', 'settlement -9 USD'])
  })

  test('of unknown cost books nothing, not zero', async () => {
    expect(await booked(await write({ attempts: [{ cost: undefined }] }))).toEqual([])
  })

  test('is booked once, however often it is delivered, also by way of the journal', async () => {
    const accounting = {
      money: { currency: 'RUB', nanos: 90_000n },
      rate: {
        from: 'USD',
        to: 'RUB',
        rate: '90',
        validFrom: '2026-01-01T00:00:00.000Z',
        source: 'x',
      },
    }
    const entry = usageEntry(organization, { reserved: usd(5_000n), attempts: [{ accounting }] })
    const rows = rowsOf(entry)
    const line = decodeLine(encodeLine({ type: 'close', rows }))
    if (!line) throw new Error('the line is torn')
    await writeRows(handle.db, [line.rows, rows])
    await writeRows(handle.db, [rows])
    const id = entry.settlement.requestId
    expect(await booked(id)).toEqual(['reservation 5000 USD', 'settlement -4000 USD'])
    const [attempt] = await handle.db.select().from(attempts).where(eq(attempts.requestId, id))
    expect(attempt).toMatchObject({
      accountingNanos: 90_000n,
      accountingCurrency: 'RUB',
      rate: accounting.rate,
    })
  })

  test('of the master key and of a key are told apart', async () => {
    const own = await write({ apiKeyId: 'key_a', reserved: usd(1n) })
    const rows = await handle.db
      .select()
      .from(ledgerEntries)
      .where(eq(ledgerEntries.requestId, own))
    expect(rows.map(({ apiKeyId }) => apiKeyId)).toEqual(['key_a', 'key_a'])
  })
})

describe('a correction', () => {
  test('is a further entry, with its reason and an audit', async () => {
    const id = await write({ apiKeyId: 'key_a' })
    const row = await createAdjustment(deps(), admin(), {
      requestId: id,
      amount: usd(-250n),
      reason: ' the provider credited it ',
    })
    expect(row).toMatchObject({ kind: 'adjustment', apiKeyId: 'key_a', nanos: -250n })
    expect(await booked(id)).toEqual(['adjustment -250 USD', 'settlement 1000 USD'])
    const audits = await handle.db
      .select()
      .from(auditLog)
      .where(and(eq(auditLog.organizationId, organization), eq(auditLog.action, 'ledger.adjust')))
      .orderBy(asc(auditLog.createdAt))
    expect(audits).toMatchObject([
      {
        entityKind: 'request',
        entityId: id,
        detail: {
          entry: row.id,
          currency: 'USD',
          nanos: '-250',
          reason: 'the provider credited it',
        },
      },
    ])
  })

  test('may be of no one request', async () => {
    const row = await createAdjustment(deps(), admin(), { amount: usd(1n), reason: 'credit' })
    expect(row).toMatchObject({ requestId: null, organizationId: organization })
  })

  test.each([
    ['of nothing', { amount: usd(0n) }, 'input.amountNanos'],
    ['too large for the column', { amount: usd(2n ** 63n) }, 'input.amountNanos'],
    ['in no currency', { amount: { currency: 'dollars', nanos: 1n } }, 'input.currency'],
    ['without a reason', { reason: '  ' }, 'input.reason'],
    ['of a request that is not there', { requestId: 'req_none' }, 'input.requestId'],
    ['of a request that cannot be', { requestId: 'req_\0' }, 'input.requestId'],
  ])('%s is refused', async (_what, changes, path) => {
    const input = { amount: usd(1n), reason: 'test', ...changes }
    await expect(createAdjustment(deps(), admin(), input)).rejects.toMatchObject({ path })
  })

  test('of a request of another organisation is refused', async () => {
    const id = await write({})
    const other = actorWith('ADMIN', 'org_other')
    const input = { requestId: id, amount: usd(1n), reason: 'test' }
    await expect(createAdjustment(deps(), other, input)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await entriesOfRequests(deps(), other, [id])).toEqual([[]])
  })

  test('needs the scope ADMIN', async () => {
    const input = { amount: usd(1n), reason: 'test' }
    const manager = actorWith('MANAGE')
    await expect(createAdjustment(deps(), manager, input)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    const client = actorWith('INFERENCE')
    await expect(entriesOfRequests(deps(), client, ['x'])).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
  })
})
