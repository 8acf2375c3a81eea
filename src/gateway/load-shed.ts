import { monitorEventLoopDelay } from 'node:perf_hooks'
import { GatewayError } from '../errors.ts'

/** Refuses answers while this process is behind with its work, those of a low priority first. */
export interface LoadShed {
  /** Throws OVERLOADED where one of such a priority is not begun now. */
  check(priority: number): void
  close(): void
}

export interface ShedSettings {
  /** From such a delay of the event loop on, answers of the priority 0 are refused: more of them the longer it is, at twice as long all. */
  delayMs: number
}

export type PriorityWord = 'low' | 'normal' | 'high'

interface ShedContext {
  /** From 0 to below 1. */
  random: () => number
  onShed: (priority: PriorityWord) => void
  /** Told when refusing begins (how long the delay is), and (undefined) when it ends. */
  onChange: (delayMs: number | undefined) => void
}

/** How many times the delay may be as long as for the priority 0. */
const patience: Record<PriorityWord, number> = { low: 0.5, normal: 1, high: 2 }

const retryAfterMs = 1_000

/** Decides by the latest measured delays; what lasts for one measurement only is no overload. */
export class Shedder {
  readonly #settings: ShedSettings
  readonly #context: ShedContext
  #latestMs = 0
  #delayMs = 0
  #shedding = false

  constructor(settings: ShedSettings, context: ShedContext) {
    this.#settings = settings
    this.#context = context
  }

  /** Takes a measurement: how late the event loop ran, on average, since the one before. */
  note(delayMs: number): void {
    this.#delayMs = Math.min(delayMs, this.#latestMs)
    this.#latestMs = delayMs
    const shedding = this.#delayMs >= this.#settings.delayMs * patience.low
    if (shedding !== this.#shedding) this.#context.onChange(shedding ? this.#delayMs : undefined)
    this.#shedding = shedding
  }

  check(priority: number): void {
    if (!this.#shedding) return
    const word = wordOf(priority)
    const share = this.#delayMs / (this.#settings.delayMs * patience[word]) - 1
    if (share < 0 || this.#context.random() > share) return
    this.#context.onShed(word)
    throw new GatewayError({
      code: 'OVERLOADED',
      message:
        'This gateway is behind with its work and takes no such request now; try again later.',
      retryAfterMs,
    })
  }
}

function wordOf(priority: number): PriorityWord {
  if (priority === 0) return 'normal'
  return priority < 0 ? 'low' : 'high'
}

const measureMs = 500
const resolutionMs = 20

/** Without settings nothing is measured and nothing refused. */
export function startLoadShed(settings: ShedSettings | undefined, context: ShedContext): LoadShed {
  if (!settings) return { check: () => {}, close: () => {} }
  const shedder = new Shedder(settings, context)
  const loop = monitorEventLoopDelay({ resolution: resolutionMs })
  loop.enable()
  const timer = setInterval(() => {
    // A loop that has hardly turned since cannot say anything new.
    if (loop.count === 0) return
    const lateMs = loop.mean / 1e6 - resolutionMs
    loop.reset()
    shedder.note(Math.max(0, lateMs))
  }, measureMs).unref()
  return {
    check: (priority) => shedder.check(priority),
    close: () => {
      clearInterval(timer)
      loop.disable()
    },
  }
}
