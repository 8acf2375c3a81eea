import type { IncomingMessage } from 'node:http'

/**
 * The Fetch request of a POST whose JSON has been read, as far as Yoga and its plugins look at one: a
 * whole `Request` costs as much as the execution of a small operation.
 */
export function jsonRequest(
  message: IncomingMessage,
  content: unknown,
  signal: AbortSignal,
): Request {
  return asRequest(new JsonRequest(message, content, signal))
}

class JsonRequest {
  /** Nothing is left to be read. */
  readonly body = null
  readonly method = 'POST'
  readonly headers: MessageHeaders
  readonly signal: AbortSignal
  readonly #content: unknown
  readonly #path: string

  constructor({ headers, url = '/' }: IncomingMessage, content: unknown, signal: AbortSignal) {
    this.headers = new MessageHeaders(headers)
    this.signal = signal
    this.#content = content
    this.#path = url
  }

  get url(): string {
    return `http://${this.headers.get('host') ?? 'localhost'}${this.#path}`
  }

  /** A promise, or Yoga would take content with a member `then` for one. */
  async json(): Promise<unknown> {
    return this.#content
  }
}

class MessageHeaders {
  readonly #values: IncomingMessage['headers']

  constructor(values: IncomingMessage['headers']) {
    this.#values = values
  }

  get(name: string): string | null {
    const value = this.#values[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const name of Object.keys(this.#values)) yield [name, this.get(name) ?? '']
  }
}

/** Yoga and its plugins read an operation that was parsed already from no other member. */
function asRequest(request: JsonRequest): Request {
  return request as unknown as Request
}
