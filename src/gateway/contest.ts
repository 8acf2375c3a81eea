import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import { signalOf } from '../lib/ending.ts'
import type { AttemptFailed, ChatEvent } from '../protocol/event.ts'
import type { AttemptMode, AttemptPlan } from './attempt-plan.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { Lineup } from './lineup.ts'
import { isAffordable } from './parallel-budget.ts'
import { RunningAttempt, type Events, type Work } from './running-attempt.ts'
import { noteOpen } from './settle.ts'
import { answeredBy, type AttemptMeter, type Ticket } from './ticket.ts'

/** The attempt whose words the client gets, and the first of them; undefined where it is whole without any. */
export interface Won {
  attempt: RunningAttempt
  events: Events | undefined
}

type Lost = { attempt: RunningAttempt; error: unknown }

/** Of a deployment whose p95 is not known yet. */
const unknownP95Ms = 2_000

/**
 * The attempts of one request before one of them answers: one at a time, or several at once. A failure goes
 * on to the next deployment where the error allows it.
 */
export class Contest {
  readonly #deps: GatewayDeps
  readonly #ticket: Ticket
  readonly #work: Work
  readonly #mode: AttemptMode
  readonly #lineup: Lineup
  readonly #running = new Map<RunningAttempt, Promise<Won | Lost>>()
  readonly #begun: Deployment[] = []
  /** Told with the next attempt or the answer: the last failure of all is told as the answer's end. */
  #untold: AttemptFailed[] = []
  #failure: GatewayError | undefined
  /** What the client has of answers that broke, where another is to go on with it. */
  #said: string | undefined
  #winner: RunningAttempt | undefined
  /** The same with its first words, where something is told before them. */
  #won: Won | undefined
  /** One that was told of and is not called yet. */
  #beginning: RunningAttempt | undefined
  /** How many may run at once now. */
  #parallel: number

  constructor(
    { order, mode }: AttemptPlan,
    context: { deps: GatewayDeps; ticket: Ticket; work: Work },
  ) {
    const { deps, ticket, work } = context
    this.#deps = deps
    this.#ticket = ticket
    this.#work = work
    this.#mode = mode
    this.#parallel = mode.kind === 'race' ? mode.parallel : 1
    this.#lineup = new Lineup(order, {
      states: deps.states,
      concurrency: deps.concurrency,
      retry: deps.resilience.retry,
      ejectionShare: deps.resilience.ejectionShare,
      startedAtMs: ticket.createdAt.getTime(),
    })
    ticket.passedOver = this.#lineup.passedOver
  }

  /** What is to be told next: of an attempt that begins, or that one has won. Throws the last failure when none can. */
  async next(): Promise<Events | Won> {
    if (this.#won) return this.#won
    if (this.#beginning) await this.#call(this.#beginning)
    for (;;) {
      const attempt = await this.#begin()
      if (attempt) {
        this.#beginning = attempt
        return [...this.#told(), attempt.start]
      }
      const step = await this.#first()
      if (!step) {
        this.#parallel += 1
        continue
      }
      this.#running.delete(step.attempt)
      if ('error' in step) {
        this.#lose(step)
        continue
      }
      const told = this.#choose(step.attempt)
      if (told.length === 0) return step
      this.#won = step
      return told
    }
  }

  /** Once it was told of. */
  async #call(attempt: RunningAttempt): Promise<void> {
    this.#beginning = undefined
    await noteOpen(this.#deps, this.#ticket)
    this.#running.set(attempt, stepOf(attempt))
  }

  /** Whether another deployment takes over an answer that failed amid its words; `next` says which. */
  resumes({ meter }: RunningAttempt, error: unknown): boolean {
    const { call } = this.#ticket
    const { midStreamFailure: policy = 'ERROR' } = call.hints
    if (policy === 'ERROR' || call.signal.aborted || !meter.closed) return false
    if (!(error instanceof GatewayError) || !error.failover || meter.finished) return false
    if (!this.#lineup.hasNext) return false
    this.#won = undefined
    this.#failure = error
    this.#untold.push({ type: 'attempt-failed', attempt: meter.closed })
    this.#parallel = this.#mode.kind === 'race' ? this.#mode.parallel : 1
    this.#said = policy === 'CONTINUE' ? spoken(this.#said, meter) : undefined
    return true
  }

  /** Lets everything go that still runs. */
  async close(): Promise<void> {
    const running = [...this.#running.keys()]
    if (this.#winner) running.push(this.#winner)
    await Promise.all(running.map((attempt) => attempt.leave()))
  }

  /** The next attempt, where one more may run now. Throws when nothing runs and nothing can. */
  async #begin(): Promise<RunningAttempt | undefined> {
    if (this.#running.size >= this.#parallel) return undefined
    const entered = await this.#enter()
    if (!entered) {
      this.#parallel = this.#running.size // nothing may run beside these
      return undefined
    }
    const { deployment, release } = entered
    const { call } = this.#ticket
    this.#begun.push(deployment)
    return new RunningAttempt(deployment, {
      deps: this.#deps,
      ticket: this.#ticket,
      work: this.#work,
      alone: this.#mode.kind === 'ordered' && call.hints.deadlineMs === undefined,
      release,
      prefix: this.#prefixFor(deployment),
    })
  }

  /** The next deployment with a place at it. Others may have used up its minute while this one waited. */
  async #enter(): Promise<{ deployment: Deployment; release: () => void } | undefined> {
    const alone = this.#running.size === 0
    for (;;) {
      const deployment = alone ? await this.#nextAlone() : await this.#nextBeside()
      if (!deployment) return undefined
      const release = await this.#deps.concurrency.enter(deployment, {
        priority: this.#ticket.priority,
        waitMaxMs: this.#leftMs(),
        signal: this.#ticket.call.signal,
      })
      if (!deployment.bounds || !this.#lineup.passesOver(deployment)) return { deployment, release }
      release()
    }
  }

  /** White space at its end would not survive the way. */
  #prefixFor({ provider, model }: Deployment): string | undefined {
    const said = this.#said
    if (said === undefined || said === '' || said !== said.trimEnd()) return undefined
    return provider.chat?.prefills?.(model) ? said : undefined
  }

  async #nextAlone(): Promise<Deployment> {
    const next = this.#lineup.next()
    if (next) return next
    const again = this.#lineup.again()
    if (again && again.waitMs <= (this.#leftMs() ?? again.waitMs)) {
      await sleep(again.waitMs, undefined, { signal: signalOf(this.#ticket.call.signal) })
      return again.deployment
    }
    if (this.#failure) throw this.#failure
    const last = this.#lineup.lastResort()
    if (!last) throw this.#lineup.refusal()
    return last
  }

  /** One that may run beside those that do: within the budget, and without waiting. */
  async #nextBeside(): Promise<Deployment | undefined> {
    if (this.#mode.kind === 'ordered') return undefined
    const { deadlineMs, maxCosts = [] } = this.#mode
    if (deadlineMs !== undefined && this.#ageMs() > deadlineMs) return undefined
    const deployment = this.#lineup.nextFree()
    if (!deployment) return undefined
    if (maxCosts.length > 0) {
      const all = [...this.#begun, deployment]
      const costs = await Promise.all(all.map((each) => this.#work.cost(each)))
      if (!maxCosts.every((most) => isAffordable(most, costs))) return undefined
    }
    // Each may spend all of the estimate; alone it may still be called.
    if (await this.#ticket.reservation?.further()) return this.#lineup.putBack(deployment)
    return deployment
  }

  /** The first that says something or fails; undefined when one more is to begin. */
  async #first(): Promise<Won | Lost | undefined> {
    const leftMs = this.#leftMs()
    const hedgeMs = this.#hedgeMs()
    const running = [...this.#running.values()]
    if (leftMs === undefined && hedgeMs === undefined) return Promise.race(running)
    const alarm = Promise.withResolvers<undefined>()
    const timer = setTimeout(alarm.resolve, Math.min(leftMs ?? Infinity, hedgeMs ?? Infinity))
    try {
      const step = await Promise.race([...running, alarm.promise])
      if (!step && leftMs !== undefined && (hedgeMs ?? Infinity) >= leftMs) throw this.#tooLate()
      return step
    } finally {
      clearTimeout(timer)
    }
  }

  /** Until one more attempt begins beside those that run. */
  #hedgeMs(): number | undefined {
    const { kind } = this.#mode
    if (kind !== 'hedge' || this.#running.size >= this.#mode.parallel) return undefined
    if (this.#parallel > this.#running.size) return undefined
    const { afterMs } = this.#mode
    const latest = this.#begun.at(-1)
    if (afterMs !== 'p95' || !latest) return afterMs === 'p95' ? unknownP95Ms : afterMs
    return this.#deps.states.of(latest).ttftP95Ms ?? unknownP95Ms
  }

  #choose(attempt: RunningAttempt): ChatEvent[] {
    this.#winner = attempt
    answeredBy(this.#ticket, attempt)
    this.#cancelOthers()
    const told: ChatEvent[] = this.#told()
    const { number, provider, model } = attempt.start
    const attempts = this.#begun.length
    if (number < attempts) told.push({ type: 'attempt-chosen', number, provider, model, attempts })
    return told
  }

  #lose({ attempt, error }: Lost): void {
    const record = attempt.meter.closed
    if (!(error instanceof GatewayError) || !record || !error.failover) {
      if (!this.#ticket.call.signal.aborted) this.#cancelOthers()
      throw error
    }
    this.#failure = error
    this.#lineup.failed(attempt.meter.deployment, error)
    this.#untold.push({ type: 'attempt-failed', attempt: record })
  }

  #cancelOthers(): void {
    for (const attempt of this.#running.keys()) attempt.cancel()
    this.#running.clear()
  }

  #told(): ChatEvent[] {
    const untold = this.#untold
    this.#untold = []
    return untold
  }

  #tooLate(): GatewayError {
    this.#cancelOthers()
    return new GatewayError({
      code: 'PROVIDER_TIMEOUT',
      message: `No provider began to answer within the ${this.#ticket.call.hints.deadlineMs} ms that the request allows (deadline_ms).`,
    })
  }

  #ageMs(): number {
    return performance.now() - this.#ticket.startedAtMs
  }

  /** Until the request's own deadline; undefined where it has none. */
  #leftMs(): number | undefined {
    const { deadlineMs } = this.#ticket.call.hints
    return deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - this.#ageMs())
  }
}

function stepOf(attempt: RunningAttempt): Promise<Won | Lost> {
  return attempt.next().then(
    (events) => ({ attempt, events }),
    (error: unknown) => ({ attempt, error }),
  )
}

/** Undefined where the answer is more than one text, with which no deployment could go on. */
function spoken(before: string | undefined, { produced, meansText }: AttemptMeter) {
  return meansText ? (before ?? '') + produced : undefined
}
