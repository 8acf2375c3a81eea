import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { AddressOf } from '../lib/client-address.ts'
import type { Actor } from '../protocol/actor.ts'
import type { OnSettled } from '../protocol/settlement.ts'
import type { ServiceDeps } from '../services/deps.ts'
import type { EventSplit } from './split-events.ts'

/** What every resolver gets: one per operation. Nothing is resolved for a caller without an actor. */
export interface GraphqlContext {
  actor: Actor
  /** The HTTP request's `x-request-id`, or the id of the operation on a WebSocket. */
  requestId: string
  /** An id for a completion: `requestId` for the first one, a fresh one for each further one. */
  nextRequestId: () => string
  gateway: GatewayDeps
  services: ServiceDeps
  /** Of the HTTP request, or of the one that opened the WebSocket. */
  headers: IncomingHttpHeaders
  /** The client's address. */
  address: () => string
  /** Told how the operation's completions are settled, where somebody waits for that. */
  onSettled?: OnSettled | undefined
  /** Takes the events of a subscription where the executor is to see only a part of them. */
  split?: EventSplit | undefined
  /** Aborted when the client is gone or cancels. */
  signal: AbortSignal
}

export interface ContextDeps {
  gateway: GatewayDeps
  services: ServiceDeps
  newRequestId: () => string
  addressOf: AddressOf
}

/** Who sends an operation, and the HTTP request that it came with or that opened its WebSocket. */
export interface Caller {
  actor: Actor
  message: IncomingMessage
}

/** The context of one HTTP request (its batched operations share the ids) or of one WebSocket operation. */
export function createContext(
  deps: ContextDeps,
  operation: Caller & Pick<GraphqlContext, 'requestId' | 'signal' | 'onSettled'>,
): GraphqlContext {
  const { gateway, services, newRequestId, addressOf } = deps
  const { actor, message, requestId, signal, onSettled } = operation
  let firstIsTaken = false
  const nextRequestId = (): string => {
    if (firstIsTaken) return newRequestId()
    firstIsTaken = true
    return requestId
  }
  const { headers } = message
  const address = () => addressOf(message)
  return {
    actor,
    requestId,
    nextRequestId,
    gateway,
    services,
    headers,
    address,
    onSettled,
    signal,
  }
}
