import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, openClient, type DatabaseHandle } from '../../src/db/client.ts'
import { keepPartitions } from '../../src/db/partitions.ts'
import { keepWhatIsDue } from '../../src/services/retention.ts'
import { startDatabase } from '../support/gateway.ts'

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

const retention = { usageMinuteDays: 7, usageHourDays: 800, logDays: 90, ledgerDays: 400 }

async function partitionsOfRequests(): Promise<string[]> {
  const rows = await handle.db.execute<{ name: string }>(sql`
    select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'requests'::regclass order by 1`)
  return rows.map(({ name }) => name)
}

describe('several instances', () => {
  test('at once make each partition once, and all of them end well', async () => {
    const instances = Array.from({ length: 4 }, () => connect(database.address))
    try {
      const now = new Date('2029-01-01T00:00:00Z')
      const all = await Promise.all(instances.map((one) => keepWhatIsDue(one, retention, now)))
      const made = all.flatMap((one) => one.made)
      expect(new Set(made).size).toBe(made.length)
      await keepWhatIsDue(handle, retention, now)
      expect(await partitionsOfRequests()).toEqual(
        expect.arrayContaining(['requests_2029_01', 'requests_2029_02', 'requests_2029_03']),
      )
    } finally {
      await Promise.all(instances.map((one) => one.close()))
    }
  })

  test('do not wait for one that is at it, nor for a reader for long', async () => {
    const other = openClient(database.address, { max: 1 })
    const options = { now: new Date('2030-01-01T00:00:00Z'), keepDays: 90 }
    try {
      await other`select pg_advisory_lock(4711000002)`
      const busy = await keepPartitions(handle.db, 'requests', options)
      expect(busy).toEqual({ made: [], dropped: [] })
      await other`select pg_advisory_unlock(4711000002)`
      await other.begin(async (reading) => {
        await reading`select count(*) from requests_default`
        await expect(keepPartitions(handle.db, 'requests', options)).rejects.toThrow()
      })
      const { made } = await keepPartitions(handle.db, 'requests', options)
      expect(made).toEqual(['requests_2030_01', 'requests_2030_02', 'requests_2030_03'])
    } finally {
      await other.end()
    }
  })
})
