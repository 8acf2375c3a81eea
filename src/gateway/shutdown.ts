import { setMaxListeners } from 'node:events'
import { GatewayError } from '../errors.ts'

/** How a gateway comes to its end: no new answers, the running ones get time, then they are ended. */
export interface Shutdown {
  /** True from the moment when no new work is taken. */
  readonly draining: boolean
  /** Aborted, with the error that clients are told, when running answers must end. */
  readonly signal: AbortSignal
  /** Counts an answer in; the result counts it out. */
  enter(): () => void
  /** Resolves when no answer runs any more, at the latest a moment after `drainMs`. */
  drain(drainMs: number): Promise<void>
}

/** How long answers may take to tell their clients that they were ended. */
const farewellMs = 2_000

export function createShutdown(): Shutdown {
  const controller = new AbortController()
  // Every running answer listens; that is no leak.
  setMaxListeners(0, controller.signal)
  let draining = false
  let running = 0
  let idle = (): void => {}

  return {
    get draining() {
      return draining
    },
    signal: controller.signal,
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
      const end = setTimeout(() => controller.abort(stopped()), drainMs)
      const giveUp = setTimeout(idle, drainMs + farewellMs)
      await emptied
      clearTimeout(end)
      clearTimeout(giveUp)
      // The last answer is out of the pipeline; its door still has to say that it is complete.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Refuses what arrives while the gateway stops; another instance, or this one restarted, will take it. */
export function refuseWhenDraining(shutdown: Shutdown): void {
  if (!shutdown.draining) return
  throw new GatewayError({
    code: 'OVERLOADED',
    message: 'This gateway is stopping and takes no new requests; send it again.',
  })
}

function stopped(): GatewayError {
  return new GatewayError({
    code: 'INTERRUPTED',
    message: 'The gateway was stopped before the answer was complete; send the request again.',
  })
}
