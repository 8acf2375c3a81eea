import type { Logger } from 'pino'
import { reasonOf } from '../lib/reason.ts'
import { deleteExpiredResponses, type ResponseDeps } from './responses.ts'

const intervalMs = 600_000

/** Deletes expired responses now and then, until `stop()`; a database that is away is asked again next time. */
export function startResponseCleanup(
  deps: Pick<ResponseDeps, 'db'>,
  logger: Logger,
): { stop(): void } {
  const clean = async (): Promise<void> => {
    try {
      const deleted = await deleteExpiredResponses(deps)
      if (deleted > 0) logger.info({ deleted }, 'expired responses deleted')
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'expired responses could not be deleted')
    }
  }
  const timer = setInterval(() => void clean(), intervalMs)
  timer.unref()
  void clean()
  return { stop: () => clearInterval(timer) }
}
