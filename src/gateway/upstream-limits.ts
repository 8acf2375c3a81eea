import type { Ending } from '../lib/ending.ts'
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
  readonly #caller: Ending
  readonly #totalEndsMs: number
  #onCut: ((reason: unknown) => void) | undefined
  #cut: { reason: unknown } | undefined
  #awaited: 'first-byte' | 'idle' | undefined
  #awaitedSinceMs = 0
  /** The next look at the clocks. One that comes too early looks again: it serves many short silences. */
  #timer: NodeJS.Timeout | undefined
  #timerEndsMs = Infinity
  #lastLook: NodeJS.Immediate | undefined

  constructor(connection: Connection, caller: Ending) {
    this.#connection = connection
    this.#caller = caller
    const nowMs = performance.now()
    this.#totalEndsMs = nowMs + connection.timeoutTotalMs
    this.#lookAt(Math.min(this.#totalEndsMs, nowMs + connection.timeoutFirstByteMs), nowMs)
    if (caller.aborted) this.#leave()
    else caller.addEventListener('abort', this.#leave)
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
    if (endsMs < this.#timerEndsMs) this.#lookAt(endsMs, this.#awaitedSinceMs)
  }

  /** It said something. While its reader takes time the clock stands still. */
  heard(): void {
    this.#awaited = undefined
    clearImmediate(this.#lastLook)
    this.#lastLook = undefined
  }

  /** Stops the clocks; a call whose answer is not whole is cut. */
  close({ whole }: { whole: boolean }): void {
    clearTimeout(this.#timer)
    this.heard()
    this.#caller.removeEventListener('abort', this.#leave)
    if (!whole) this.#end(new DOMException('This operation was aborted', 'AbortError'))
  }

  reach(limit: TimeLimit): void {
    this.reached = limit
    this.#end(new Error(`the limit ${limit} was reached`))
  }

  /** The timer rang. */
  look(): void {
    const nowMs = performance.now()
    if (this.#totalEndsMs <= nowMs) return this.reach('total')
    const limit = this.#awaited
    const endsMs = limit ? this.#awaitedSinceMs + this.#limitMs(limit) : Infinity
    this.#lookAt(endsMs > nowMs ? Math.min(endsMs, this.#totalEndsMs) : this.#totalEndsMs, nowMs)
    // What came while this process was busy is read before it counts as silence.
    if (limit && endsMs <= nowMs) this.#lastLook = setImmediate(() => this.reach(limit))
  }

  readonly #leave = (): void => this.#end(this.#caller.reason)

  #limitMs(limit: 'first-byte' | 'idle'): number {
    const { timeoutFirstByteMs, timeoutIdleMs } = this.#connection
    return limit === 'idle' ? timeoutIdleMs : timeoutFirstByteMs
  }

  #lookAt(endsMs: number, nowMs: number): void {
    clearTimeout(this.#timer)
    this.#timerEndsMs = endsMs
    this.#timer = setTimeout(look, Math.max(1, endsMs - nowMs), this)
  }

  #end(reason: unknown): void {
    if (this.#cut) return
    this.#cut = { reason }
    this.#onCut?.(reason)
  }
}

function look(limits: CallLimits): void {
  limits.look()
}
