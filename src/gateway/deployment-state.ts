import type { LRUCache } from 'lru-cache'
import { isProviderFault, type GatewayError } from '../errors.ts'
import type { BlockReason } from '../protocol/routing.ts'
import type { DeploymentBounds } from '../protocol/routing-policy.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { promptTokens, totalTokens, type Usage } from '../protocol/usage.ts'
import { Breaker, type BreakerSettings, type Verdict } from './breaker.ts'
import type {
  Blocked,
  DeploymentStatus,
  DeploymentView,
  StateAttempt,
  StateChange,
} from './deployment-view.ts'
import { OwnRates } from './own-rates.ts'
import { PeakEwma } from './peak-ewma.ts'
import { Recent } from './recent.ts'

export interface StateSettings {
  /** Absent where nothing is left alone for its failures. */
  breaker: BreakerSettings | undefined
  /** Absent where nothing rests. */
  cooldown: CooldownSettings | undefined
}

interface CooldownSettings {
  /** After a 429 that names no wait. */
  rateLimitMs: number
  /** After a 401 or 403. */
  authMs: number
  /** After a 402. */
  quotaMs: number
  /** No wait that an upstream asks for is longer. */
  maxMs: number
}

/** What it is, without where. */
type Change =
  | Pick<Extract<StateChange, { kind: 'cooldown' }>, 'kind' | 'key' | 'reason' | 'ms'>
  | Pick<Extract<StateChange, { kind: 'breaker' }>, 'kind' | 'openMs'>

const ttftTimeConstantMs = 10_000
const ttftsMax = 100
const ttftsForP95 = 10
const cachedWeight = 0.2

/** Only counts. */
const neverOpen: BreakerSettings = {
  failures: Number.POSITIVE_INFINITY,
  share: 1,
  attemptsMin: Number.POSITIVE_INFINITY,
  windowMs: 30_000,
  openMs: 1,
  openMaxMs: 1,
  probes: 1,
}

/** What the states of all deployments have in common. */
interface SharedState {
  settings: StateSettings
  now: () => number
  onChange: (change: StateChange) => void
  /** Providers that a check found down. */
  down: ReadonlySet<string>
  /** By deployment, or by credential where all of its deployments are concerned. */
  cooldowns: LRUCache<string, Blocked & { untilMs: number }>
}

/** Which deployment it is. */
type Place = Pick<StateChange, 'deployment' | 'provider' | 'credential'>

/** What this process knows of one deployment. */
export class DeploymentState implements DeploymentView {
  inFlight = 0
  cachedShare: number | undefined
  readonly #place: Place
  readonly #shared: SharedState
  readonly #breaker: Breaker
  readonly #ttft = new PeakEwma(ttftTimeConstantMs)
  readonly #ttfts = new Recent(ttftsMax)
  /** Present from the first attempt on where the configuration bounds it. */
  #rates: OwnRates | undefined

  constructor(place: Place, shared: SharedState) {
    this.#place = place
    this.#shared = shared
    this.#breaker = new Breaker(shared.settings.breaker ?? neverOpen, shared.now())
  }

  get ttftEwmaMs(): number | undefined {
    return this.#ttft.value(this.#shared.now())
  }

  get ttftP95Ms(): number | undefined {
    return this.#ttfts.count < ttftsForP95 ? undefined : this.#ttfts.percentile(0.95)
  }

  get errorShare(): number {
    return this.#breaker.share(this.#shared.now())
  }

  get blocked(): Blocked | undefined {
    const { cooldowns, down, now } = this.#shared
    const used = this.#rates?.blocked(now())
    if (used) return used
    const cooldown = cooldowns.size > 0 && this.#cooldown()
    if (cooldown) return cooldown
    // Most are closed, and the time need not be asked.
    const isClosed = this.#breaker.openUntilMs === undefined
    const open = isClosed ? undefined : this.#breaker.closedUntil(now())
    if (open) return { reason: 'BREAKER_OPEN', ...open }
    return down.size > 0 && down.has(this.provider) ? { reason: 'DOWN' } : undefined
  }

  get provider(): string {
    return this.#place.provider
  }

  get status(): DeploymentStatus {
    const breaker = this.#breaker.state(this.#shared.now())
    return { id: this.#place.deployment, blocked: this.blocked, breaker }
  }

  learn(openMs: number): void {
    const nowMs = this.#shared.now()
    if (openMs > 0) this.#breaker.openFor(openMs, nowMs)
    else this.#breaker.close(nowMs)
  }

  get ownLeft(): number {
    return this.#rates?.left(this.#shared.now()) ?? 1
  }

  begin(bounds: DeploymentBounds | undefined, tokens: () => number = () => 0): StateAttempt {
    const beganMs = this.#shared.now()
    const probe = this.#breaker.begin(beganMs)
    this.inFlight += 1
    return new RunningAttempt(this, { probe, beganMs, tokens: this.#count(bounds, tokens) })
  }

  noteFirstContent(timeToFirstTokenMs: number): void {
    this.#ttft.add(timeToFirstTokenMs, this.#shared.now())
    this.#ttfts.add(timeToFirstTokenMs)
  }

  noteEnd(record: AttemptRecord, { error, probe, beganMs, tokens }: AttemptEnd): void {
    const nowMs = this.#shared.now()
    this.inFlight -= 1
    const used = record.usage && totalTokens(record.usage)
    if (used !== undefined) this.#rates?.correct(used - tokens, nowMs)
    const openBefore = this.#breaker.openUntilMs
    this.#breaker.end(verdictOf(record), { probe, beganMs, nowMs })
    const openAfter = this.#breaker.openUntilMs
    if (openAfter !== openBefore)
      this.#tell({ kind: 'breaker', openMs: (openAfter ?? nowMs) - nowMs })
    if (error && record.status === 'failed') this.#coolDown(error, nowMs)
    if (record.usage) this.#noteCached(record.usage)
  }

  /** The tokens that were counted for an attempt that begins. */
  #count(bounds: DeploymentBounds | undefined, tokens: () => number): number {
    const { requestsPerMinute, tokensPerMinute } = bounds ?? {}
    if (!bounds || (requestsPerMinute === undefined && tokensPerMinute === undefined)) return 0
    const rough = tokensPerMinute === undefined ? 0 : tokens()
    this.#rates ??= new OwnRates(bounds)
    this.#rates.begin(rough, this.#shared.now())
    return rough
  }

  #cooldown(): Blocked | undefined {
    const { deployment, credential } = this.#place
    return this.#cooldownOf(deployment) ?? this.#cooldownOf(credential)
  }

  #cooldownOf(key: string): Blocked | undefined {
    const { cooldowns, now } = this.#shared
    const found = cooldowns.get(key)
    if (!found || found.untilMs > now()) return found
    cooldowns.delete(key)
    return undefined
  }

  #coolDown(error: GatewayError, nowMs: number): void {
    const { settings, cooldowns } = this.#shared
    const rest = settings.cooldown && cooldownFor(error, settings.cooldown)
    if (!settings.cooldown || !rest) return
    const ms = Math.min(error.retryAfterMs ?? rest.ms, settings.cooldown.maxMs)
    const key = rest.whole ? this.#place.credential : this.#place.deployment
    const untilMs = Math.max(nowMs + ms, cooldowns.get(key)?.untilMs ?? 0)
    if (untilMs <= nowMs) return
    cooldowns.set(key, { reason: rest.reason, untilMs })
    this.#tell({ kind: 'cooldown', key, reason: rest.reason, ms: untilMs - nowMs })
  }

  #tell(change: Change): void {
    this.#shared.onChange({ ...change, ...this.#place })
  }

  #noteCached(usage: Usage): void {
    const all = promptTokens(usage)
    if (!all || usage.cachedInputTokens === undefined) return
    const share = usage.cachedInputTokens / all
    this.cachedShare = (this.cachedShare ?? share) * (1 - cachedWeight) + share * cachedWeight
  }
}

interface Begun {
  probe: boolean
  beganMs: number
  /** Counted for it so far. */
  tokens: number
}

interface AttemptEnd extends Begun {
  error: GatewayError | undefined
}

class RunningAttempt implements StateAttempt {
  readonly #state: DeploymentState
  readonly #begun: Begun

  constructor(state: DeploymentState, begun: Begun) {
    this.#state = state
    this.#begun = begun
  }

  firstContent(timeToFirstTokenMs: number): void {
    this.#state.noteFirstContent(timeToFirstTokenMs)
  }

  end(record: AttemptRecord, error?: GatewayError): void {
    this.#state.noteEnd(record, { error, ...this.#begun })
  }
}

/** A refused key concerns all that is called with it; a rate limit or a forbidden model that model alone. */
function cooldownFor(
  { code, upstreamStatus }: GatewayError,
  { rateLimitMs, authMs, quotaMs }: CooldownSettings,
): { reason: BlockReason; ms: number; whole: boolean } | undefined {
  if (code === 'PROVIDER_RATE_LIMITED') {
    return { reason: 'RATE_LIMITED', ms: rateLimitMs, whole: false }
  }
  if (code !== 'PROVIDER_AUTH') return undefined
  // An account that cannot pay is told by 402 or, in OpenAI's words, by 429.
  if (upstreamStatus === 402 || upstreamStatus === 429) {
    return { reason: 'QUOTA', ms: quotaMs, whole: true }
  }
  return { reason: 'AUTH', ms: authMs, whole: upstreamStatus !== 403 }
}

/** A refusal on account of the credential or a rate is a cooldown's matter: the deployment itself works. */
function verdictOf({ status, errorCode }: AttemptRecord): Verdict {
  if (status === 'succeeded') return 'success'
  if (status === 'cancelled' || errorCode === undefined) return 'void'
  const cooled = errorCode === 'PROVIDER_AUTH' || errorCode === 'PROVIDER_RATE_LIMITED'
  return isProviderFault(errorCode) && !cooled ? 'failure' : 'void'
}
