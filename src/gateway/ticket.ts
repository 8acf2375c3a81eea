import type { GatewayError } from '../errors.ts'
import { isContent, type ChatEvent } from '../protocol/event.ts'
import type { AttemptRecord, CacheResult, Money, Settlement } from '../protocol/settlement.ts'
import { completionTokens, type Usage } from '../protocol/usage.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import { costOf } from './cost.ts'
import type { Reservation } from './limits/reservation.ts'
import type { CachedAnswer } from './cache-entry.ts'
import type { StateAttempt } from './deployment-view.ts'
import type { PassedOver } from './lineup.ts'
import type { Route } from './route.ts'

/** The running account of one request, from its arrival to its settlement. */
export interface Ticket {
  call: Call
  /** The model as the client named it. */
  requestedModel: string
  stream: boolean
  /** Under which names who serves it is remembered. */
  affinity: readonly string[] | undefined
  /** What an attempt will take, roughly. */
  roughTokens: (() => number) | undefined
  /** In a queue the higher goes first. */
  priority: number
  /** How it was routed; undefined before that. */
  route: Pick<Route, 'decision'> | undefined
  /** Counts here what a provider did not report, from what was generated. */
  estimate: (produced: string) => Promise<Usage>
  createdAt: Date
  /** Milliseconds of the monotonic clock at arrival. */
  startedAtMs: number
  /** From arrival to the first content event. */
  timeToFirstTokenMs: number | undefined
  attempts: AttemptRecord[]
  /** What it holds of the limits; undefined where none applies. */
  reservation: Reservation | undefined
  /** The attempts that are under way. */
  running: AttemptMeter[]
  /** The attempt whose words the client has. */
  answering: AttemptMeter | undefined
  /** Attempts that failed amid their answers, with which the answering one goes on. */
  continued: AttemptMeter[]
  /** Closed attempts whose provider did not report all of their usage, with their records. */
  unreported: { meter: AttemptMeter; record: AttemptRecord }[]
  /** What was not called although its turn had come. */
  passedOver: readonly PassedOver[]
  /** What the cache of answers said; undefined where it was not asked. */
  cache: CacheResult | undefined
  /** What the answer is, where the cache had it. */
  hit: CachedAnswer | undefined
  /** Set once, by `settle`. */
  settlement: Promise<Settlement> | undefined
}

export function openTicket(
  opened: Pick<Ticket, 'call' | 'stream' | 'estimate'> & { model: string },
): Ticket {
  const { model, ...rest } = opened
  return {
    ...rest,
    requestedModel: model,
    affinity: undefined,
    priority: 0,
    roughTokens: undefined,
    route: undefined,
    createdAt: new Date(),
    startedAtMs: performance.now(),
    timeToFirstTokenMs: undefined,
    attempts: [],
    reservation: undefined,
    running: [],
    answering: undefined,
    continued: [],
    unreported: [],
    passedOver: [],
    cache: undefined,
    hit: undefined,
    settlement: undefined,
  }
}

/** Measures one attempt while its events pass, and closes it into a record. */
export class AttemptMeter {
  readonly deployment: Deployment
  readonly number: number
  /** True once content was seen: from then on nothing may be retried. */
  committed = false
  httpStatus: number | undefined
  /** Everything that was generated so far, to be counted if the provider reports no usage. */
  produced = ''
  /** Whether `produced` is one text and nothing else. */
  meansText = true
  /** Whether a choice is complete. */
  finished = false
  /** Whether it was ended for another attempt. */
  abandoned = false
  /** Its record, once nothing more of it is heard. */
  closed: AttemptRecord | undefined
  /** From the call to its first content. */
  timeToFirstTokenMs: number | undefined
  readonly #ticket: Ticket
  readonly #state: StateAttempt
  readonly #startedAt = new Date()
  readonly #startedAtMs = performance.now()
  #usage: Usage | undefined
  #upstreamId: string | undefined
  #upstreamModel: string | undefined

  constructor(ticket: Ticket, deployment: Deployment, state: StateAttempt) {
    this.#ticket = ticket
    this.deployment = deployment
    this.#state = state
    this.number = ticket.attempts.length + ticket.running.length + 1
    ticket.running.push(this)
  }

  record(event: ChatEvent): void {
    if (event.type === 'usage') this.#usage = event.usage
    if (event.type === 'response-start') {
      this.#upstreamId = event.id
      this.#upstreamModel = event.model
    }
    this.produced += producedBy(event)
    if (event.type === 'finish') this.finished = true
    else if (event.type !== 'text-delta' || event.choice !== 0) this.meansText &&= !isContent(event)
    if (!this.committed && isContent(event)) this.#commit()
  }

  /** What such usage costs here. */
  price(usage: Usage): Money | undefined {
    return costOf(this.deployment.price, usage)
  }

  close(status: AttemptRecord['status'], error?: GatewayError): AttemptRecord {
    const record = this.#record(status, error)
    this.closed = record
    const { attempts, running, unreported } = this.#ticket
    attempts.push(record)
    running.splice(running.indexOf(this), 1)
    this.#state.end(record, error)
    if (isPartial(this.#usage)) unreported.push({ meter: this, record })
    return record
  }

  /** Closes it for another one that answers: its provider bills the prompt, whatever it has said so far. */
  abandon(): void {
    this.abandoned = true
    this.close('cancelled')
  }

  /** The record of an attempt of which nothing more is heard, should the process die now. */
  interrupted(): AttemptRecord {
    return { ...this.#record('failed'), errorCode: 'INTERRUPTED' }
  }

  #record(status: AttemptRecord['status'], error?: GatewayError): AttemptRecord {
    const { deployment } = this
    return {
      number: this.number,
      provider: deployment.provider.id,
      model: deployment.modelId,
      deployment: deployment.id,
      status,
      startedAt: this.#startedAt,
      httpStatus: this.httpStatus ?? error?.upstreamStatus,
      errorCode: error?.code,
      errorMessage: error?.message,
      latencyMs: performance.now() - this.#startedAtMs,
      timeToFirstTokenMs: this.timeToFirstTokenMs,
      usage: this.#usage,
      cost: this.#usage && this.price(this.#usage),
      price: deployment.price,
      upstreamId: this.#upstreamId,
      upstreamModel: this.#upstreamModel,
    }
  }

  #commit(): void {
    this.committed = true
    this.timeToFirstTokenMs = performance.now() - this.#startedAtMs
    this.#state.firstContent(this.timeToFirstTokenMs)
  }
}

/** From here on the client has the words of this attempt. */
export function answeredBy(
  ticket: Ticket,
  { meter, prefix }: { meter: AttemptMeter; prefix: string | undefined },
): void {
  if (prefix === undefined) ticket.continued = []
  else if (ticket.answering) ticket.continued.push(ticket.answering)
  ticket.answering = meter
  if (meter.timeToFirstTokenMs === undefined) return
  ticket.timeToFirstTokenMs ??= performance.now() - ticket.startedAtMs
}

/** Without a count of what was generated: nothing was reported, or the prompt alone. */
function isPartial(usage: Usage | undefined): boolean {
  return !usage || completionTokens(usage) === undefined
}

function producedBy(event: ChatEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text
    case 'tool-call-start':
      return event.name
    case 'tool-call-delta':
      return event.argumentsDelta
    default:
      return ''
  }
}
