import { and, eq, isNull } from 'drizzle-orm'
import type { Logger } from 'pino'
import { webhookEndpoints } from '../../db/schema/webhook-endpoint.ts'
import { unseal } from '../../lib/seal.ts'
import { writeAudit } from '../audit.ts'
import { operatorOf } from '../operator.ts'
import { noteAttempt, type Claimed } from './claim.ts'
import type { WebhookDeps } from './deps.ts'
import type { Message, Sent } from './egress.ts'
import { delayAfter } from './schedule.ts'
import { signedHeaders } from './sign.ts'

export type AttemptResult = 'delivered' | 'retried' | 'failed'

export interface AttemptDeps extends WebhookDeps {
  egress: { send(message: Message, stop: AbortSignal): Promise<Sent> }
  logger: Logger
  now: () => number
  random: () => number
  /** How long an endpoint may fail until it is disabled. */
  disableAfterMs: number
  /** Told of each attempt that ended. */
  onAttempt: (eventType: string, result: AttemptResult) => void
}

const gone = 410

/** Sends a delivery once and notes what came of it; throws when it was stopped. */
export async function attemptDelivery(
  deps: AttemptDeps,
  claimed: Claimed,
  stop: AbortSignal,
): Promise<void> {
  const sent = await send(deps, claimed, stop)
  const result = await settle(deps, claimed, sent)
  if (!result) return
  const { delivery, endpoint } = claimed
  deps.onAttempt(delivery.eventType, result)
  deps.logger[result === 'delivered' ? 'debug' : 'warn'](
    {
      delivery: delivery.id,
      endpoint: endpoint.id,
      event: delivery.eventType,
      attempt: delivery.attempts,
      status: sent.status,
      reason: sent.error,
      result,
    },
    'webhook',
  )
}

async function send(
  { egress, webhooks, now }: AttemptDeps,
  { delivery, endpoint }: Claimed,
  stop: AbortSignal,
): Promise<Sent> {
  const at = new Date(now())
  const { id, secret, previousSecret, previousExpiresAt } = endpoint
  const overlaps = previousSecret !== null && previousExpiresAt !== null && previousExpiresAt > at
  const sealed = overlaps ? [secret, previousSecret] : [secret]
  const secrets = sealed.flatMap((each) => unseal(webhooks.sealKey, each, id) ?? [])
  if (secrets.length === 0) {
    return { status: null, error: 'the secret was encrypted with another key; rotate it' }
  }
  const body = delivery.payload
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'XRouter-Webhooks',
    ...signedHeaders(secrets, { id: delivery.id, body, at }),
  }
  return egress.send({ url: endpoint.url, headers, body }, stop)
}

/** Undefined where another instance has taken the delivery over. */
async function settle(
  deps: AttemptDeps,
  claimed: Claimed,
  { status, error, retryAfterMs }: Sent,
): Promise<AttemptResult | undefined> {
  const { db, random } = deps
  const at = deps.now()
  const last = { lastStatus: status, lastError: error }
  if (error === null) {
    const done = { state: 'delivered' as const, deliveredAt: new Date(at), nextAttemptAt: null }
    if (!(await noteAttempt(db, claimed, { ...last, ...done }))) return undefined
    if (claimed.endpoint.failingSince) await setFailing(deps, claimed, null)
    return 'delivered'
  }
  const delay =
    status === gone ? undefined : delayAfter(claimed.delivery.attempts, { random, retryAfterMs })
  const next =
    delay === undefined
      ? { state: 'failed' as const, nextAttemptAt: null }
      : { nextAttemptAt: new Date(at + delay) }
  if (!(await noteAttempt(db, claimed, { ...last, ...next }))) return undefined
  const { failingSince } = claimed.endpoint
  if (!failingSince) await setFailing(deps, claimed, new Date(at))
  if (status === gone) await disable(deps, claimed, 'gone')
  else if (failingSince && at - failingSince.getTime() >= deps.disableAfterMs) {
    await disable(deps, claimed, 'failing')
  }
  return delay === undefined ? 'failed' : 'retried'
}

async function setFailing(
  { db }: AttemptDeps,
  { endpoint }: Claimed,
  since: Date | null,
): Promise<void> {
  const { id, failingSince } = webhookEndpoints
  // The first failure counts, whichever instance saw it.
  const unset = since === null ? undefined : isNull(failingSince)
  await db
    .update(webhookEndpoints)
    .set({ failingSince: since })
    .where(and(eq(id, endpoint.id), unset))
}

async function disable(
  { db, logger }: AttemptDeps,
  { endpoint }: Claimed,
  disabledReason: 'gone' | 'failing',
): Promise<void> {
  const { id, enabled } = webhookEndpoints
  const disabled = await db.transaction(async (tx) => {
    const rows = await tx
      .update(webhookEndpoints)
      .set({ enabled: false, disabledReason, updatedAt: new Date() })
      .where(and(eq(id, endpoint.id), eq(enabled, true)))
      .returning({ id })
    if (rows.length === 0) return false
    await writeAudit(tx, operatorOf(endpoint.organizationId), {
      action: 'webhook-endpoint.disable',
      entity: { kind: 'webhook-endpoint', id: endpoint.id },
      detail: { reason: disabledReason },
    })
    return true
  })
  if (!disabled) return
  const { organizationId: organization } = endpoint
  logger.error(
    { endpoint: endpoint.id, organization, reason: disabledReason },
    'webhook endpoint disabled',
  )
}
