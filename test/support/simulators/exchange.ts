import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type {
  HeaderBag,
  InvoiceEntry,
  Piece,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'

export interface ExchangeOptions {
  invoice: InvoiceEntry[]
  /** Pause between frames, for demonstrations; tests release frames themselves. */
  frameDelayMs: number
}

/** How one request is answered. It need not answer before it returns, nor at all. */
export type Answer = (exchange: Exchange) => void | Promise<void>

/** One request and the means to answer it, rightly or wrongly. Writes after the end are ignored. */
export class Exchange {
  readonly request: RecordedRequest
  readonly provider: SimulatedProvider
  readonly #response: ServerResponse
  readonly #options: ExchangeOptions
  #entry: InvoiceEntry | undefined
  #reply: Reply | undefined
  #lastWrite: Promise<void> = Promise.resolve()
  #cut = false

  constructor(
    request: RecordedRequest,
    response: ServerResponse,
    provider: SimulatedProvider,
    options: ExchangeOptions,
  ) {
    this.request = request
    this.provider = provider
    this.#response = response
    this.#options = options
  }

  /** Whether the simulator, not the client, broke the connection. */
  get cut(): boolean {
    return this.#cut
  }

  /** Whether nothing can be written any more. */
  get gone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** The provider's own answer to this request, made once. */
  reply(): Reply {
    this.#reply ??= this.provider.reply(this.request)
    return this.#reply
  }

  json(status: number, body: unknown, headers: HeaderBag = {}): void {
    this.text(status, this.provider.encodeJson(body), {
      ...this.provider.headers(this.request),
      ...headers,
    })
  }

  text(status: number, body: string, headers: HeaderBag = {}): void {
    // The length of what is sent, whatever that of the answer was from which the headers come.
    this.head(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
    this.write(body)
    this.end()
  }

  /** Sends status and headers at once, before any body. */
  head(status: number, headers: HeaderBag): void {
    if (this.#response.headersSent || this.#response.destroyed) return
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
  }

  startStream(headers: HeaderBag = {}): void {
    this.head(200, { ...this.provider.streamHeaders(this.request), ...headers })
  }

  /** Writes bytes as they are; begins a stream where nothing was sent yet. */
  write(raw: string): void {
    this.startStream()
    if (this.gone) return
    const encoding = this.provider.encoding ?? 'utf8'
    this.#lastWrite = new Promise((resolve) => this.#response.write(raw, encoding, () => resolve()))
  }

  frame(frame: object): void {
    this.write(this.provider.encodeFrame(frame))
  }

  /** Writes the terminator, for instance `data: [DONE]`; the body stays open until `end()`. */
  done(): void {
    this.write(this.provider.terminator)
  }

  end(): void {
    this.#response.end()
  }

  /** Cuts the connection with a TCP RST, after what was written has left. */
  reset(): void {
    this.#cut = true
    void this.#lastWrite.then(() => this.#response.socket?.resetAndDestroy())
  }

  /** Closes the connection without ending the body, after what was written has left. */
  destroy(): void {
    this.#cut = true
    void this.#lastWrite.then(() => this.#response.destroy())
  }

  /** Writes a billed piece of an answer. */
  speak(piece: Piece): void {
    if (this.#response.destroyed) return
    if (this.#entry) this.#entry.completionTokens += piece.tokens
    this.write(piece.raw)
  }

  /** Opens the bill of this answer; it counts as completed once `settle()` is called. */
  bill(entry: InvoiceEntry | undefined): void {
    if (!entry || this.#entry || this.#response.destroyed) return
    this.#entry = entry
    this.#options.invoice.push(entry)
  }

  settle(): void {
    const entry = this.#entry
    if (!entry || this.#response.destroyed) return
    entry.completed = true
    void this.request.closed.then(() => {
      entry.completed = !this.request.aborted && !this.#cut
    })
  }

  /** Sends a whole answer, by default the provider's own. */
  async respond(reply: Reply = this.reply()): Promise<void> {
    this.head(reply.status, reply.headers)
    this.bill(reply.entry)
    for (const [index, piece] of reply.pieces.entries()) {
      if (index > 0 && this.#options.frameDelayMs > 0) await wait(this.#options.frameDelayMs)
      if (this.#response.destroyed) return
      this.speak(piece)
      if (this.#response.writableNeedDrain) await this.flushed()
    }
    this.settle()
    this.end()
  }

  /** Sends the first frames of the own answer, or the frames given; half a body where it is JSON. */
  begin(frames: number | object[]): void {
    if (typeof frames !== 'number') {
      this.startStream()
      for (const frame of frames) this.frame(frame)
      return
    }
    const reply = this.reply()
    if (!reply.stream) return this.#beginJson(reply)
    this.head(reply.status, reply.headers)
    this.bill(reply.entry)
    for (const piece of reply.pieces.slice(0, frames)) this.speak(piece)
  }

  /** Resolves when everything written has left, or the connection is gone. */
  async flushed(): Promise<void> {
    await Promise.race([this.#lastWrite, this.request.closed])
  }

  #beginJson(reply: Reply): void {
    const body = bodyOf(reply)
    this.head(reply.status, {
      ...reply.headers,
      'content-length': String(Buffer.byteLength(body)),
    })
    this.bill(reply.entry)
    for (const piece of reply.pieces) this.speak({ ...piece, raw: halfOf(piece.raw) })
  }
}

export function bodyOf(reply: Reply): string {
  return reply.pieces.map((piece) => piece.raw).join('')
}

export function halfOf(text: string): string {
  return text.slice(0, Math.floor(text.length / 2))
}
