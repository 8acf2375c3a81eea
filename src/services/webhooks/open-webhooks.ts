import type { Logger } from 'pino'
import { reasonOf } from '../../lib/reason.ts'
import { within } from '../../lib/within.ts'
import type { EmitEvent } from '../../protocol/gateway-event.ts'
import type { ServiceDeps } from '../deps.ts'
import type { AttemptResult } from './attempt.ts'
import { deleteOldDeliveries } from './claim.ts'
import { lastWholeDay, tellDailyUsage } from './daily.ts'
import type { UrlPolicy, WebhookSettings } from './deps.ts'
import { openEgress, type Resolve } from './egress.ts'
import { Outbox, writeEvent } from './outbox.ts'
import { DeliveryWorker } from './worker.ts'

export interface WebhooksOptions extends Pick<ServiceDeps, 'db' | 'ledger'> {
  sealKey: Buffer
  settings: UrlPolicy & {
    timeoutMs: number
    retentionDays: number
    /** How long an endpoint may fail until it is disabled. */
    disableAfterDays: number
  }
  logger: Logger
  onAttempt: (eventType: string, result: AttemptResult) => void
  resolve?: Resolve
  now?: () => number
  random?: () => number
}

/** Events of this instance on their way to whoever listens. */
export interface Webhooks {
  emit: EmitEvent
  settings: WebhookSettings
  /** Events that the database does not have yet. */
  waiting(): number
  /** Writes what waits, and lets attempts end that were begun. */
  close(drainMs: number): Promise<void>
}

const dayMs = 86_400_000
const tickMs = 60_000
const cleanEveryMs = 3_600_000
const writeMsMax = 2_000
/** For so long nothing is told twice; longer than any period but a lifetime. */
const eventDays = 400

/** The outbox, the worker that empties it, and the report of each day. */
export function openWebhooks(options: WebhooksOptions): Webhooks {
  const { db, ledger, logger, now = Date.now, random = Math.random, resolve } = options
  const { timeoutMs, retentionDays, disableAfterDays, ...policy } = options.settings
  const settings: WebhookSettings = { sealKey: options.sealKey, policy, wake: () => worker.wake() }
  const egress = openEgress({ policy, timeoutMs, ...(resolve && { resolve }) })
  const writing = { db, logger, onWritten: settings.wake }
  const outbox = new Outbox(writing)
  const worker = new DeliveryWorker({
    db,
    webhooks: settings,
    egress,
    logger,
    now,
    random,
    timeoutMs,
    disableAfterMs: disableAfterDays * dayMs,
    onAttempt: options.onAttempt,
  })
  let toldUntil = 0
  let cleanedAt = 0
  const tick = async (): Promise<void> => {
    try {
      const day = lastWholeDay(now())
      if (day > toldUntil) {
        await tellDailyUsage({ db, ledger }, now(), (event) => writeEvent(writing, event))
        toldUntil = day
      }
      if (now() - cleanedAt > cleanEveryMs) {
        const before = new Date(now() - retentionDays * dayMs)
        const eventsBefore = new Date(now() - eventDays * dayMs)
        const deleted = await deleteOldDeliveries(db, { before, eventsBefore })
        if (deleted > 0) logger.info({ deleted }, 'old webhook deliveries deleted')
        cleanedAt = now()
      }
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'daily usage was not told; it will be')
    }
  }
  let ticking = tick()
  const timer = setInterval(() => {
    ticking = ticking.then(tick)
  }, tickMs).unref()
  return {
    emit: (event) => outbox.emit(event),
    settings,
    waiting: () => outbox.waiting,
    close: async (drainMs) => {
      clearInterval(timer)
      await within(ticking, writeMsMax).catch(() => {})
      await outbox.close(writeMsMax)
      await worker.close(drainMs)
      await egress.close()
    },
  }
}
