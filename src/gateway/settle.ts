import type { GatewayError } from '../errors.ts'
import type { AttemptRecord, Settlement } from '../protocol/settlement.ts'
import type { GatewayDeps } from './deps.ts'
import type { Ticket } from './ticket.ts'

export type Outcome =
  | { status: 'succeeded' }
  | { status: 'failed'; error: GatewayError }
  | { status: 'cancelled' }

/** Closes a request's account and hands it to the ledger. Only the first call does so; later ones return its result. */
export function settle(deps: GatewayDeps, ticket: Ticket, outcome: Outcome): Settlement {
  if (ticket.settlement) return ticket.settlement
  const error = outcome.status === 'failed' ? outcome.error : undefined
  ticket.current?.close(outcome.status, error)
  const { call, request, attempts } = ticket
  const answering = answeringAttempt(attempts)
  const settlement: Settlement = {
    requestId: call.requestId,
    status: outcome.status,
    model: answering?.model,
    provider: answering?.provider,
    attempts,
    usage: answering?.usage,
    cost: answering?.cost,
  }
  ticket.settlement = settlement
  deps.ledger.append({
    settlement,
    organization: call.actor.organization,
    apiKeyId: call.actor.kind === 'api-key' ? call.actor.id : null,
    createdAt: ticket.createdAt,
    door: call.door,
    requestedModel: request.model,
    stream: request.stream,
    latencyMs: performance.now() - ticket.startedAtMs,
    timeToFirstTokenMs: ticket.timeToFirstTokenMs,
    errorCode: error?.code ?? (outcome.status === 'cancelled' ? 'CANCELLED' : undefined),
    tags: call.tags,
  })
  return settlement
}

/** The attempt whose words the client has: the last, unless it failed before it said anything. */
function answeringAttempt(attempts: readonly AttemptRecord[]): AttemptRecord | undefined {
  const last = attempts.at(-1)
  const spoke = last && (last.status === 'succeeded' || last.timeToFirstTokenMs !== undefined)
  return spoke ? last : undefined
}
