import { GatewayError } from '../errors.ts'
import type { Ending } from '../lib/ending.ts'
import type { Deployment } from './catalogue.ts'

export interface QueueSettings {
  /** Requests that may wait for one provider. */
  size: number
  waitMaxMs: number
}

/** How a request waits. */
export interface Waiting {
  /** Higher goes first; within one priority the one that came first. */
  priority: number
  /** No longer than this, where it is shorter than the queue's own limit. */
  waitMaxMs?: number | undefined
  signal: Ending
}

/** What is looked at. */
type Bounded = Pick<Deployment, 'id' | 'bounds'> & {
  provider: Pick<Deployment['provider'], 'id' | 'maxConcurrent'>
}

/** Bounds the attempts that run at once at one provider and at one deployment; who comes too many waits in a bounded queue. */
export interface Concurrency {
  /** Whether an attempt could begin now. */
  isFree(deployment: Bounded): boolean
  /** Resolves when the attempt may begin, with what gives its place back; rejects with OVERLOADED or the signal's reason. */
  enter(deployment: Bounded, waiting: Waiting): Promise<() => void>
}

export function createConcurrency(settings: QueueSettings): Concurrency {
  const gates = new Map<string, Gate>()

  function gateOf(name: string, most: number | undefined): Gate | undefined {
    if (most === undefined) return undefined
    let gate = gates.get(name)
    if (!gate) gates.set(name, (gate = new Gate(most, settings)))
    return gate
  }
  const ofDeployment = ({ id, bounds }: Bounded) =>
    gateOf(`deployment ${id}`, bounds?.maxConcurrent)
  const ofProvider = ({ provider }: Bounded) =>
    gateOf(`provider ${provider.id}`, provider.maxConcurrent)
  return {
    isFree: (deployment) =>
      (ofDeployment(deployment)?.isFree ?? true) && (ofProvider(deployment)?.isFree ?? true),
    enter: async (deployment, waiting) => {
      const [inner, outer] = [ofDeployment(deployment), ofProvider(deployment)]
      if (!inner) return outer?.enter(waiting) ?? unbounded
      const leave = await inner.enter(waiting)
      if (!outer) return leave
      try {
        const leaveBoth = await outer.enter(waiting)
        return () => {
          leaveBoth()
          leave()
        }
      } catch (error) {
        leave()
        throw error
      }
    },
  }
}

const unbounded = (): void => {}

interface Place {
  priority: number
  admit: () => void
  refuse: (error: unknown) => void
}

class Gate {
  readonly #max: number
  readonly #settings: QueueSettings
  /** Highest priority first, then the one that waits longest. */
  readonly #queue: Place[] = []
  #running = 0

  constructor(max: number, settings: QueueSettings) {
    this.#max = max
    this.#settings = settings
  }

  get isFree(): boolean {
    return this.#running < this.#max
  }

  async enter(waiting: Waiting): Promise<() => void> {
    if (waiting.signal.aborted) throw waiting.signal.reason
    if (this.isFree) this.#running += 1
    else await this.#wait(waiting)
    let inside = true
    return () => {
      if (inside) this.#leave()
      inside = false
    }
  }

  /** Whoever waits longest takes the place over, so that nobody can come between. */
  #leave(): void {
    const next = this.#queue.shift()
    if (next) next.admit()
    else this.#running -= 1
  }

  async #wait({ priority, waitMaxMs, signal }: Waiting): Promise<void> {
    this.#makeRoom(priority)
    const limitMs = Math.min(waitMaxMs ?? Number.POSITIVE_INFINITY, this.#settings.waitMaxMs)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const place: Place = { priority, admit: resolve, refuse: reject }
    const behind = this.#queue.findIndex((other) => other.priority < priority)
    this.#queue.splice(behind < 0 ? this.#queue.length : behind, 0, place)
    const timer = setTimeout(() => this.#refuse(place, tooLong(limitMs)), limitMs)
    const leave = (): void => this.#refuse(place, signal.reason)
    signal.addEventListener('abort', leave)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
  }

  /** A full queue refuses the newcomer, or the last of a lower priority in its stead. */
  #makeRoom(priority: number): void {
    if (this.#queue.length < this.#settings.size) return
    const last = this.#queue.at(-1)
    if (!last || last.priority >= priority) throw full(this.#settings.size)
    this.#refuse(last, full(this.#settings.size))
  }

  #refuse(place: Place, error: unknown): void {
    const index = this.#queue.indexOf(place)
    if (index < 0) return
    this.#queue.splice(index, 1)
    place.refuse(error)
  }
}

const retryAfterMs = 1_000

function full(size: number): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message: `The provider is busy and its queue of ${size} is full; try again later.`,
    retryAfterMs,
  })
}

function tooLong(ms: number): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message: `The provider was busy for all of the ${Math.round(ms)} ms that the request could wait; try again later.`,
    retryAfterMs,
  })
}
