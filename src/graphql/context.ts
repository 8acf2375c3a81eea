import type { GatewayDeps } from '../gateway/deps.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from '../services/deps.ts'

/** What every resolver gets: one per operation. Nothing is resolved for a caller without an actor. */
export interface GraphqlContext {
  actor: Actor
  /** The HTTP request's `x-request-id`, or the id of the operation on a WebSocket. */
  requestId: string
  /** An id for a completion: `requestId` for the first one, a fresh one for each further one. */
  nextRequestId: () => string
  gateway: GatewayDeps
  services: ServiceDeps
  /** Aborted when the client is gone or cancels. */
  signal: AbortSignal
}

export interface ContextDeps {
  gateway: GatewayDeps
  services: ServiceDeps
  newRequestId: () => string
}

/** The context of one HTTP request (its batched operations share the ids) or of one WebSocket operation. */
export function createContext(
  deps: ContextDeps,
  operation: { actor: Actor; requestId: string; signal: AbortSignal },
): GraphqlContext {
  const { gateway, services, newRequestId } = deps
  let firstIsTaken = false
  const nextRequestId = (): string => {
    if (firstIsTaken) return newRequestId()
    firstIsTaken = true
    return operation.requestId
  }
  return { ...operation, nextRequestId, gateway, services }
}
