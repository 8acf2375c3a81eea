import { and, eq, lt } from 'drizzle-orm'
import { hourSeconds, minuteSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import type { ServiceDeps } from './deps.ts'

/** How long the buckets of each size are kept; days are kept for good. */
export interface UsageRetention {
  usageMinuteDays: number
  usageHourDays: number
}

const dayMs = 86_400_000

/** Deletes buckets that are older than they are kept; how many there were. */
export async function deleteOldUsage(
  { db }: Pick<ServiceDeps, 'db'>,
  retention: UsageRetention,
  now: Date,
): Promise<number> {
  let deleted = 0
  for (const [seconds, days] of [
    [minuteSeconds, retention.usageMinuteDays],
    [hourSeconds, retention.usageHourDays],
  ] as const) {
    const before = new Date(now.getTime() - days * dayMs)
    const old = and(eq(usageRollups.bucketSeconds, seconds), lt(usageRollups.bucketStart, before))
    const rows = await db
      .delete(usageRollups)
      .where(old)
      .returning({ seconds: usageRollups.bucketSeconds })
    deleted += rows.length
  }
  return deleted
}
