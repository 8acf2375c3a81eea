import { GatewayError } from '../errors.ts'
import { Slots } from '../lib/slots.ts'

/** How a gateway comes to its end: no new answers, the running ones get time, then they are ended. */
export interface Shutdown {
  /** True from the moment when no new work is taken. */
  readonly draining: boolean
  /**
   * Counts an answer in; the result counts it out. `stop` is called with the error that clients are told when
   * running answers must end, at once where that is so already.
   */
  enter(stop: (error: GatewayError) => void): () => void
  /** Resolves when no answer runs any more, at the latest a moment after `drainMs`. */
  drain(drainMs: number): Promise<void>
}

/** How long answers may take to tell their clients that they were ended. */
const farewellMs = 2_000

export function createShutdown(): Shutdown {
  const running = new Slots<(error: GatewayError) => void>()
  let ended: GatewayError | undefined
  let draining = false
  let idle = (): void => {}

  return {
    get draining() {
      return draining
    },
    enter(stop) {
      const place = running.add(stop)
      if (ended) stop(ended)
      return () => {
        running.remove(place)
        if (running.size === 0) idle()
      }
    },
    async drain(drainMs) {
      draining = true
      if (running.size === 0) return
      const emptied = new Promise<void>((resolve) => (idle = resolve))
      const timer = setTimeout(() => {
        ended = stopped()
        for (const stop of running.values()) stop(ended)
      }, drainMs)
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
