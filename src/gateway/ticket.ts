import type { GatewayError } from '../errors.ts'
import { isContent, type ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { AttemptRecord, Settlement } from '../protocol/settlement.ts'
import type { Usage } from '../protocol/usage.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import { costOf } from './cost.ts'

/** The running account of one request, from its arrival to its settlement. */
export interface Ticket {
  request: ChatRequest
  call: Call
  createdAt: Date
  /** Milliseconds of the monotonic clock at arrival. */
  startedAtMs: number
  /** From arrival to the first content event. */
  timeToFirstTokenMs: number | undefined
  attempts: AttemptRecord[]
  /** The attempt that is under way. */
  current: AttemptMeter | undefined
  /** Set once, by `settle`. */
  settlement: Settlement | undefined
}

export function openTicket(request: ChatRequest, call: Call): Ticket {
  return {
    request,
    call,
    createdAt: new Date(),
    startedAtMs: performance.now(),
    timeToFirstTokenMs: undefined,
    attempts: [],
    current: undefined,
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
  readonly #ticket: Ticket
  readonly #startedAt = new Date()
  readonly #startedAtMs = performance.now()
  #timeToFirstTokenMs: number | undefined
  #usage: Usage | undefined
  #upstreamId: string | undefined
  #upstreamModel: string | undefined

  constructor(ticket: Ticket, deployment: Deployment) {
    this.#ticket = ticket
    this.deployment = deployment
    this.number = ticket.attempts.length + 1
    ticket.current = this
  }

  record(event: ChatEvent): void {
    if (event.type === 'usage') this.#usage = event.usage
    if (event.type === 'response-start') {
      this.#upstreamId = event.id
      this.#upstreamModel = event.model
    }
    if (!this.committed && isContent(event)) this.#commit()
  }

  close(status: AttemptRecord['status'], error?: GatewayError): AttemptRecord {
    const { deployment } = this
    const cost = costOf(deployment.price, this.#usage)
    const record: AttemptRecord = {
      number: this.number,
      provider: deployment.provider.id,
      model: deployment.id,
      status,
      startedAt: this.#startedAt,
      httpStatus: this.httpStatus ?? error?.upstreamStatus,
      errorCode: error?.code,
      errorMessage: error?.message,
      latencyMs: performance.now() - this.#startedAtMs,
      timeToFirstTokenMs: this.#timeToFirstTokenMs,
      usage: this.#usage,
      cost,
      price: cost && deployment.price,
      upstreamId: this.#upstreamId,
      upstreamModel: this.#upstreamModel,
    }
    this.#ticket.attempts.push(record)
    this.#ticket.current = undefined
    return record
  }

  #commit(): void {
    this.committed = true
    const now = performance.now()
    this.#timeToFirstTokenMs = now - this.#startedAtMs
    this.#ticket.timeToFirstTokenMs = now - this.#ticket.startedAtMs
  }
}
