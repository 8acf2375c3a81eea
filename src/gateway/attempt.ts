import { GatewayError } from '../errors.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { AttemptPlan } from './attempt-plan.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { noteOpen } from './settle.ts'
import { AttemptMeter, type Ticket } from './ticket.ts'

/** Events before the first content are held back, so that a failure can still be hidden; no more than this many. */
const heldEventsMax = 256

/** Events that were ready at the same moment: each step that hands them on costs as much as one event. */
export type Events = readonly ChatEvent[]

/**
 * Calls the deployments in turn until one answers. A failure before the first content event goes on
 * to the next deployment where the error allows it; after it, the failure is the answer's end.
 */
export async function* attempt(
  deps: GatewayDeps,
  { deployments }: AttemptPlan,
  ticket: Ticket,
  work: Work,
): AsyncGenerator<Events> {
  for (const [index, deployment] of deployments.entries()) {
    const meter = new AttemptMeter(ticket, deployment, deps.states.begin(deployment))
    const model = deployment.id
    yield [{ type: 'attempt-start', number: meter.number, provider: deployment.provider.id, model }]
    try {
      await ticket.reservation?.enter(deployment, ticket.attempts)
      await noteOpen(deps, ticket)
      const held = new Held(meter, work.losses(deployment))
      for await (const events of work.events(deployment, (status) => (meter.httpStatus = status))) {
        const ready = held.add(Array.isArray(events) ? events : [events])
        if (ready) yield ready
      }
      const rest = held.rest()
      if (rest.length > 0) yield rest
      deps.health.record(meter.close('succeeded'))
      return
    } catch (error) {
      if (!(error instanceof GatewayError) || ticket.call.signal.aborted) throw error
      const record = meter.close('failed', error)
      deps.health.record(record)
      deps.logger.warn(
        { requestId: ticket.call.requestId, attempt: record.number, model, code: error.code },
        'attempt failed',
      )
      const last = index === deployments.length - 1
      if (last || meter.committed || !error.failover) throw error
      yield [{ type: 'attempt-failed', attempt: record }]
    }
  }
}

/** What is asked of a deployment. */
export interface Work {
  /** What it cannot express, in warnings; throws where something would be lost. */
  losses(deployment: Deployment): string[]
  /** Its answer; `onHead` is told the HTTP status. */
  events(
    deployment: Deployment,
    onHead: (status: number) => void,
  ): AsyncGenerator<ChatEvent | Events>
}

/** One deployment's events; nothing is let through before its first content. */
class Held {
  readonly #meter: AttemptMeter
  #waiting: ChatEvent[]

  constructor(meter: AttemptMeter, losses: readonly string[]) {
    this.#meter = meter
    this.#waiting = losses.map((message) => ({ type: 'warning', message }))
  }

  /** What may go now; undefined where it has to wait. */
  add(events: Events): Events | undefined {
    for (const event of events) {
      this.#meter.record(event)
      this.#waiting.push(event)
      if (this.#waiting.length >= heldEventsMax) this.#meter.committed = true
    }
    return this.#meter.committed ? this.rest() : undefined
  }

  /** Everything that waits. */
  rest(): Events {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
