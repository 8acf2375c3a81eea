import { and, eq, lt } from 'drizzle-orm'
import type { Logger } from 'pino'
import { hourSeconds, minuteSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import { reasonOf } from '../lib/reason.ts'
import type { ServiceDeps } from './deps.ts'

/** How long the buckets of each size are kept; days are kept for good. */
export interface UsageRetention {
  usageMinuteDays: number
  usageHourDays: number
}

const dayMs = 86_400_000
const intervalMs = 3_600_000

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

/** Does so at once and every hour, until `stop()`; a database that is away is asked again next time. */
export function startUsageRetention(
  deps: Pick<ServiceDeps, 'db'>,
  retention: UsageRetention,
  logger: Logger,
): { stop(): void } {
  const clean = async (): Promise<void> => {
    try {
      const deleted = await deleteOldUsage(deps, retention, new Date())
      if (deleted > 0) logger.info({ deleted }, 'old roll-ups deleted')
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'old roll-ups could not be deleted')
    }
  }
  const timer = setInterval(() => void clean(), intervalMs)
  timer.unref()
  void clean()
  return { stop: () => clearInterval(timer) }
}
