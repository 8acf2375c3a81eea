import type { AttemptPlan } from './attempt-plan.ts'
import { Contest } from './contest.ts'
import type { GatewayDeps } from './deps.ts'
import type { Events, Work } from './running-attempt.ts'
import type { Ticket } from './ticket.ts'

/**
 * Calls the deployments of a plan until one answers. A failure before the first content event goes on to
 * the next deployment where the error allows it; after it, the failure is the answer's end.
 */
export async function* attempt(
  deps: GatewayDeps,
  plan: AttemptPlan,
  ticket: Ticket,
  work: Work,
): AsyncGenerator<Events> {
  const contest = new Contest(plan, { deps, ticket, work })
  try {
    const { attempt: winner, events: first } = yield* contest.decide()
    for (let events = first; events; events = await winner.next()) yield events
  } finally {
    await contest.close()
  }
}
