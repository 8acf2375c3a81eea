import { GatewayError } from '../../errors.ts'
import type { AttemptRecord, Money } from '../../protocol/settlement.ts'
import { completionTokens, promptTokens, totalTokens, type Usage } from '../../protocol/usage.ts'
import type { Deployment } from '../catalogue.ts'
import type { Held } from './engine.ts'
import type { Limits } from './limits.ts'
import type { BudgetMeter, Meter, Release, SeatMeter, Use } from './meter.ts'
import { refusalOf } from './refusal.ts'

/** A deployment that may be called, and what that takes. */
export interface Option {
  deployment: Deployment
  meters: readonly Meter[]
  /** Why it is not called; set before or at the reservation. */
  refusal: GatewayError | undefined
}

/** What a limiter admitted. */
export interface Reserved {
  /** Of whoever asks. */
  meters: readonly Meter[]
  options: readonly Option[]
  /** The option that was taken with them. */
  first: Option
  held: Held
  money: Money | undefined
}

/** An option that was taken; until its attempt is over and its room was given back. */
interface Taken {
  option: Option
  held: Held
  /** How many attempts there were when it was taken, and when it ended. */
  since: number
  until: number | undefined
}

/** What one request holds of the limits, from its admission to its settlement. */
export class Reservation {
  /** What may be spent of budgets, in the currency of the price; undefined where none applies. */
  readonly money: Money | undefined
  readonly #limits: Limits
  readonly #meters: readonly Meter[]
  readonly #options: readonly Option[]
  /** In their order; the first shares its reservation with `#meters`. */
  readonly #taken: [Taken, ...Taken[]]
  /** What attempts may spend that ran beside others, or after one that had spent something. */
  readonly #further: { held: Held; meters: readonly Meter[] }[] = []
  /** Attempts whose spending a further reservation covers. */
  #covered = 0
  #asked = 0
  #settled = false

  constructor(limits: Limits, reserved: Reserved) {
    const { meters, options, first, held, money } = reserved
    this.money = money
    this.#limits = limits
    this.#meters = meters
    this.#options = options
    this.#taken = [{ option: first, held, since: 0, until: undefined }]
    held.meters = [...meters, ...first.meters].filter(isLeased)
    limits.engine.hold(held)
  }

  /**
   * Before a deployment is called: takes its room and gives back that of deployments whose attempts have
   * ended, in one step. Throws why it may not be called.
   */
  async enter(deployment: Deployment, attempts: readonly AttemptRecord[]): Promise<void> {
    const option = this.#options.find((each) => each.deployment === deployment)
    if (!option) return
    if (option.refusal) throw option.refusal
    // What was spent before is no longer there for this one.
    if (attempts.slice(this.#covered).some(hasSpent)) {
      const refusal = await this.further()
      if (refusal) throw refusal
      this.#covered = attempts.length
    }
    if (this.#taken.some((taken) => taken.option === option && taken.until === undefined)) return
    const leaving = this.#taken.find(
      (taken) =>
        taken.until === undefined &&
        taken.option.meters.length > 0 &&
        attemptsOf(taken, attempts).length > 0,
    )
    if (option.meters.length === 0 && !leaving) return this.#take(option, attempts.length)
    const release = leaving && this.#leave(leaving, attempts)
    const { outcome, held } = await this.#ask([], option.meters, release)
    if (outcome.status === 'admitted') {
      if (this.#settled) this.#giveBack(held, option.meters)
      else this.#taken.push({ option, held, since: attempts.length, until: undefined })
      return
    }
    const readings = outcome.status === 'refused' ? outcome.readings : []
    option.refusal = refusalOf(option.meters, readings)
    this.#limits.onRefused(option.meters, readings)
    if (option.refusal) throw option.refusal
  }

  /**
   * Takes what the caller may spend once more, for an attempt that runs beside others: each of them may spend
   * it all. Says why where there is no room, and then nothing was taken.
   */
  async further(): Promise<GatewayError | undefined> {
    const meters = this.#meters.filter(({ kind }) => kind === 'budget' || kind === 'tokens')
    if (meters.length === 0) return undefined
    try {
      const { outcome, held } = await this.#ask(meters, [])
      if (outcome.status !== 'admitted') {
        return refusalOf(meters, outcome.status === 'refused' ? outcome.readings : [])
      }
      if (this.#settled) this.#giveBack(held, meters)
      else this.#further.push({ held, meters })
      return undefined
    } catch (error) {
      if (error instanceof GatewayError) return error
      throw error
    }
  }

  /** Gives back what is left and counts what was used; `settledAt` is the ledger's. */
  settle(attempts: readonly AttemptRecord[], settledAt: number): void {
    this.#settled = true
    for (const { held, meters } of this.#further) this.#giveBack(held, meters)
    for (const [index, taken] of this.#taken.entries()) {
      const { option, held, until } = taken
      const base = index === 0 ? this.#meters : []
      const uses = base.map((meter) => this.#used(meter, attempts, reservedOf(meter)))
      const own = attemptsOf(taken, attempts)
      for (const meter of option.meters) {
        if (until === undefined) uses.push(this.#used(meter, own, reservedOf(meter)))
        else if (meter.kind === 'budget') uses.push(this.#used(meter, own, 0))
      }
      this.#limits.engine.settle(held, { id: held.id, settledAt, uses })
    }
  }

  /** The budgets whose streams end when what was reserved of them is used up. */
  stopping(): BudgetMeter[] {
    const held = [...this.#meters, ...this.#taken.flatMap(({ option }) => option.meters)]
    return held.filter(isBudget).filter(({ rule }) => rule.row.stopStreamAtLimit)
  }

  /** Another reservation of the same request, held where it was admitted. */
  async #ask(meters: readonly Meter[], own: readonly Meter[], release?: Release) {
    const [{ held: first }] = this.#taken
    const id = `${first.id}#${(this.#asked += 1) + 1}`
    const { engine } = this.#limits
    const { outcome, by } = await engine.reserve({ id, meters, options: [own], release })
    const { organization } = first
    const held: Held = { id, organization, by, meters: [...meters, ...own].filter(isLeased) }
    if (outcome.status === 'admitted' && !this.#settled) engine.hold(held)
    return { outcome, held }
  }

  /** Nothing was used of it. */
  #giveBack(held: Held, meters: readonly Meter[]): void {
    const uses = meters.map((meter) => ({
      meter,
      reserved: reservedOf(meter),
      used: meter.kind === 'requests' ? reservedOf(meter) : 0,
    }))
    this.#limits.engine.settle(held, { id: held.id, settledAt: 0, uses })
  }

  #take(option: Option, since: number): void {
    const [{ held: first }] = this.#taken
    const held = { ...first, id: `${first.id}#${(this.#asked += 1) + 1}`, meters: [] }
    this.#taken.push({ option, held, since, until: undefined })
  }

  /** Its room is given back now; what it cost is counted when the request is settled. */
  #leave(taken: Taken, attempts: readonly AttemptRecord[]): Release {
    taken.until = attempts.length
    const { option, held } = taken
    const own = attemptsOf(taken, attempts)
    const uses = option.meters.map((meter) => {
      const used = meter.kind === 'tokens' ? tokensOf(own) : 0
      return { meter, reserved: reservedOf(meter), used }
    })
    const left = new Set<Meter>(option.meters)
    held.meters = held.meters.filter((meter) => !left.has(meter))
    // A money hold ends without an amount: time before every cutoff counts nowhere.
    return { id: held.id, settledAt: 0, uses }
  }

  #used(meter: Meter, attempts: readonly AttemptRecord[], reserved: number): Use {
    if (meter.kind === 'budget') {
      return { meter, reserved, used: this.#spent(attempts, meter.rule.row.currency) }
    }
    return { meter, reserved, used: meter.kind === 'tokens' ? tokensOf(attempts) : reserved }
  }

  /** What is not known to have cost anything counts as nothing here, as it does on the ledger. */
  #spent(attempts: readonly AttemptRecord[], currency: string): number {
    let nanos = 0n
    for (const { cost } of attempts) nanos += (cost && this.#worth(cost, currency)) ?? 0n
    return Number(nanos)
  }

  #worth(cost: Money, currency: string): bigint | undefined {
    return cost.currency === currency ? cost.nanos : this.#limits.toCurrency(cost, currency)
  }
}

function attemptsOf(
  { option, since, until }: Taken,
  attempts: readonly AttemptRecord[],
): AttemptRecord[] {
  const { id } = option.deployment
  return attempts.slice(since, until).filter(({ deployment }) => deployment === id)
}

/** What was said is billed, though it is not counted yet where its provider did not report. */
function hasSpent({ cost, usage, timeToFirstTokenMs }: AttemptRecord): boolean {
  return cost !== undefined || usage !== undefined || timeToFirstTokenMs !== undefined
}

function tokensOf(attempts: readonly AttemptRecord[]): number {
  let tokens = 0
  for (const { usage } of attempts) tokens += usage ? (totalTokens(usage) ?? knownTokens(usage)) : 0
  return tokens
}

function knownTokens(usage: Usage): number {
  return (promptTokens(usage) ?? 0) + (completionTokens(usage) ?? 0)
}

function reservedOf(meter: Meter): number {
  return meter.kind === 'concurrency' ? 1 : meter.cost
}

function isBudget(meter: Meter): meter is BudgetMeter {
  return meter.kind === 'budget'
}

function isLeased(meter: Meter): meter is SeatMeter | BudgetMeter {
  return meter.kind === 'concurrency' || meter.kind === 'budget'
}
