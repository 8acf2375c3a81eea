import { LRUCache } from 'lru-cache'
import type { Agent, Dispatcher } from 'undici'
import type { AnswerHeaders } from '../lib/retry-after.ts'
import type { UpstreamRequest } from '../providers/provider.ts'
import type { CallLimits } from './upstream-limits.ts'

/** The head of an answer, and its body, which comes in pieces. */
export interface UpstreamResponse {
  statusCode: number
  headers: AnswerHeaders
  body: UpstreamBody
}

/** The pieces of a body, each of which the provider must send within its idle limit. */
export interface UpstreamBody extends AsyncIterable<Uint8Array> {
  /** Ends the exchange and its connection. */
  destroy(): void
  /** Throws away what is still to come; ends the connection when that is more than this. */
  discard(most: { bytes: number; ms: number }): void
}

/** Where undici sends a request to. */
export interface Destination {
  origin: string
  path: string
}

/** Takes an address apart; the last ones are remembered, for most calls of a provider go to the same. */
export function destinationOf(url: string): Destination {
  const known = destinations.get(url)
  if (known) return known
  const { origin, pathname, search } = new URL(url)
  const destination = { origin, path: pathname + search }
  destinations.set(url, destination)
  return destination
}

const destinations = new LRUCache<string, Destination>({ max: 500 })

/** Sends a request; resolves with the head of the answer. The call's limits may cut it at any time. */
export function exchange(
  agent: Agent,
  { origin, path }: Destination,
  { request, limits }: { request: UpstreamRequest; limits: CallLimits },
): Promise<UpstreamResponse> {
  const { method, headers, body } = request
  const running = new Exchange(limits)
  limits.onCut((reason) => running.cut(reason))
  limits.awaitProvider('first-byte')
  agent.dispatch({ origin, path, method, headers, body: body ?? null }, running)
  return running.head
}

/** Beyond this the provider waits until its reader has caught up. */
const unreadBytesMax = 64 * 1024

/** As undici's own `request`, without a Node stream for the body: that costs more than the rest together. */
class Exchange implements Dispatcher.DispatchHandler, UpstreamBody {
  readonly #head = Promise.withResolvers<UpstreamResponse>()
  readonly #limits: CallLimits
  #controller: Dispatcher.DispatchController | undefined
  #pieces: Uint8Array[] = []
  #unreadBytes = 0
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined
  #ended = false
  #failure: { error: unknown } | undefined
  /** Set once nobody reads any more: how many bytes may still come. */
  #discardBytes: number | undefined
  #discardTimer: NodeJS.Timeout | undefined

  constructor(limits: CallLimits) {
    this.#limits = limits
  }

  get head(): Promise<UpstreamResponse> {
    return this.#head.promise
  }

  cut(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error('cut', { cause: reason })
    this.#fail(reason)
    this.#controller?.abort(error)
  }

  destroy(): void {
    this.cut(new Error('the answer was not wanted any more'))
  }

  discard({ bytes, ms }: { bytes: number; ms: number }): void {
    if (this.#ended || this.#failure) return
    this.#discardBytes = bytes - this.#unreadBytes
    this.#pieces = []
    this.#discardTimer = setTimeout(() => this.destroy(), ms)
    this.#controller?.resume()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      // The connection of a whole answer serves the next one, so leaving its stream must not destroy it.
      return: async () => {
        this.#limits.heard()
        return { done: true, value: undefined }
      },
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#pieces.shift()
    if (value) {
      this.#unreadBytes -= value.byteLength
      if (this.#unreadBytes < unreadBytesMax) this.#controller?.resume()
      return { done: false, value }
    }
    if (this.#failure) throw this.#failure.error
    if (this.#ended) return { done: true, value: undefined }
    this.#limits.awaitProvider('idle')
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const error = this.#failure?.error
    if (this.#failure) controller.abort(error instanceof Error ? error : new Error('cut'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
  ): void {
    if (statusCode < 200) return
    this.#limits.heard()
    this.#head.resolve({ statusCode, headers, body: this })
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    if (this.#failure) return
    if (this.#discardBytes !== undefined) {
      this.#discardBytes -= piece.byteLength
      if (this.#discardBytes < 0) this.destroy()
      return
    }
    const reader = this.#reader
    if (reader) {
      this.#reader = undefined
      this.#limits.heard()
      reader.resolve({ done: false, value: piece })
      return
    }
    this.#pieces.push(piece)
    this.#unreadBytes += piece.byteLength
    if (this.#unreadBytes >= unreadBytesMax) controller.pause()
  }

  onResponseEnd(): void {
    this.#ended = true
    clearTimeout(this.#discardTimer)
    this.#limits.heard()
    this.#reader?.resolve({ done: true, value: undefined })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: unknown): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#ended || this.#failure) return
    this.#failure = { error }
    clearTimeout(this.#discardTimer)
    this.#head.reject(error)
    this.#reader?.reject(error)
  }
}
