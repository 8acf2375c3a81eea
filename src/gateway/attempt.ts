import { GatewayError } from '../errors.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { noteOpen } from './settle.ts'
import { AttemptMeter, type Ticket } from './ticket.ts'

/** Events before the first content are held back, so that a failure can still be hidden; no more than this many. */
const heldEventsMax = 256

/**
 * Calls the deployments in turn until one answers. A failure before the first content event goes on
 * to the next deployment where the error allows it; after it, the failure is the answer's end.
 */
export async function* attempt(
  deps: GatewayDeps,
  deployments: readonly Deployment[],
  ticket: Ticket,
  work: Work,
): AsyncGenerator<ChatEvent> {
  for (const [index, deployment] of deployments.entries()) {
    const meter = new AttemptMeter(ticket, deployment)
    const model = deployment.id
    yield { type: 'attempt-start', number: meter.number, provider: deployment.provider.id, model }
    await noteOpen(deps, ticket)
    try {
      yield* held(meter, work)
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
      yield { type: 'attempt-failed', attempt: record }
    }
  }
}

/** What is asked of a deployment. */
export interface Work {
  /** What it cannot express, in warnings; throws where something would be lost. */
  losses(deployment: Deployment): string[]
  /** Its answer; `onHead` is told the HTTP status. */
  events(deployment: Deployment, onHead: (status: number) => void): AsyncGenerator<ChatEvent>
}

/** One deployment's events; nothing is let through before its first content. */
async function* held(meter: AttemptMeter, work: Work): AsyncGenerator<ChatEvent> {
  const losses = work.losses(meter.deployment)
  const waiting: ChatEvent[] = losses.map((message) => ({ type: 'warning', message }))
  let open = false
  const events = work.events(meter.deployment, (status) => (meter.httpStatus = status))
  for await (const event of events) {
    meter.record(event)
    if (open) {
      yield event
      continue
    }
    waiting.push(event)
    if (waiting.length >= heldEventsMax) meter.committed = true
    open = meter.committed
    if (open) yield* waiting
  }
  if (!open) yield* waiting
}
