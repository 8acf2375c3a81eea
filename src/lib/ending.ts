/** What can end a stream: an `AbortSignal`, or as much of one as is needed. */
export interface Ending {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** An ending that is reached once; an `AbortController` costs many times as much for each request. */
export class End implements Ending {
  aborted = false
  reason: unknown
  #listeners: (() => void)[] = []
  #controller: AbortController | undefined

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const listeners = this.#listeners
    const at = listeners.lastIndexOf(listener)
    if (at < 0) return
    // The last one takes its place.
    const last = listeners.pop()
    if (last && at < listeners.length) listeners[at] = last
  }

  /** Tells whoever listens; without a reason with that of an `AbortSignal` that has none. */
  reach(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
    this.#controller?.abort(reason)
  }

  /** The same for those who need a real signal. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.aborted) this.#controller.abort(this.reason)
    }
    return this.#controller.signal
  }
}

/** The signal of an ending, for those who need a real one. */
export function signalOf(ending: Ending): AbortSignal {
  if (ending instanceof AbortSignal) return ending
  if (ending instanceof End) return ending.signal
  throw new TypeError('an ending of this kind has no signal')
}
