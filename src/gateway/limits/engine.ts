import type { Logger } from 'pino'
import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../lib/reason.ts'
import { sparing } from '../../lib/sparing.ts'
import { TransientMap } from '../../lib/transient-map.ts'
import type { LimitScope } from '../../protocol/limit.ts'
import type { LocalLimiter } from './local-limiter.ts'
import type { Ask, BudgetMeter, Hold, Limiter, Meter, Outcome } from './meter.ts'
import type { Reading, Release, SeatMeter, Spent, Use } from './meter.ts'
import type { BudgetCounters } from './counters.ts'

/** What holds where a limit cannot be counted: this process alone counts it, or the request is refused. */
export type WhenDown = Readonly<Record<LimitScope | 'budget', 'open' | 'closed'>>

/** What a reservation holds, and which limiter counted it. */
export interface Held extends Hold {
  meters: readonly (SeatMeter | BudgetMeter)[]
  organization: string
  by: Limiter
}

export interface EngineSettings {
  local: LocalLimiter
  /** The limits of all instances; absent where there is one. */
  shared?: Limiter | undefined
  counters: BudgetCounters
  whenDown: WhenDown
  /** Told of each budget's sum after a settlement. */
  onSpent: (spent: Spent) => void
  leaseMs: number
  logger: Logger
  now?: () => number
}

/** How long a Redis that did not answer is not asked. */
const askAgainMs = 1_000
const loadsMax = 3
const owedMax = 100_000
const renewedAtOnce = 200
const logEveryMs = 10_000

/** Reserves and settles with the limiter of all instances, or with this process's own while that one is away. */
export class LimitEngine {
  readonly #settings: EngineSettings
  readonly #now: () => number
  readonly #held = new TransientMap<Held>()
  readonly #timer: NodeJS.Timeout
  readonly #complain: (error: unknown) => void
  /** Settlements that the limiter of all instances has not got yet. */
  #owed: Release[] = []
  #away = 0
  #settling = new Set<Promise<void>>()

  constructor(settings: EngineSettings) {
    this.#settings = settings
    this.#now = settings.now ?? Date.now
    this.#complain = sparing(logEveryMs, (error: unknown) =>
      settings.logger.warn({ reason: reasonOf(error) }, 'limits are counted in this process alone'),
    )
    this.#timer = setInterval(() => void this.beat(), settings.leaseMs / 3).unref()
  }

  /** Reservations that are open. */
  get open(): number {
    return this.#held.size
  }

  /** Asks for room; `Held` says what was taken. The asked meters are of one organisation. */
  async reserve(ask: Ask): Promise<{ outcome: Outcome; by: Limiter }> {
    const { shared, local } = this.#settings
    if (shared && this.#now() >= this.#away) {
      try {
        return { outcome: await this.#loaded(shared, ask), by: shared }
      } catch (error) {
        if (error instanceof GatewayError) throw error
        this.#fail(error)
      }
    }
    if (shared) this.#requireOpen([...ask.meters, ...ask.options.flat()])
    return { outcome: await this.#loaded(local, ask), by: local }
  }

  /** How meters stand, in their order; empty where that cannot be said now. */
  async read(meters: readonly Meter[]): Promise<readonly Reading[]> {
    const { shared, local, counters } = this.#settings
    const limiter = shared && this.#now() >= this.#away ? shared : local
    try {
      const outcome = await limiter.read(meters)
      if (outcome.status !== 'unloaded') return outcome.readings
      await counters.load(limiter, outcome.meters)
      const again = await limiter.read(meters)
      return again.status === 'unloaded' ? [] : again.readings
    } catch (error) {
      this.#complain(error)
      return []
    }
  }

  hold(held: Held): void {
    this.#held.set(held.id, held)
  }

  /** Gives back what was held and counts what was used; nobody waits for it. */
  settle(held: Held | undefined, release: Release): void {
    if (held) this.#held.delete(held.id)
    const done = this.#settle(held?.by, release).finally(() => this.#settling.delete(done))
    this.#settling.add(done)
  }

  /** Renews what is held, and settles what is owed. */
  async beat(): Promise<void> {
    this.#settings.local.sweep()
    await this.#payOwed()
    const groups = Map.groupBy(
      this.#held.values(),
      ({ organization, by }) => `${by === this.#settings.local} ${organization}`,
    )
    for (const group of groups.values()) {
      const [first] = group
      if (!first) continue
      for (let at = 0; at < group.length; at += renewedAtOnce) {
        const holds = group
          .slice(at, at + renewedAtOnce)
          .filter(({ id }) => this.#held.get(id) !== undefined)
        await first.by.renew(holds).catch((error: unknown) => this.#fail(error))
      }
    }
  }

  /** Resolves when everything that was settled is counted, as far as that can be done now. */
  async flush(): Promise<void> {
    await Promise.all(this.#settling)
    await this.#payOwed()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  /** Reserves; budgets whose counters are missing are loaded from the ledger before. */
  async #loaded(limiter: Limiter, ask: Ask): Promise<Outcome> {
    for (let turn = 0; turn < loadsMax; turn += 1) {
      const outcome = await limiter.reserve(ask)
      if (outcome.status !== 'unloaded') return outcome
      await this.#settings.counters.load(limiter, outcome.meters)
    }
    throw uncountable()
  }

  async #settle(by: Limiter | undefined, release: Release): Promise<void> {
    const { shared, local, onSpent } = this.#settings
    try {
      const limiter = by ?? shared ?? local
      const spent = await limiter.settle(release)
      this.#settings.counters.used(limiter, spent)
      if (limiter === shared || !shared) for (const each of spent) onSpent(each)
    } catch (error) {
      this.#fail(error)
      return this.#owe(release)
    }
    // Counted in this process while the other was away: that one took nothing before.
    if (shared && by === local) {
      this.#owe({
        ...release,
        uses: release.uses.filter(isAmount).map((use) => ({ ...use, reserved: 0 })),
      })
      await this.#payOwed()
    }
  }

  #owe(release: Release): void {
    if (release.uses.length === 0) return
    this.#owed.push(release)
    // The ledger has what is dropped here: a counter's next correction takes it from there.
    if (this.#owed.length > owedMax) this.#owed.shift()
  }

  async #payOwed(): Promise<void> {
    const { shared, onSpent } = this.#settings
    if (!shared || this.#now() < this.#away) return
    for (;;) {
      const release = this.#owed.shift()
      if (!release) return
      try {
        for (const each of await shared.settle(release)) onSpent(each)
      } catch (error) {
        this.#fail(error)
        this.#owed.unshift(release)
        return
      }
    }
  }

  #fail(error: unknown): void {
    this.#away = this.#now() + askAgainMs
    this.#complain(error)
  }

  #requireOpen(meters: readonly Meter[]): void {
    const { whenDown } = this.#settings
    const closed = meters.some(
      ({ kind, scope }) => whenDown[kind === 'budget' ? 'budget' : scope] === 'closed',
    )
    if (closed) throw uncountable()
  }
}

function isAmount({ meter }: Use): boolean {
  return meter.kind === 'tokens' || meter.kind === 'budget'
}

function uncountable(): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message: 'A limit of this request cannot be counted at the moment. Try again.',
    retryAfterMs: askAgainMs,
  })
}
