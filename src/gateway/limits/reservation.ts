import type { GatewayError } from '../../errors.ts'
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
    if (this.#taken.some((taken) => taken.option === option && taken.until === undefined)) return
    const leaving = this.#taken.find(
      (taken) =>
        taken.until === undefined &&
        taken.option.meters.length > 0 &&
        attemptsOf(taken, attempts).length > 0,
    )
    if (option.meters.length === 0 && !leaving) return this.#take(option, attempts.length)
    const release = leaving && this.#leave(leaving, attempts)
    const [{ held: first }] = this.#taken
    const id = `${first.id}#${this.#taken.length + 1}`
    const asked = { id, meters: [], options: [option.meters], release }
    const { outcome, by } = await this.#limits.engine.reserve(asked)
    if (outcome.status === 'admitted') {
      const held = {
        id,
        organization: first.organization,
        by,
        meters: option.meters.filter(isLeased),
      }
      this.#limits.engine.hold(held)
      this.#taken.push({ option, held, since: attempts.length, until: undefined })
      return
    }
    const readings = outcome.status === 'refused' ? outcome.readings : []
    option.refusal = refusalOf(option.meters, readings)
    this.#limits.onRefused(option.meters, readings)
    if (option.refusal) throw option.refusal
  }

  /** Gives back what is left and counts what was used; `settledAt` is the ledger's. */
  settle(attempts: readonly AttemptRecord[], settledAt: number): void {
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

  #take(option: Option, since: number): void {
    const [{ held: first }] = this.#taken
    const held = { ...first, id: `${first.id}#${this.#taken.length + 1}`, meters: [] }
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
  return attempts.slice(since, until).filter(({ model }) => model === id)
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
