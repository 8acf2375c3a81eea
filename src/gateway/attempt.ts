import type { AnswerContinued, AnswerRestarted } from '../protocol/event.ts'
import type { AttemptPlan } from './attempt-plan.ts'
import { Contest } from './contest.ts'
import type { GatewayDeps } from './deps.ts'
import type { Events, RunningAttempt, Work } from './running-attempt.ts'
import type { Ticket } from './ticket.ts'

/**
 * Calls the deployments of a plan until one answers. A failure before the first content event goes on to
 * the next deployment where the error allows it; after it, the failure is the answer's end, unless the
 * request asked for a new start or a continuation, which is marked.
 */
export async function* attempt(
  deps: GatewayDeps,
  plan: AttemptPlan,
  ticket: Ticket,
  work: Work,
): AsyncGenerator<Events> {
  const contest = new Contest(plan, { deps, ticket, work })
  let broken: RunningAttempt | undefined
  try {
    for (;;) {
      const { attempt: winner, events: first } = yield* contest.decide()
      if (broken) yield [resumption(broken, winner)]
      try {
        for (let events = first; events; events = await winner.next()) yield events
        return
      } catch (error) {
        if (!contest.resumes(winner, error)) throw error
        broken = winner
      }
    }
  } finally {
    await contest.close()
  }
}

function resumption(
  { meter: { closed: failed } }: RunningAttempt,
  { start: { provider, model }, prefix }: RunningAttempt,
): AnswerRestarted | AnswerContinued {
  if (!failed) throw new Error('an attempt that failed is closed')
  const type = prefix === undefined ? 'answer-restarted' : 'answer-continued'
  return { type, provider, model, failed }
}
