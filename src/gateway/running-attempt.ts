import { GatewayError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import type { Ending } from '../lib/ending.ts'
import type { AttemptStart, ChatEvent } from '../protocol/event.ts'
import type { Money } from '../protocol/settlement.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { AttemptMeter, type Ticket } from './ticket.ts'

/** Events before the first content are held back, so that a failure can still be hidden; no more than this many. */
const heldEventsMax = 256

/** Events that were ready at the same moment: each step that hands them on costs as much as one event. */
export type Events = readonly ChatEvent[]

/** What is asked of a deployment. */
export interface Work {
  /** What it cannot express, in warnings; throws where something would be lost. */
  losses(deployment: Deployment): string[]
  /** Its answer. */
  events(deployment: Deployment, options: WorkOptions): AsyncGenerator<ChatEvent | Events>
  /** What its answer will cost, by estimate; undefined where that is not known. */
  cost(deployment: Deployment): Promise<Money | undefined>
}

export interface WorkOptions {
  signal: Ending
  /** Told the HTTP status. */
  onHead: (status: number) => void
  /** What was said elsewhere, with which the deployment goes on. */
  prefix?: string | undefined
}

interface AttemptContext {
  deps: GatewayDeps
  ticket: Ticket
  work: Work
  alone: boolean
  /** Gives its place at the provider back; may be called more than once. */
  release: () => void
  prefix: string | undefined
}

/** One call of one deployment, pulled by whoever runs it; nothing comes before its first content. */
export class RunningAttempt {
  readonly meter: AttemptMeter
  readonly start: AttemptStart
  /** The beginning of an answer with which it goes on. */
  readonly prefix: string | undefined
  readonly #deps: GatewayDeps
  readonly #ticket: Ticket
  readonly #work: Work
  /** Whether it runs as long as the request: then it needs no signal of its own. */
  readonly #alone: boolean
  readonly #release: () => void
  #waiting: ChatEvent[] = []
  #events: AsyncGenerator<ChatEvent | Events> | undefined
  /** Whether its answer is whole. */
  #ended = false

  constructor(deployment: Deployment, context: AttemptContext) {
    const { deps, ticket, work, alone, release, prefix } = context
    this.#deps = deps
    this.#ticket = ticket
    this.#work = work
    this.#alone = alone
    this.#release = release
    this.prefix = prefix
    this.meter = new AttemptMeter(
      ticket,
      deployment,
      deps.states.begin(deployment, ticket.roughTokens),
    )
    const { number } = this.meter
    this.start = {
      type: 'attempt-start',
      number,
      provider: deployment.provider.id,
      model: deployment.modelId,
    }
  }

  /** What may go now; undefined when the answer is whole. Throws what the attempt failed with. */
  async next(): Promise<Events | undefined> {
    if (this.#ended) return undefined
    try {
      this.#events ??= await this.#enter()
      for (;;) {
        const { value, done } = await this.#events.next()
        if (done) return this.#end()
        const ready = this.#hold(value)
        if (ready) return ready
      }
    } catch (error) {
      const ours = error instanceof GatewayError && !this.meter.closed
      if (ours && !this.#ticket.call.signal.aborted) this.#fail(error)
      throw error
    }
  }

  /** Ends it while others go on: its upstream is let go at once, and it is accounted for. */
  cancel(): void {
    this.meter.abandon()
    void this.leave()
  }

  /** Lets its upstream go; what it still throws is nobody's. */
  async leave(): Promise<void> {
    if (this.#ended) return
    this.#release()
    await this.#events?.return(undefined).catch(() => {})
  }

  /** A deployment whose limit is used up is passed over like one that failed. */
  async #enter(): Promise<AsyncGenerator<ChatEvent | Events>> {
    const { reservation, attempts } = this.#ticket
    if (reservation) await reservation.enter(this.meter.deployment, attempts)
    // Another one may have won meanwhile.
    if (this.meter.closed) throw new DOMException('This attempt was ended', 'AbortError')
    return this.#open()
  }

  #open(): AsyncGenerator<ChatEvent | Events> {
    const { meter } = this
    const { deployment } = meter
    for (const message of this.#work.losses(deployment)) {
      this.#waiting.push({ type: 'warning', message })
    }
    const onHead = (status: number): void => {
      meter.httpStatus = status
    }
    const { signal } = this.#ticket.call
    const { prefix } = this
    if (this.#alone) return this.#work.events(deployment, { signal, onHead, prefix })
    return abortable([signal], (own) =>
      this.#work.events(deployment, { signal: own, onHead, prefix }),
    )
  }

  #hold(value: ChatEvent | Events): Events | undefined {
    for (const event of isList(value) ? value : [value]) {
      this.meter.record(event)
      // The tokens of a continued answer are those of all of its attempts: the end tells them.
      if (event.type === 'usage' && this.prefix !== undefined) continue
      this.#waiting.push(event)
      if (this.#waiting.length >= heldEventsMax) this.meter.committed = true
    }
    return this.meter.committed ? this.#rest() : undefined
  }

  #end(): Events | undefined {
    const rest = this.#rest()
    if (rest.length > 0) return rest
    if (!this.meter.closed) this.#deps.health.record(this.meter.close('succeeded'))
    this.#release()
    this.#ended = true
    return undefined
  }

  #rest(): Events {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  #fail(error: GatewayError): void {
    const { requestId } = this.#ticket.call
    const record = this.meter.close('failed', error)
    this.#release()
    this.#deps.health.record(record)
    const { number, model } = this.start
    this.#deps.logger.warn(
      { requestId, attempt: number, model, code: error.code },
      'attempt failed',
    )
  }
}

/** `Array.isArray` does not narrow a readonly array away. */
function isList(value: ChatEvent | Events): value is Events {
  return Array.isArray(value)
}
