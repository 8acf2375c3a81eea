import type { Logger } from 'pino'
import { keepPartitions, type Partitioned } from '../db/partitions.ts'
import { reasonOf } from '../lib/reason.ts'
import type { ServiceDeps } from './deps.ts'
import { deleteOldUsage, type UsageRetention } from './usage-retention.ts'

/** How long everything is kept that grows with traffic, in days. */
export interface Retention extends UsageRetention {
  /** Requests and their attempts. */
  logDays: number
  ledgerDays: number
}

const intervalMs = 3_600_000

/** Drops what is older than it is kept, and makes room for what is to come. */
export async function keepWhatIsDue(
  { db }: Pick<ServiceDeps, 'db'>,
  retention: Retention,
  now: Date,
): Promise<{ made: string[]; dropped: string[]; usageDeleted: number }> {
  const { logDays, ledgerDays } = retention
  const days: Record<Partitioned, number> = {
    // Before their requests, without which nobody finds them.
    attempts: logDays,
    requests: logDays,
    ledger_entries: ledgerDays,
  }
  const done = { made: [] as string[], dropped: [] as string[], usageDeleted: 0 }
  for (const table of ['attempts', 'requests', 'ledger_entries'] as const) {
    const { made, dropped } = await keepPartitions(db, table, { now, keepDays: days[table] })
    done.made.push(...made)
    done.dropped.push(...dropped)
  }
  done.usageDeleted = await deleteOldUsage({ db }, retention, now)
  return done
}

/** Does so at once and every hour, until `stop()`; a database that is away is asked again next time. */
export function startRetention(
  deps: Pick<ServiceDeps, 'db'>,
  retention: Retention,
  logger: Logger,
): { stop(): void } {
  const keep = async (): Promise<void> => {
    try {
      const done = await keepWhatIsDue(deps, retention, new Date())
      if (done.made.length + done.dropped.length + done.usageDeleted > 0)
        logger.info(done, 'partitions made, and what is older than it is kept deleted')
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'old rows could not be deleted')
    }
  }
  const timer = setInterval(() => void keep(), intervalMs)
  timer.unref()
  void keep()
  return { stop: () => clearInterval(timer) }
}
