import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { controlledAnswer, type Controlled } from './controlled.ts'
import { type Answer, Exchange } from './exchange.ts'
import type { InvoiceEntry, RecordedRequest, SimulatedProvider } from './provider.ts'

export interface SimulatorOptions {
  /** 0, the default, lets the system choose. */
  port?: number
  /** Path between host and endpoints, `/v1`; part of `url`. */
  basePath?: string
  /** Pause between the frames of a faithful stream, for demonstrations. */
  frameDelayMs?: number
  /** Speaks https with this certificate, in PEM. */
  tls?: { key: string; cert: string }
}

/** A provider on 127.0.0.1: it records what it is asked and answers as scripted or faithfully. */
export class Simulator implements AsyncDisposable {
  readonly port: number
  readonly url: string
  /** Every request so far but for lists of models, in order of arrival. */
  readonly requests: RecordedRequest[] = []
  /** Requests for the list of models: the gateway makes them when it likes. */
  readonly lists: RecordedRequest[] = []
  /** What this provider would bill, to compare with a ledger. */
  readonly invoice: InvoiceEntry[] = []
  /** What scripted answers threw; `close()` rejects when there is any. */
  readonly failures: unknown[] = []
  readonly #server: Server
  readonly #provider: SimulatedProvider
  readonly #frameDelayMs: number
  readonly #sockets = new Set<Socket>()
  readonly #script: Answer[] = []
  readonly #waiting: { count: number; resolve: () => void }[] = []

  constructor(server: Server, provider: SimulatedProvider, options: SimulatorOptions) {
    this.#server = server
    this.#provider = provider
    this.#frameDelayMs = options.frameDelayMs ?? 0
    this.port = portOf(server)
    const scheme = options.tls ? 'https' : 'http'
    this.url = `${scheme}://127.0.0.1:${this.port}${options.basePath ?? ''}`
    server.on('connection', (socket) => this.#track(socket))
    server.on('request', (message, response) => void this.#serve(message, response))
  }

  get openSockets(): number {
    return this.#sockets.size
  }

  /** Queues answers for the coming completions, first in, first out. */
  next(...answers: Answer[]): void {
    this.#script.push(...answers)
  }

  /** Queues an answer whose every chunk the test releases. */
  controlled(): Controlled {
    const { answer, upstream } = controlledAnswer()
    this.next(answer)
    return upstream
  }

  /** Scripted answers that no request has taken yet. */
  get pending(): number {
    return this.#script.length
  }

  /** Resolves with the requests so far once there are this many. */
  async received(count: number): Promise<RecordedRequest[]> {
    if (this.requests.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    }
    return this.requests
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    if (this.failures.length > 0) {
      throw new AggregateError(this.failures.splice(0), 'scripted answers failed')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const rawBody = await read(message)
    // A client that left while it was still sending has asked nothing.
    if (rawBody === undefined) return
    let exchange: Exchange | undefined
    const request = record(message, response, {
      rawBody,
      isCut: () => exchange?.cut ?? false,
    })
    exchange = new Exchange(request, response, this.#provider, {
      invoice: this.invoice,
      frameDelayMs: this.#frameDelayMs,
    })
    this.#announce(request)
    const scripted = this.#provider.takesScript(request) ? this.#script.shift() : undefined
    await this.#answer(exchange, scripted)
  }

  async #answer(exchange: Exchange, scripted: Answer | undefined): Promise<void> {
    try {
      await (scripted ? scripted(exchange) : exchange.respond())
    } catch (error) {
      this.failures.push(error)
      exchange.destroy()
    }
  }

  #announce(request: RecordedRequest): void {
    if (request.method === 'GET' && /\/models(\?|$)/.test(request.path)) {
      this.lists.push(request)
      return
    }
    this.requests.push(request)
    const ready = this.#waiting.filter(({ count }) => count <= this.requests.length)
    for (const waiter of ready) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve()
    }
  }
}

export async function startSimulator(
  provider: SimulatedProvider,
  options: SimulatorOptions = {},
): Promise<Simulator> {
  const settings = { keepAliveTimeout: 60_000 }
  const server = options.tls
    ? createTlsServer({ ...settings, ...options.tls })
    : createServer(settings)
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return new Simulator(server, provider, options)
}

interface RecordParts {
  rawBody: string
  isCut: () => boolean
}

function record(
  message: IncomingMessage,
  response: ServerResponse,
  { rawBody, isCut }: RecordParts,
): RecordedRequest {
  const state = { aborted: false }
  const closed = new Promise<void>((resolve) => {
    response.on('close', () => {
      state.aborted = !response.writableFinished && !isCut()
      resolve()
    })
  })
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: parse(rawBody),
    rawBody,
    closed,
    get aborted() {
      return state.aborted
    },
  }
}

async function read(message: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  } catch {
    return undefined
  }
}

function parse(rawBody: string): unknown {
  try {
    return JSON.parse(rawBody)
  } catch {
    return undefined
  }
}

function portOf(server: Server): number {
  return tcpAddress(server.address()).port
}

/** A listening TCP server always has an address object; a pipe's string and null cannot occur. */
function tcpAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string')
    throw new Error('the server is no TCP server')
  return address
}
