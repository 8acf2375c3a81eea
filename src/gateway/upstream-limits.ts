import type { Connection } from '../providers/provider.ts'

/** Which of a provider's limits on time ended a call; the one on connecting is kept by its connector. */
export type TimeLimit = 'first-byte' | 'idle' | 'total'

/**
 * The clocks of one call of an upstream. A call is cut when a limit is reached, when its caller leaves
 * or when it is closed before its answer was whole.
 */
export class CallLimits {
  /** The limit that was reached. */
  reached: TimeLimit | undefined
  readonly #connection: Connection
  readonly #caller: AbortSignal
  readonly #total: NodeJS.Timeout
  #onCut: ((reason: unknown) => void) | undefined
  #cut: { reason: unknown } | undefined
  #awaited: 'first-byte' | 'idle' | undefined
  #awaitedSinceMs = 0
  #silence: NodeJS.Timeout | undefined
  #silenceEndsMs = 0
  #lastLook: NodeJS.Immediate | undefined

  constructor(connection: Connection, caller: AbortSignal) {
    this.#connection = connection
    this.#caller = caller
    this.#total = setTimeout(reachTotal, connection.timeoutTotalMs, this)
    if (caller.aborted) this.#leave()
    else caller.addEventListener('abort', this.#leave, { once: true })
  }

  throwIfCut(): void {
    if (this.#cut) throw this.#cut.reason
  }

  /** What ends the call where it now is; told at once when it is cut already. */
  onCut(act: (reason: unknown) => void): void {
    this.#onCut = act
    if (this.#cut) act(this.#cut.reason)
  }

  /** The provider's turn begins: from here its silence counts. */
  awaitProvider(limit: 'first-byte' | 'idle'): void {
    this.#awaited = limit
    this.#awaitedSinceMs = performance.now()
    const endsMs = this.#awaitedSinceMs + this.#limitMs(limit)
    // A timer that rings too early looks again: one timer serves many short silences.
    if (!this.#silence || this.#silenceEndsMs > endsMs) this.#setSilence(endsMs)
  }

  /** It said something. While its reader takes time the clock stands still. */
  heard(): void {
    this.#awaited = undefined
    clearImmediate(this.#lastLook)
    this.#lastLook = undefined
  }

  /** Stops the clocks; a call whose answer is not whole is cut. */
  close({ whole }: { whole: boolean }): void {
    clearTimeout(this.#total)
    clearTimeout(this.#silence)
    this.heard()
    this.#caller.removeEventListener('abort', this.#leave)
    if (!whole) this.#end(new DOMException('This operation was aborted', 'AbortError'))
  }

  reach(limit: TimeLimit): void {
    this.reached = limit
    this.#end(new Error(`the limit ${limit} was reached`))
  }

  /** The timer of the silence rang. */
  look(): void {
    this.#silence = undefined
    if (!this.#awaited) return
    const limit = this.#awaited
    const endsMs = this.#awaitedSinceMs + this.#limitMs(limit)
    if (endsMs > performance.now()) this.#setSilence(endsMs)
    // What came while this process was busy is read before it counts as silence.
    else this.#lastLook = setImmediate(() => this.reach(limit))
  }

  readonly #leave = (): void => this.#end(this.#caller.reason)

  #limitMs(limit: 'first-byte' | 'idle'): number {
    const { timeoutFirstByteMs, timeoutIdleMs } = this.#connection
    return limit === 'idle' ? timeoutIdleMs : timeoutFirstByteMs
  }

  #setSilence(endsMs: number): void {
    clearTimeout(this.#silence)
    this.#silenceEndsMs = endsMs
    this.#silence = setTimeout(lookAgain, Math.max(1, endsMs - performance.now()), this)
  }

  #end(reason: unknown): void {
    if (this.#cut) return
    this.#cut = { reason }
    this.#onCut?.(reason)
  }
}

function reachTotal(limits: CallLimits): void {
  limits.reach('total')
}

function lookAgain(limits: CallLimits): void {
  limits.look()
}
