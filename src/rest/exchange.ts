import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../errors.ts'
import { End } from '../lib/ending.ts'
import type { Actor } from '../protocol/actor.ts'
import type { OnSettled } from '../protocol/settlement.ts'

export interface ExchangeOptions {
  id: string
  request: IncomingMessage
  response: ServerResponse
  /** The path of its door. */
  route: string
  /** The headers that every answer has, names in lower case and values in turn; taken over. */
  head: string[]
  isDraining: () => boolean
}

/** One HTTP request to a door, and its answer, which is sent once. */
export class Exchange {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly route: string
  readonly startedAtMs = performance.now()
  /** Reached when the client is gone before its answer is complete. */
  readonly signal = new End()
  /** Who asks; null before that is known. */
  known: Actor | null = null
  /** The parsed body; undefined where there is none. */
  body: unknown
  /** Set where somebody waits for the request's settlement. */
  onSettled: OnSettled | null = null
  readonly #head: string[]
  readonly #isDraining: () => boolean

  constructor({ id, request, response, route, head, isDraining }: ExchangeOptions) {
    this.id = id
    this.request = request
    this.response = response
    this.route = route
    this.#head = head
    this.#isDraining = isDraining
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers
  }

  get actor(): Actor {
    if (this.known) return this.known
    throw new GatewayError({ code: 'UNAUTHENTICATED', message: 'This route needs an API key.' })
  }

  /** Called when the connection has done with it. */
  closed(): void {
    if (!this.response.writableFinished) this.signal.reach()
  }

  /** A header of the answer, its name in lower case; a later value replaces an earlier one. */
  set(name: string, value: string): void {
    const head = this.#head
    for (let at = 0; at < head.length; at += 2) {
      if (head[at] !== name) continue
      head[at + 1] = value
      return
    }
    head.push(name, value)
  }

  /** A header of the answer as it was set. */
  header(name: string): string | undefined {
    const head = this.#head
    for (let at = 0; at < head.length; at += 2) if (head[at] === name) return head[at + 1]
    return undefined
  }

  /** The headers that were set, names and values in turn, for a door that writes its answer itself. */
  head(): readonly string[] {
    this.#keepOrClose()
    return this.#head
  }

  sendJson(body: unknown, status = 200): void {
    this.set('content-type', 'application/json; charset=utf-8')
    this.send(JSON.stringify(body), status)
  }

  /** The body as it is; its type was set. */
  send(body: string | Buffer, status: number): void {
    this.#keepOrClose()
    this.set('content-length', String(Buffer.byteLength(body)))
    this.response.writeHead(status, this.#head)
    this.response.end(body)
  }

  /** The answer comes in pieces, which are written to `response`. */
  openStream(): void {
    this.set('content-type', 'text/event-stream; charset=utf-8')
    this.set('cache-control', 'no-cache')
    this.set('x-accel-buffering', 'no')
    this.response.writeHead(200, this.#head)
  }

  /** A load balancer that keeps its connections must look elsewhere when this instance stops. */
  #keepOrClose(): void {
    if (this.#isDraining()) this.set('connection', 'close')
  }
}
