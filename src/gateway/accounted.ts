import { GatewayError, internalError } from '../errors.ts'
import { End, type Ending } from '../lib/ending.ts'
import { Pulled } from '../lib/pulled.ts'
import type { Tags } from '../protocol/tags.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import type { Events } from './running-attempt.ts'
import { settle } from './settle.ts'
import type { Ticket } from './ticket.ts'

export interface AccountedWork {
  open: (call: Call) => Ticket
  steps: (ticket: Ticket) => Promise<AsyncGenerator<Events>> | AsyncGenerator<Events>
}

/**
 * Runs the steps of one request and settles its account once: the events end in `end` or, for every
 * expected failure, in `error`; when the caller leaves (`return()` or the call's signal) they end silently.
 */
export function accounted(
  deps: GatewayDeps,
  call: Call,
  work: AccountedWork,
): AsyncGenerator<Events> {
  return new Accounted(deps, call, work)
}

/** The key's own tags are on all of its requests; what a request says itself goes before. */
function tagsOf({ actor, tags }: Call): Tags | undefined {
  return actor.kind === 'api-key' && actor.tags ? { ...actor.tags, ...tags } : tags
}

class Accounted extends Pulled<Events> {
  readonly #deps: GatewayDeps
  readonly #ticket: Ticket
  readonly #steps: AccountedWork['steps']
  readonly #caller: Ending
  /** What ends it: the caller's leaving, or the end of this process. */
  readonly #end = new End()
  #leave: (() => void) | undefined
  #events: AsyncGenerator<Events> | undefined
  /** Whether the last event was told. */
  #told = false

  constructor(deps: GatewayDeps, call: Call, { open, steps }: AccountedWork) {
    super()
    this.#deps = deps
    this.#steps = steps
    this.#caller = call.signal
    if (this.#caller.aborted) this.#left()
    else this.#caller.addEventListener('abort', this.#left)
    this.#ticket = open({ ...call, signal: this.#end, tags: tagsOf(call) })
  }

  /** At once, also while the next events are being made. */
  override return(): Promise<IteratorResult<Events, undefined>> {
    this.#release()
    this.#end.reach()
    return super.return()
  }

  protected async pull(): Promise<Events | undefined> {
    if (this.#told) return undefined
    this.#enter()
    try {
      this.#events ??= await this.#steps(this.#ticket)
      const { value, done } = await this.#events.next()
      if (!done) return value
      this.#events = undefined
      const settlement = await settle(this.#deps, this.#ticket, { status: 'succeeded' })
      this.#told = true
      return [{ type: 'end', settlement }]
    } catch (error) {
      return this.#failure(error)
    }
  }

  protected async close(): Promise<void> {
    this.#release()
    if (!this.#leave) return
    try {
      await this.#events?.return(undefined)
    } finally {
      // What was not settled before was left by its reader.
      await settle(this.#deps, this.#ticket, { status: 'cancelled' })
      this.#deps.metrics.streamClosed()
      this.#leave()
    }
  }

  /** Counts it in; one that nobody ever reads costs nothing. */
  #enter(): void {
    if (this.#leave) return
    this.#leave = this.#deps.shutdown.enter(this.#stop)
    this.#deps.metrics.streamOpened()
  }

  async #failure(thrown: unknown): Promise<Events | undefined> {
    const { aborted, reason } = this.#end
    // A signal that aborts with an error of ours ends the answer; any other is a client that left.
    const error: unknown = aborted ? reason : thrown
    const expected = error instanceof GatewayError
    if (aborted && !expected) return undefined
    const failure = expected ? error : internalError(error)
    const settlement = await settle(this.#deps, this.#ticket, { status: 'failed', error: failure })
    if (!expected) throw error // a bug: the surface logs and masks it
    this.#told = true
    return [{ type: 'error', error, settlement }]
  }

  readonly #left = (): void => this.#end.reach(this.#caller.reason)

  readonly #stop = (error: GatewayError): void => this.#end.reach(error)

  #release(): void {
    this.#caller.removeEventListener('abort', this.#left)
  }
}
