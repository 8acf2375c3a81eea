import { GatewayError, internalError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { admit } from './admit.ts'
import { attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import { route } from './route.ts'
import { settle } from './settle.ts'
import { openTicket } from './ticket.ts'

/**
 * One completion as a stream of events. It ends in `end` or, for every expected failure, in `error`;
 * when the caller leaves (`return()` or the call's signal) the upstream is closed and it ends silently.
 */
export function chat(
  deps: GatewayDeps,
  request: ChatRequest,
  call: Call,
): AsyncGenerator<ChatEvent> {
  const ends = [call.signal, deps.shutdown.signal]
  return abortable(ends, (signal) => run(deps, request, { ...call, signal }))
}

async function* run(
  deps: GatewayDeps,
  request: ChatRequest,
  call: Call,
): AsyncGenerator<ChatEvent> {
  const ticket = openTicket(request, call)
  const leave = deps.shutdown.enter()
  deps.metrics.streamOpened()
  try {
    const routed = route(deps.catalogue, request, call) // where it may go, best first
    const deployments = admit(deps, call, routed) // whether this actor may send it there, now
    yield* attempt(deps, deployments, ticket) // call them in turn until one answers
    yield { type: 'end', settlement: await settle(deps, ticket, { status: 'succeeded' }) }
  } catch (thrown) {
    // A signal that aborts with an error of ours ends the answer; any other is a client that left.
    const error: unknown = call.signal.aborted ? call.signal.reason : thrown
    const expected = error instanceof GatewayError
    if (call.signal.aborted && !expected) return
    const failure = expected ? error : internalError(error)
    const settlement = await settle(deps, ticket, { status: 'failed', error: failure })
    if (!expected) throw error // a bug: the surface logs and masks it
    yield { type: 'error', error, settlement }
  } finally {
    await settle(deps, ticket, { status: 'cancelled' }) // what was not settled above was left by its reader
    deps.metrics.streamClosed()
    leave()
  }
}
