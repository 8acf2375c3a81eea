import { GatewayError, type ErrorCode } from '../errors.ts'
import type { BlockReason, PassedOver as Told } from '../protocol/routing.ts'
import type { CallOrder } from './attempt-plan.ts'
import type { Deployment } from './catalogue.ts'
import type { Concurrency } from './concurrency.ts'
import type { DeploymentStates } from './deployment-view.ts'
import { retryWaitMs, type RetrySettings } from './retry.ts'

/** A deployment that was not called, and why. */
export interface PassedOver {
  deployment: Deployment
  reason: BlockReason | 'OUTLIER'
  untilMs?: number | undefined
}

export interface LineupOptions {
  states: Pick<DeploymentStates, 'of'>
  concurrency: Pick<Concurrency, 'isFree'>
  /** Absent where nothing is called twice. */
  retry: RetrySettings | undefined
  /** A share of errors from which a deployment comes after those that do better; absent where none does. */
  ejectionShare: number | undefined
  /** When the request arrived; this and `now` are milliseconds of the Unix epoch. */
  startedAtMs: number
  now?: () => number
  random?: () => number
}

interface Again {
  deployment: Deployment
  atMs: number
}

/** The deployments of one request that are still to be called: each once, then those whose failure may pass. */
export class Lineup {
  readonly passedOver: PassedOver[] = []
  readonly #options: LineupOptions
  readonly #now: () => number
  readonly #waiting: Deployment[]
  /** Those after the first, until one of them is needed. */
  #others: CallOrder['others'] | undefined
  #failed: Map<Deployment, number> | undefined
  #again: Again[] = []

  constructor({ first, others }: CallOrder, options: LineupOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#waiting = [first]
    this.#others = others
  }

  /** The next one that may be called, without waiting for a place where one has it; undefined where none may. */
  next(): Deployment | undefined {
    return this.nextFree() ?? this.#waiting.shift()
  }

  /** The next one that may be called and has a place now. */
  nextFree(): Deployment | undefined {
    const { states, concurrency } = this.#options
    let index = 0
    for (;;) {
      const deployment = this.#waiting[index] ?? this.#all()[index]
      if (!deployment) return undefined
      const { blocked, errorShare } = states.of(deployment)
      if (blocked) {
        this.#waiting.splice(index, 1)
        this.passedOver.push({ deployment, ...blocked })
      } else if (this.#isOutlier(deployment, errorShare)) {
        this.#waiting.splice(index, 1)
        this.#waiting.push(deployment)
        this.passedOver.push({ deployment, reason: 'OUTLIER' })
      } else if (concurrency.isFree(deployment)) {
        this.#waiting.splice(index, 1)
        return deployment
      } else index += 1
    }
  }

  /** Whether one whose turn has come may not be called after all, for what it may take in a minute. */
  passesOver(deployment: Deployment): boolean {
    const { blocked } = this.#options.states.of(deployment)
    const isUsedUp =
      blocked?.reason === 'REQUESTS_PER_MINUTE' || blocked?.reason === 'TOKENS_PER_MINUTE'
    if (isUsedUp) this.passedOver.push({ deployment, ...blocked })
    return isUsedUp
  }

  /** One that was not called after all comes first again. */
  putBack(deployment: Deployment): undefined {
    this.#waiting.unshift(deployment)
  }

  get hasNext(): boolean {
    return this.#all().some((deployment) => !this.#options.states.of(deployment).blocked)
  }

  /** One that failed and may be called again, with the time until then; undefined where there is none. */
  again(): { deployment: Deployment; waitMs: number } | undefined {
    const soonest = this.#again.toSorted((one, other) => one.atMs - other.atMs)
    for (const { deployment, atMs } of soonest) {
      const waitMs = Math.max(0, atMs - this.#now())
      const untilMs = this.#options.states.of(deployment).blocked?.untilMs
      this.#again = this.#again.filter((each) => each.deployment !== deployment)
      // A rest that ends with the wait is what the wait is for.
      if (untilMs !== undefined && untilMs > this.#now() + waitMs) continue
      return { deployment, waitMs }
    }
    return undefined
  }

  /** Takes a failure before content; it may come `again`. */
  failed(deployment: Deployment, error: GatewayError): void {
    const { retry, startedAtMs, random = Math.random } = this.#options
    if (!retry) return
    this.#failed ??= new Map()
    const tries = (this.#failed.get(deployment) ?? 0) + 1
    this.#failed.set(deployment, tries)
    const waitMs = retryWaitMs(error, tries, { settings: retry, random: random() })
    if (waitMs === undefined) return
    const atMs = this.#now() + waitMs
    if (atMs <= startedAtMs + retry.totalMaxMs) this.#again.push({ deployment, atMs })
  }

  /**
   * Of those that were passed over, one to call after all where there is nothing else: a credential that was
   * refused or a failed check may be good again, while a rate that is used up and an open breaker are known not to be.
   */
  lastResort(): Deployment | undefined {
    const isWorthIt = ({ reason }: PassedOver): boolean =>
      reason === 'AUTH' || reason === 'QUOTA' || reason === 'DOWN'
    const index = this.passedOver.findIndex(isWorthIt)
    return index < 0 ? undefined : this.passedOver.splice(index, 1)[0]?.deployment
  }

  /** Why nothing was called. */
  refusal(): GatewayError {
    const [first] = this.passedOver
    const waits = this.passedOver.flatMap(({ untilMs }) => untilMs ?? [])
    const soonest = waits.length === 0 ? undefined : Math.min(...waits) - this.#now()
    const list = this.passedOver.map(
      ({ deployment, reason }) => `\`${deployment.id}\`: ${words[reason]}`,
    )
    return new GatewayError({
      code: first ? codes[first.reason] : 'PROVIDER_UNAVAILABLE',
      message: `No deployment may be called now (${list.join('; ')}). Try again later, or name a fallback.`,
      retryAfterMs: soonest === undefined ? undefined : Math.max(1, soonest),
    })
  }

  /** All that wait. */
  #all(): readonly Deployment[] {
    const others = this.#others
    this.#others = undefined
    if (others) this.#waiting.push(...others())
    return this.#waiting
  }

  /** Whether it fails far more often than another one that could be called; it is put last once. */
  #isOutlier(deployment: Deployment, share: number): boolean {
    const { states, ejectionShare } = this.#options
    if (ejectionShare === undefined || share < ejectionShare) return false
    if (this.passedOver.some((each) => each.deployment === deployment)) return false
    return this.#all().some((other) => {
      const { blocked, errorShare } = states.of(other)
      return !blocked && errorShare < share / 2
    })
  }
}

/** As it is kept with the request. */
export function toldOf({ deployment: { id }, reason, untilMs }: PassedOver): Told {
  const until = untilMs === undefined ? '' : `; until ${new Date(untilMs).toISOString()}`
  return { deployment: id, reason, detail: words[reason] + until }
}

const words: Record<PassedOver['reason'], string> = {
  REQUESTS_PER_MINUTE: 'its requests of this minute are used up',
  TOKENS_PER_MINUTE: 'its tokens of this minute are used up',
  RATE_LIMITED: 'its provider asked to wait',
  AUTH: 'its provider refused the credential',
  QUOTA: 'its account cannot pay',
  BREAKER_OPEN: 'it failed too often lately',
  DOWN: 'its last check failed',
  OUTLIER: 'it fails far more often than others',
}

const codes: Record<PassedOver['reason'], ErrorCode> = {
  REQUESTS_PER_MINUTE: 'PROVIDER_RATE_LIMITED',
  TOKENS_PER_MINUTE: 'PROVIDER_RATE_LIMITED',
  RATE_LIMITED: 'PROVIDER_RATE_LIMITED',
  AUTH: 'PROVIDER_AUTH',
  QUOTA: 'PROVIDER_AUTH',
  BREAKER_OPEN: 'PROVIDER_UNAVAILABLE',
  DOWN: 'PROVIDER_UNAVAILABLE',
  OUTLIER: 'PROVIDER_UNAVAILABLE',
}
