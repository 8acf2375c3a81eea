import { GatewayError } from '../errors.ts'
import { End, type Ending } from '../lib/ending.ts'

/** How a gateway comes to its end: no new answers, the running ones get time, then they are ended. */
export interface Shutdown {
  /** True from the moment when no new work is taken. */
  readonly draining: boolean
  /** Aborted, with the error that clients are told, when running answers must end. */
  readonly signal: Ending
  /** Counts an answer in; the result counts it out. */
  enter(): () => void
  /** Resolves when no answer runs any more, at the latest a moment after `drainMs`. */
  drain(drainMs: number): Promise<void>
}

/** How long answers may take to tell their clients that they were ended. */
const farewellMs = 2_000

export function createShutdown(): Shutdown {
  const end = new End()
  let draining = false
  let running = 0
  let idle = (): void => {}

  return {
    get draining() {
      return draining
    },
    signal: end,
    enter() {
      running += 1
      return () => {
        running -= 1
        if (running === 0) idle()
      }
    },
    async drain(drainMs) {
      draining = true
      if (running === 0) return
      const emptied = new Promise<void>((resolve) => (idle = resolve))
      const timer = setTimeout(() => end.reach(stopped()), drainMs)
      const giveUp = setTimeout(idle, drainMs + farewellMs)
      await emptied
      clearTimeout(timer)
      clearTimeout(giveUp)
      // The last answer is out of the pipeline; its door still has to say that it is complete.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Another instance takes it at once; where there is none, this one is back in some seconds. */
const retryAfterMs = 2_000

/** Refuses what arrives while the gateway stops; another instance, or this one restarted, will take it. */
export function refuseWhenDraining(shutdown: Shutdown): void {
  if (!shutdown.draining) return
  throw new GatewayError({
    code: 'OVERLOADED',
    message: 'This gateway is stopping and takes no new requests; send it again.',
    retryAfterMs,
  })
}

function stopped(): GatewayError {
  return new GatewayError({
    code: 'INTERRUPTED',
    message: 'The gateway was stopped before the answer was complete; send the request again.',
  })
}
