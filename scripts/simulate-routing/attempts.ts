import { GatewayError, type ErrorCode } from '../../src/errors.ts'
import type { Deployment } from '../../src/gateway/catalogue.ts'
import type { DeploymentStates, StateAttempt } from '../../src/gateway/deployment-view.ts'
import type { Headroom } from '../../src/gateway/headroom.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'
import type { VirtualClock } from './clock.ts'
import { phaseAt, type Upstream } from './world.ts'

/** How long an answer is made after its first token, and how long it takes to refuse. */
const answerMs = 2_000
const refusalMs = 20

/** So many times its capacity an upstream takes before it refuses. */
const fullAt = 3

/** What calls of upstreams come to, in virtual time. */
export class Attempts {
  readonly #upstreams: ReadonlyMap<string, Upstream>
  readonly #scene: Scene
  readonly #startedAtMs: number
  readonly #running = new Map<string, number>()
  readonly #seconds = new Map<string, { second: number; count: number }>()

  constructor(upstreams: readonly Upstream[], scene: Scene) {
    this.#upstreams = new Map(upstreams.map((upstream) => [upstream.id, upstream]))
    this.#scene = scene
    this.#startedAtMs = scene.clock.nowMs
  }

  /** Calls a deployment; the returned function leaves it, whatever it is doing. */
  begin(deployment: Deployment, told: Told): () => void {
    const { clock, states, random } = this.#scene
    const upstream = this.#upstreams.get(deployment.provider.id)
    if (!upstream) throw new Error(`there is no upstream ${deployment.provider.id}`)
    const running = states.begin(deployment)
    let over = false
    const end = (status: AttemptRecord['status'], code?: ErrorCode): void => {
      over = true
      this.#count(upstream, -1)
      close(running, deployment, { status, code })
    }
    const { ttftMs, errors = 0 } = phaseAt(upstream, this.#elapsedS())
    const waiting = this.#count(upstream, 1)
    const { capacity = Infinity } = upstream
    const refused = this.#isOverLimit(deployment, upstream) || waiting > fullAt * capacity
    const failed = refused || random() < errors
    // Half to double of what is usual, longer where too many are served at once.
    const queued = Math.max(1, waiting / capacity)
    const firstMs = ttftMs * 2 ** (random() * 2 - 1) * queued
    clock.after(refused ? refusalMs : firstMs, () => {
      if (over) return
      if (failed) {
        end('failed', refused ? 'PROVIDER_RATE_LIMITED' : 'PROVIDER_UNAVAILABLE')
        return told.failed()
      }
      running.firstContent(firstMs)
      told.began()
      clock.after(answerMs, () => {
        if (!over) end('succeeded')
      })
    })
    return () => {
      if (!over) end('cancelled')
    }
  }

  #elapsedS(): number {
    return (this.#scene.clock.nowMs - this.#startedAtMs) / 1_000
  }

  #count({ id }: Upstream, change: number): number {
    const count = (this.#running.get(id) ?? 0) + change
    this.#running.set(id, count)
    return count
  }

  /** A provider's limit of requests in each second, told in the headers of every answer. */
  #isOverLimit(deployment: Deployment, { id, perSecond }: Upstream): boolean {
    if (perSecond === undefined) return false
    const second = Math.floor(this.#elapsedS())
    const before = this.#seconds.get(id)
    const count = (before?.second === second ? before.count : 0) + 1
    this.#seconds.set(id, { second, count })
    this.#scene.headroom.note(deployment, {
      'x-ratelimit-limit-requests': String(perSecond),
      'x-ratelimit-remaining-requests': String(Math.max(0, perSecond - count)),
      'x-ratelimit-reset-requests': '1s',
    })
    return count > perSecond
  }
}

interface Scene {
  clock: VirtualClock
  states: DeploymentStates
  headroom: Headroom
  random: () => number
}

interface Told {
  began: () => void
  failed: () => void
}

function close(
  running: StateAttempt,
  { provider, modelId: model }: Deployment,
  { status, code }: { status: AttemptRecord['status']; code: ErrorCode | undefined },
): void {
  const startedAt = new Date(0)
  const record = { number: 1, provider: provider.id, model, status, startedAt, latencyMs: 0 }
  const error = code && new GatewayError({ code, message: 'as the simulation wants it' })
  running.end({ ...record, errorCode: code }, error)
}
