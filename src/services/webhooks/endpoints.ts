import { and, count, desc, eq, getColumns, sql } from 'drizzle-orm'
import { organizations } from '../../db/schema/organization.ts'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { GatewayError, invalidRequest } from '../../errors.ts'
import { newId } from '../../lib/id.ts'
import { seal } from '../../lib/seal.ts'
import { isStorableText } from '../../lib/storable.ts'
import type { Actor } from '../../protocol/actor.ts'
import type { WebhookEvent } from '../../protocol/gateway-event.ts'
import { overlapSecondsMax } from '../api-key-rotate.ts'
import { writeAudit } from '../audit.ts'
import { requireScope } from '../permission.ts'
import type { WebhookDeps } from './deps.ts'
import { parseChanges, parseEndpoint, type EndpointChanges, type EndpointInput } from './input.ts'
import { newSecret } from './sign.ts'

const {
  secret: _secret,
  previousSecret: _previous,
  ...publicColumns
} = getColumns(webhookEndpoints)

/** Every column but the secrets. */
const endpointColumns = publicColumns

/** An endpoint as everyone may see it: never its secrets. */
export type EndpointRow = Omit<typeof webhookEndpoints.$inferSelect, 'secret' | 'previousSecret'>

const endpointsMax = 50

/** The webhook endpoints of the actor's organisation, newest first. */
export async function listEndpoints(
  { db }: Pick<WebhookDeps, 'db'>,
  actor: Actor,
): Promise<EndpointRow[]> {
  requireScope(actor, 'READ', 'read webhook endpoints')
  return db
    .select(endpointColumns)
    .from(webhookEndpoints)
    .where(eq(webhookEndpoints.organizationId, actor.organization))
    .orderBy(desc(webhookEndpoints.createdAt), desc(webhookEndpoints.id))
    .limit(endpointsMax)
}

/** Creates an endpoint in the actor's organisation. Its secret is in the answer and nowhere else. */
export async function createEndpoint(
  { db, webhooks }: WebhookDeps,
  actor: Actor,
  input: EndpointInput,
): Promise<{ endpoint: EndpointRow; secret: string }> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  const wanted = parseEndpoint(webhooks.policy, input)
  const secret = newSecret()
  const id = newId('whe')
  const organizationId = actor.organization
  return db.transaction(async (tx) => {
    // Of two at once the second counts the first.
    await tx
      .select({ id: organizations.id })
      .from(organizations)
      .where(eq(organizations.id, organizationId))
      .for('no key update')
    const ours = eq(webhookEndpoints.organizationId, organizationId)
    const [there] = await tx.select({ count: count() }).from(webhookEndpoints).where(ours)
    if (there && there.count >= endpointsMax) throw tooMany()
    const [endpoint] = await tx
      .insert(webhookEndpoints)
      .values({
        id,
        organizationId,
        ...wanted,
        enabled: true,
        secret: seal(webhooks.sealKey, secret, id),
      })
      .returning(endpointColumns)
    if (!endpoint) throw new Error('an endpoint that was written is not there')
    const entity = { kind: 'webhook-endpoint', id }
    await writeAudit(tx, actor, { action: 'webhook-endpoint.create', entity, detail: wanted })
    return { endpoint, secret }
  })
}

/** Changes an endpoint; to enable it forgets why it was disabled. */
export async function updateEndpoint(
  { db, webhooks }: WebhookDeps,
  actor: Actor,
  { id, ...input }: { id: string } & EndpointChanges,
): Promise<EndpointRow> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  const changes = parseChanges(webhooks.policy, input)
  const endpoint = await db.transaction(async (tx) => {
    const [row] = await tx
      .update(webhookEndpoints)
      .set({
        ...changes,
        ...(changes.enabled === true && { disabledReason: null, failingSince: null }),
        updatedAt: new Date(),
      })
      .where(ourEndpoint(actor, id))
      .returning(endpointColumns)
    if (!row) throw endpointNotFound()
    const entity = { kind: 'webhook-endpoint', id }
    await writeAudit(tx, actor, { action: 'webhook-endpoint.update', entity, detail: changes })
    return row
  })
  webhooks.wake()
  return endpoint
}

/** Takes an endpoint away, with its deliveries; what it was. */
export async function deleteEndpoint(
  { db }: Pick<WebhookDeps, 'db'>,
  actor: Actor,
  id: string,
): Promise<EndpointRow> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  return db.transaction(async (tx) => {
    const [row] = await tx
      .delete(webhookEndpoints)
      .where(ourEndpoint(actor, id))
      .returning(endpointColumns)
    if (!row) throw endpointNotFound()
    const entity = { kind: 'webhook-endpoint', id }
    const detail = { url: row.url }
    await writeAudit(tx, actor, { action: 'webhook-endpoint.delete', entity, detail })
    return row
  })
}

/** Gives an endpoint another secret; for `overlapSeconds` messages are signed with both. */
export async function rotateSecret(
  { db, webhooks }: WebhookDeps,
  actor: Actor,
  { id, overlapSeconds }: { id: string; overlapSeconds: number },
): Promise<{ endpoint: EndpointRow; secret: string }> {
  requireScope(actor, 'MANAGE', 'change webhook endpoints')
  checkOverlap(overlapSeconds)
  const secret = newSecret()
  return db.transaction(async (tx) => {
    const [endpoint] = await tx
      .update(webhookEndpoints)
      .set({
        previousSecret: sql`${webhookEndpoints.secret}`,
        previousExpiresAt: new Date(Date.now() + overlapSeconds * 1000),
        secret: seal(webhooks.sealKey, secret, id),
        updatedAt: new Date(),
      })
      .where(ourEndpoint(actor, id))
      .returning(endpointColumns)
    if (!endpoint) throw endpointNotFound()
    const entity = { kind: 'webhook-endpoint', id }
    const detail = { overlapSeconds }
    await writeAudit(tx, actor, { action: 'webhook-endpoint.rotate', entity, detail })
    return { endpoint, secret }
  })
}

/** The row of an endpoint of the actor's organisation. */
export function ourEndpoint(actor: Actor, id: string) {
  if (!isStorableText(id)) throw endpointNotFound()
  return and(eq(webhookEndpoints.id, id), eq(webhookEndpoints.organizationId, actor.organization))
}

/** Whether an endpoint is told of events of a type. */
export function listensTo(type: WebhookEvent) {
  const { enabled, events } = webhookEndpoints
  return and(eq(enabled, true), sql`${events} ? ${type}`)
}

export function endpointNotFound(): GatewayError {
  const message = 'There is no webhook endpoint with this id.'
  return new GatewayError({ code: 'NOT_FOUND', message, path: 'id' })
}

function checkOverlap(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= overlapSecondsMax) return
  const message = `\`overlapSeconds\` must be a whole number from 0 to ${overlapSecondsMax} (30 days).`
  throw invalidRequest('overlapSeconds', message)
}

function tooMany(): GatewayError {
  const message = `An organisation may have ${endpointsMax} webhook endpoints; delete one first.`
  return new GatewayError({ code: 'CONFLICT', message })
}
