import { and, asc, eq, inArray, lt, lte, sql } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { webhookDeliveries } from '../../db/schema/webhook-delivery.ts'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { webhookEvents } from '../../db/schema/webhook-event.ts'

/** A delivery that this instance may attempt until its lease ends, and where it goes. */
export type Claimed = Awaited<ReturnType<typeof claimDue>>[number]

/**
 * Takes up to `limit` deliveries that are due, each of which no other instance takes until `leaseMs` are over.
 * Who dies meanwhile leaves them to the others.
 */
export async function claimDue(
  db: Database,
  { now, leaseMs, limit }: { now: Date; leaseMs: number; limit: number },
) {
  const { id, endpointId, nextAttemptAt, state } = webhookDeliveries
  const due = db
    .select({ id })
    .from(webhookDeliveries)
    .innerJoin(webhookEndpoints, eq(webhookEndpoints.id, endpointId))
    .where(and(eq(state, 'pending'), lte(nextAttemptAt, now), eq(webhookEndpoints.enabled, true)))
    .orderBy(asc(nextAttemptAt))
    .limit(limit)
    .for('update', { of: webhookDeliveries, skipLocked: true })
  const claimed = await db
    .update(webhookDeliveries)
    .set({
      attempts: sql`${webhookDeliveries.attempts} + 1`,
      nextAttemptAt: new Date(now.getTime() + leaseMs),
    })
    // As an array it is selected once, however the rows are joined to it.
    .where(sql`${id} = any(array(${due}))`)
    .returning()
  if (claimed.length === 0) return []
  const endpoints = await db
    .select()
    .from(webhookEndpoints)
    .where(inArray(webhookEndpoints.id, [...new Set(claimed.map((row) => row.endpointId))]))
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]))
  return claimed.flatMap((delivery) => {
    const endpoint = byId.get(delivery.endpointId)
    return endpoint ? [{ delivery, endpoint }] : []
  })
}

/** Notes what came of an attempt; nothing where another has taken it over meanwhile. */
export async function noteAttempt(
  db: Pick<Database, 'update'>,
  { delivery }: Pick<Claimed, 'delivery'>,
  result: Partial<typeof webhookDeliveries.$inferInsert>,
): Promise<boolean> {
  const { id, attempts } = webhookDeliveries
  const own = and(eq(id, delivery.id), eq(attempts, delivery.attempts))
  const noted = await db.update(webhookDeliveries).set(result).where(own).returning({ id })
  return noted.length > 0
}

/** Deletes what is out of date, also what never arrived; how many deliveries there were. */
export async function deleteOldDeliveries(
  db: Database,
  { before, eventsBefore }: { before: Date; eventsBefore: Date },
): Promise<number> {
  const { id, createdAt } = webhookDeliveries
  const deleted = await db.delete(webhookDeliveries).where(lt(createdAt, before)).returning({ id })
  await db.delete(webhookEvents).where(lt(webhookEvents.createdAt, eventsBefore))
  return deleted.length
}
