import { GatewayError, internalError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import { flat } from '../lib/flat.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { Tags } from '../protocol/tags.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import type { Events } from './running-attempt.ts'
import { settle } from './settle.ts'
import type { Ticket } from './ticket.ts'

/**
 * Runs the steps of one request and settles its account once: the events end in `end` or, for every
 * expected failure, in `error`; when the caller leaves (`return()` or the call's signal) they end silently.
 */
export function accounted(
  deps: GatewayDeps,
  call: Call,
  { open, steps }: { open: (call: Call) => Ticket; steps: (ticket: Ticket) => Steps },
): AsyncGenerator<ChatEvent> {
  const ends = [call.signal, deps.shutdown.signal]
  return flat(
    abortable(ends, (signal) => run(deps, open({ ...call, signal, tags: tagsOf(call) }), steps)),
  )
}

/** The key's own tags are on all of its requests; what a request says itself goes before. */
function tagsOf({ actor, tags }: Call): Tags | undefined {
  return actor.kind === 'api-key' && actor.tags ? { ...actor.tags, ...tags } : tags
}

type Steps = AsyncGenerator<Events> | Promise<AsyncGenerator<Events>>

async function* run(
  deps: GatewayDeps,
  ticket: Ticket,
  steps: (ticket: Ticket) => Steps,
): AsyncGenerator<Events> {
  const { signal } = ticket.call
  const leave = deps.shutdown.enter()
  deps.metrics.streamOpened()
  try {
    for await (const events of await steps(ticket)) yield events
    yield [{ type: 'end', settlement: await settle(deps, ticket, { status: 'succeeded' }) }]
  } catch (thrown) {
    // A signal that aborts with an error of ours ends the answer; any other is a client that left.
    const error: unknown = signal.aborted ? signal.reason : thrown
    const expected = error instanceof GatewayError
    if (signal.aborted && !expected) return
    const failure = expected ? error : internalError(error)
    const settlement = await settle(deps, ticket, { status: 'failed', error: failure })
    if (!expected) throw error // a bug: the surface logs and masks it
    yield [{ type: 'error', error, settlement }]
  } finally {
    await settle(deps, ticket, { status: 'cancelled' }) // what was not settled above was left by its reader
    deps.metrics.streamClosed()
    leave()
  }
}
