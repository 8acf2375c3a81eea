import { and, eq } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database } from '../../db/client.ts'
import { webhookDeliveries } from '../../db/schema/webhook-delivery.ts'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { webhookEvents } from '../../db/schema/webhook-event.ts'
import { newId } from '../../lib/id.ts'
import { reasonOf } from '../../lib/reason.ts'
import { within } from '../../lib/within.ts'
import type { GatewayEvent } from '../../protocol/gateway-event.ts'
import { listensTo } from './endpoints.ts'

const waitingMax = 10_000
const retryMsFirst = 1_000
const retryMsMax = 30_000

export interface OutboxOptions {
  db: Database
  logger: Logger
  /** Called when deliveries were written. */
  onWritten: () => void
}

/**
 * Writes events into the database, in the order in which they were raised. What cannot be written waits in this
 * process; what has no room there, or is left when it ends, is in the log, whole.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #waiting: GatewayEvent[] = []
  #writing: Promise<void> | undefined
  #retry: NodeJS.Timeout | undefined
  #retryMs = retryMsFirst

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Events that the database does not have yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Takes an event; returns at once. */
  emit(event: GatewayEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > waitingMax) this.#lose(this.#waiting.shift())
    if (!this.#retry) void this.#write()
  }

  /** Writes what waits, for at most `timeoutMs`; what is left then is logged. */
  async close(timeoutMs: number): Promise<void> {
    clearTimeout(this.#retry)
    await within(this.#write(), timeoutMs).catch(() => {})
    clearTimeout(this.#retry)
    for (const event of this.#waiting.splice(0)) this.#lose(event)
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
      // Raised just when the last one was written.
      if (this.#waiting.length > 0 && !this.#retry) void this.#write()
    })
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    this.#retry = undefined
    for (;;) {
      const [event] = this.#waiting
      if (!event) return
      try {
        await writeEvent(this.#options, event)
        this.#retryMs = retryMsFirst
      } catch (error) {
        const { logger } = this.#options
        logger.warn({ reason: reasonOf(error), waiting: this.waiting }, 'events cannot be written')
        this.#retry = setTimeout(() => void this.#write(), this.#retryMs).unref()
        this.#retryMs = Math.min(2 * this.#retryMs, retryMsMax)
        return
      }
      // It may have been the oldest of too many meanwhile.
      if (this.#waiting[0] === event) this.#waiting.shift()
    }
  }

  #lose(event: GatewayEvent | undefined): void {
    if (event) this.#options.logger.error({ event }, 'an event is lost but for this line')
  }
}

/** Writes an event and a delivery for each endpoint that listens; false where it was raised before. */
export async function writeEvent(
  { db, logger, onWritten }: OutboxOptions,
  { organization: organizationId, type, key, at, data }: GatewayEvent,
): Promise<boolean> {
  const payload = JSON.stringify({ type, timestamp: at.toISOString(), data })
  const deliveries = await db.transaction(async (tx) => {
    const raised = await tx
      .insert(webhookEvents)
      .values({ organizationId, key, createdAt: at })
      .onConflictDoNothing()
      .returning({ key: webhookEvents.key })
    if (raised.length === 0) return undefined
    const listening = await tx
      .select({ id: webhookEndpoints.id })
      .from(webhookEndpoints)
      .where(and(eq(webhookEndpoints.organizationId, organizationId), listensTo(type)))
    const rows = listening.map(({ id }) =>
      newDelivery({ organizationId, endpointId: id, eventType: type, payload, at }),
    )
    if (rows.length > 0) await tx.insert(webhookDeliveries).values(rows)
    return rows.length
  })
  if (deliveries === undefined) return false
  logger.info({ event: type, organization: organizationId, data, deliveries }, 'event')
  if (deliveries > 0) onWritten()
  return true
}

/** A message that is due at once. */
export function newDelivery({
  at,
  ...row
}: Pick<
  typeof webhookDeliveries.$inferInsert,
  'organizationId' | 'endpointId' | 'eventType' | 'payload'
> & {
  at: Date
}): typeof webhookDeliveries.$inferInsert {
  return {
    ...row,
    id: newId('msg'),
    state: 'pending',
    attempts: 0,
    nextAttemptAt: at,
    createdAt: at,
  }
}
