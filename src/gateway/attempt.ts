import { Pulled } from '../lib/pulled.ts'
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
export function attempt(
  deps: GatewayDeps,
  plan: AttemptPlan,
  ticket: Ticket,
  work: Work,
): AsyncGenerator<Events> {
  return new Attempts(new Contest(plan, { deps, ticket, work }))
}

class Attempts extends Pulled<Events> {
  readonly #contest: Contest
  #winner: RunningAttempt | undefined
  /** What the winner says next, where that is known. */
  #first: Events | undefined
  #broken: RunningAttempt | undefined

  constructor(contest: Contest) {
    super()
    this.#contest = contest
  }

  protected async pull(): Promise<Events | undefined> {
    for (;;) {
      if (!this.#winner) {
        const told = await this.#decide()
        if (told) return told
      }
      const events = this.#first
      this.#first = undefined
      if (events) return events
      const winner = this.#winner
      if (!winner) return undefined
      try {
        return await winner.next()
      } catch (error) {
        if (!this.#contest.resumes(winner, error)) throw error
        this.#broken = winner
        this.#winner = undefined
      }
    }
  }

  protected close(): Promise<void> {
    return this.#contest.close()
  }

  /** What is to be told of the attempts; undefined once one of them has won without a word of it. */
  async #decide(): Promise<Events | undefined> {
    const step = await this.#contest.next()
    if (!('attempt' in step)) return step
    this.#winner = step.attempt
    this.#first = step.events
    const broken = this.#broken
    return broken && [resumption(broken, step.attempt)]
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
