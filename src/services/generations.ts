import { and, asc, eq } from 'drizzle-orm'
import { attempts } from '../db/schema/attempt.ts'
import { requests } from '../db/schema/request.ts'
import { GatewayError } from '../errors.ts'
import { hasScope, type Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from './deps.ts'
import { timesOf } from './log-place.ts'
import { isImpossible, type AttemptRow, type RequestRow } from './requests.ts'

/** One request on the log with its attempts, in their order. */
export interface Generation {
  request: RequestRow
  attempts: AttemptRow[]
}

/** A request of the actor's own by its `x-request-id`; with the scope READ, one of its organisation. */
export async function readGeneration(
  { db, ledger }: Pick<ServiceDeps, 'db' | 'ledger'>,
  actor: Actor,
  id: string,
): Promise<Generation> {
  if (isImpossible(id)) throw notFound()
  await ledger.flush()
  const all = hasScope(actor, 'READ')
  const visible = and(
    eq(requests.id, id),
    timesOf(requests.createdAt, [id]),
    eq(requests.organizationId, actor.organization),
    all ? undefined : eq(requests.apiKeyId, actor.id),
  )
  const [request] = await db.select().from(requests).where(visible)
  if (!request) throw notFound()
  const made = db
    .select()
    .from(attempts)
    .where(and(eq(attempts.requestId, request.id), eq(attempts.createdAt, request.createdAt)))
  return { request, attempts: await made.orderBy(asc(attempts.number)) }
}

function notFound(): GatewayError {
  return new GatewayError({
    code: 'NOT_FOUND',
    message:
      'There is no request with this id that this API key may read. A running one is there when it has ended.',
    path: 'id',
  })
}
