import { and, desc, eq, lt, or } from 'drizzle-orm'
import { webhookDeliveries, type DeliveryState } from '../../db/schema/webhook-delivery.ts'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { GatewayError } from '../../errors.ts'
import { isStorableText } from '../../lib/storable.ts'
import type { Actor } from '../../protocol/actor.ts'
import { writeAudit } from '../audit.ts'
import { requireScope } from '../permission.ts'
import { isImpossible, type RequestPosition } from '../requests.ts'
import type { WebhookDeps } from './deps.ts'
import { endpointNotFound, ourEndpoint } from './endpoints.ts'
import { newDelivery } from './outbox.ts'

export type DeliveryRow = typeof webhookDeliveries.$inferSelect

/** The type of messages that are sent to try an endpoint out. */
const testEvent = 'webhook.test'

export interface DeliveryFilter {
  endpointId?: string | undefined
  state?: DeliveryState | undefined
}

/** A page of the deliveries of the actor's organisation, newest first: at most `limit` rows after `after`. */
export async function listDeliveries(
  { db }: Pick<WebhookDeps, 'db'>,
  actor: Actor,
  page: { limit: number; after?: RequestPosition | undefined; filter: DeliveryFilter },
): Promise<DeliveryRow[]> {
  requireScope(actor, 'READ', 'read webhook deliveries')
  const { after, filter } = page
  if ([filter.endpointId, after?.id].some(isImpossible)) return []
  const { organizationId, endpointId, state, createdAt, id } = webhookDeliveries
  const time = after && new Date(after.createdAtMs)
  return db
    .select()
    .from(webhookDeliveries)
    .where(
      and(
        eq(organizationId, actor.organization),
        filter.endpointId === undefined ? undefined : eq(endpointId, filter.endpointId),
        filter.state === undefined ? undefined : eq(state, filter.state),
        after && time && or(lt(createdAt, time), and(eq(createdAt, time), lt(id, after.id))),
      ),
    )
    .orderBy(desc(createdAt), desc(id))
    .limit(page.limit)
}

/** Sends a message of the type `webhook.test` to an endpoint, whatever it listens to. */
export async function sendTest(
  { db, webhooks }: WebhookDeps,
  actor: Actor,
  id: string,
): Promise<DeliveryRow> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  const written = await db.transaction(async (tx) => {
    const [endpoint] = await tx
      .select({ enabled: webhookEndpoints.enabled })
      .from(webhookEndpoints)
      .where(ourEndpoint(actor, id))
    if (!endpoint) throw endpointNotFound()
    requireEnabled(endpoint)
    const at = new Date()
    const payload = JSON.stringify({
      type: testEvent,
      timestamp: at.toISOString(),
      data: { endpoint: id, message: 'This message tries the endpoint out.' },
    })
    const row = newDelivery({
      organizationId: actor.organization,
      endpointId: id,
      eventType: testEvent,
      payload,
      at,
    })
    const [delivery] = await tx.insert(webhookDeliveries).values(row).returning()
    if (!delivery) throw new Error('a delivery that was written is not there')
    const entity = { kind: 'webhook-endpoint', id }
    await writeAudit(tx, actor, { action: 'webhook-endpoint.test', entity })
    return delivery
  })
  webhooks.wake()
  return written
}

/** Sends a message again under the same id, with as many attempts as a new one. */
export async function redeliver(
  { db, webhooks }: WebhookDeps,
  actor: Actor,
  id: string,
): Promise<DeliveryRow> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  if (!isStorableText(id)) throw deliveryNotFound()
  const ours = and(
    eq(webhookDeliveries.id, id),
    eq(webhookDeliveries.organizationId, actor.organization),
  )
  const again = await db.transaction(async (tx) => {
    const [found] = await tx
      .select({ state: webhookDeliveries.state, enabled: webhookEndpoints.enabled })
      .from(webhookDeliveries)
      .innerJoin(webhookEndpoints, eq(webhookEndpoints.id, webhookDeliveries.endpointId))
      .where(ours)
      .for('update', { of: webhookDeliveries })
    if (!found) throw deliveryNotFound()
    requireEnabled(found)
    if (found.state === 'pending') throw conflict('This delivery is under way.')
    const [delivery] = await tx
      .update(webhookDeliveries)
      .set({ state: 'pending', attempts: 0, nextAttemptAt: new Date(), deliveredAt: null })
      .where(ours)
      .returning()
    if (!delivery) throw new Error('a delivery that was locked is not there')
    const entity = { kind: 'webhook-delivery', id }
    await writeAudit(tx, actor, { action: 'webhook-delivery.redeliver', entity })
    return delivery
  })
  webhooks.wake()
  return again
}

function requireEnabled({ enabled }: { enabled: boolean }): void {
  if (!enabled) throw conflict('This webhook endpoint is disabled; enable it first.')
}

function conflict(message: string): GatewayError {
  return new GatewayError({ code: 'CONFLICT', message })
}

function deliveryNotFound(): GatewayError {
  const message = 'There is no webhook delivery with this id.'
  return new GatewayError({ code: 'NOT_FOUND', message, path: 'id' })
}
