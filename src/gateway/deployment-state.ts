import { isProviderFault, type GatewayError } from '../errors.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { promptTokens, type Usage } from '../protocol/usage.ts'
import { Breaker, type BreakerSettings, type BreakerState, type Verdict } from './breaker.ts'
import { PeakEwma } from './peak-ewma.ts'
import { Recent } from './recent.ts'

/** Why a deployment is not called now. */
export const blockReasons = ['RATE_LIMITED', 'AUTH', 'QUOTA', 'BREAKER_OPEN', 'DOWN'] as const
export type BlockReason = (typeof blockReasons)[number]

export interface Blocked {
  reason: BlockReason
  /** Milliseconds of the Unix epoch; absent where it ends with an event: a probe, a check. */
  untilMs?: number | undefined
}

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

/** What routing may ask of a deployment: plain numbers of this moment, without any work. */
export interface DeploymentView {
  /** Attempts under way. */
  readonly inFlight: number
  /** Peak-sensitive average of the time to the first token; undefined before the first answer. */
  readonly ttftEwmaMs: number | undefined
  /** So long took the recent 19 of 20 to begin; undefined where too few are known. */
  readonly ttftP95Ms: number | undefined
  /** Of recent attempts, from 0 to 1; falls to 0 while nothing is heard. */
  readonly errorShare: number
  readonly blocked: Blocked | undefined
  /** Of the recent input tokens, those read from the provider's cache, from 0 to 1. */
  readonly cachedShare: number | undefined
}

/** One attempt as the state follows it: content at most once, the end once. */
export interface StateAttempt {
  firstContent(timeToFirstTokenMs: number): void
  /** `error` is what a failed one failed with. */
  end(record: AttemptRecord, error?: GatewayError): void
}

/** What this process knows of its deployments: one entry for each that was ever called. */
export interface DeploymentStates {
  /** By the deployment's id. */
  of(deployment: Called): DeploymentView
  begin(deployment: Called): StateAttempt
  /** Those of a provider that were ever called. */
  ofProvider(provider: string): DeploymentStatus[]
  /** Takes what another instance saw. */
  learn(change: StateChange): void
  /** Whether a check found that a provider does not answer. */
  markDown(provider: string, down: boolean): void
}

export interface DeploymentStatus {
  id: string
  blocked: Blocked | undefined
  breaker: BreakerState
}

/** A rest that began, or a breaker that opened for a time or (0) closed. Times are milliseconds from now. */
export type StateChange = {
  provider: string
  credential: string
  deployment: string
} & (
  | { kind: 'cooldown'; key: string; reason: BlockReason; ms: number }
  | { kind: 'breaker'; openMs: number }
)

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

export function createDeploymentStates(
  settings: StateSettings,
  options: { now?: () => number; onChange?: (change: StateChange) => void } = {},
): DeploymentStates {
  const { now = Date.now, onChange = () => {} } = options
  const states = new Map<string, DeploymentState>()
  const cooldowns = new Map<string, Blocked & { untilMs: number }>()
  const down = new Set<string>()

  function stateOf({ id, credential, provider }: Called): DeploymentState {
    let state = states.get(id)
    if (!state) {
      const shared = { settings, now, onChange, cooldowns, down }
      const context = { ...shared, provider: provider.id, credential }
      states.set(id, (state = new DeploymentState(id, context)))
    }
    return state
  }
  return {
    of: stateOf,
    begin: (deployment) => stateOf(deployment).begin(),
    ofProvider: (provider) =>
      [...states.values()]
        .filter((state) => state.provider === provider)
        .map((state) => state.status),
    learn: (change) => {
      const state = stateOf({ ...change, id: change.deployment, provider: { id: change.provider } })
      if (change.kind === 'breaker') {
        state.learn(change.openMs)
        return
      }
      const untilMs = Math.max(now() + change.ms, cooldowns.get(change.key)?.untilMs ?? 0)
      cooldowns.set(change.key, { reason: change.reason, untilMs })
    },
    markDown: (provider, isDown) => void (isDown ? down.add(provider) : down.delete(provider)),
  }
}

/** What is needed to know of a deployment. */
interface Called {
  id: string
  /** Shared by all that are called with it. */
  credential: string
  provider: { id: string }
}

interface Context {
  settings: StateSettings
  now: () => number
  onChange: (change: StateChange) => void
  /** Providers that a check found down. */
  down: ReadonlySet<string>
  provider: string
  /** By deployment, or by credential where all of its deployments are concerned. */
  cooldowns: Map<string, Blocked & { untilMs: number }>
  credential: string
}

class DeploymentState implements DeploymentView {
  inFlight = 0
  cachedShare: number | undefined
  readonly #id: string
  readonly #context: Context
  readonly #breaker: Breaker
  readonly #ttft = new PeakEwma(ttftTimeConstantMs)
  readonly #ttfts = new Recent(ttftsMax)

  constructor(id: string, context: Context) {
    this.#id = id
    this.#context = context
    this.#breaker = new Breaker(context.settings.breaker ?? neverOpen, context.now())
  }

  get ttftEwmaMs(): number | undefined {
    return this.#ttft.value(this.#context.now())
  }

  get ttftP95Ms(): number | undefined {
    return this.#ttfts.count < ttftsForP95 ? undefined : this.#ttfts.percentile(0.95)
  }

  get errorShare(): number {
    return this.#breaker.share(this.#context.now())
  }

  get blocked(): Blocked | undefined {
    const { credential } = this.#context
    const cooldown = this.#cooldownOf(this.#id) ?? this.#cooldownOf(credential)
    if (cooldown) return cooldown
    const open = this.#breaker.closedUntil(this.#context.now())
    if (open) return { reason: 'BREAKER_OPEN', ...open }
    return this.#context.down.has(this.provider) ? { reason: 'DOWN' } : undefined
  }

  get provider(): string {
    return this.#context.provider
  }

  get status(): DeploymentStatus {
    const breaker = this.#breaker.state(this.#context.now())
    return { id: this.#id, blocked: this.blocked, breaker }
  }

  learn(openMs: number): void {
    const nowMs = this.#context.now()
    if (openMs > 0) this.#breaker.openFor(openMs, nowMs)
    else this.#breaker.close(nowMs)
  }

  begin(): StateAttempt {
    const beganMs = this.#context.now()
    const probe = this.#breaker.begin(beganMs)
    this.inFlight += 1
    return new RunningAttempt(this, { probe, beganMs })
  }

  noteFirstContent(timeToFirstTokenMs: number): void {
    this.#ttft.add(timeToFirstTokenMs, this.#context.now())
    this.#ttfts.add(timeToFirstTokenMs)
  }

  noteEnd(record: AttemptRecord, { error, probe, beganMs }: AttemptEnd): void {
    const nowMs = this.#context.now()
    this.inFlight -= 1
    const openBefore = this.#breaker.openUntilMs
    this.#breaker.end(verdictOf(record), { probe, beganMs, nowMs })
    const openAfter = this.#breaker.openUntilMs
    if (openAfter !== openBefore)
      this.#tell({ kind: 'breaker', openMs: (openAfter ?? nowMs) - nowMs })
    if (error && record.status === 'failed') this.#coolDown(error, nowMs)
    if (record.usage) this.#noteCached(record.usage)
  }

  #cooldownOf(key: string): Blocked | undefined {
    const { cooldowns, now } = this.#context
    const found = cooldowns.get(key)
    if (!found || found.untilMs > now()) return found
    cooldowns.delete(key)
    return undefined
  }

  #coolDown(error: GatewayError, nowMs: number): void {
    const { settings, cooldowns, credential } = this.#context
    const rest = settings.cooldown && cooldownFor(error, settings.cooldown)
    if (!settings.cooldown || !rest) return
    const ms = Math.min(error.retryAfterMs ?? rest.ms, settings.cooldown.maxMs)
    const key = rest.whole ? credential : this.#id
    const untilMs = Math.max(nowMs + ms, cooldowns.get(key)?.untilMs ?? 0)
    if (untilMs <= nowMs) return
    cooldowns.set(key, { reason: rest.reason, untilMs })
    this.#tell({ kind: 'cooldown', key, reason: rest.reason, ms: untilMs - nowMs })
  }

  #tell(change: Change): void {
    const { provider, credential, onChange } = this.#context
    onChange({ ...change, provider, credential, deployment: this.#id })
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
