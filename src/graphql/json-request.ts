import type { IncomingMessage } from 'node:http'

/**
 * What plugins of Yoga may ask of the Fetch request behind an operation, read from Node's when they
 * ask: making a whole `Request` costs as much as executing a small operation.
 */
class JsonRequest {
  readonly body = null
  readonly method = 'POST'
  readonly signal: AbortSignal
  readonly #message: IncomingMessage
  readonly #content: unknown
  #headers: Headers | undefined

  constructor(message: IncomingMessage, content: unknown, signal: AbortSignal) {
    this.#message = message
    this.#content = content
    this.signal = signal
  }

  get url(): string {
    const { headers, url = '/' } = this.#message
    return `http://${headers.host ?? 'localhost'}${url}`
  }

  get headers(): Headers {
    return (this.#headers ??= headersOf(this.#message))
  }

  async json(): Promise<unknown> {
    return this.#content
  }
}

/** The Fetch request of a POST whose JSON has been read. */
export function jsonRequest(
  message: IncomingMessage,
  content: unknown,
  signal: AbortSignal,
): Request {
  return asRequest(new JsonRequest(message, content, signal))
}

function headersOf({ headers }: IncomingMessage): Headers {
  const made = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) made.append(name, one)
  }
  return made
}

/** Yoga and its plugins read an operation that was parsed already from no other member. */
function asRequest(request: JsonRequest): Request {
  return request as unknown as Request
}
