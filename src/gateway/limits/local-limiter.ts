import {
  idleMs,
  usualLeaseMs,
  type Ask,
  type BudgetMeter,
  type Hold,
  type Limiter,
} from './meter.ts'
import type { LedgerSums, Meter, Outcome, RateMeter, Reading, Release, Spent } from './meter.ts'

/** Limits of one process: the algorithm of `src/redis/*.lua`, step by step, on maps. */
export class LocalLimiter implements Limiter {
  readonly #now: () => number
  readonly #leaseMs: number
  readonly #rates = new Map<string, Bucket>()
  readonly #seats = new Map<string, Leases>()
  readonly #budgets = new Map<string, Budget>()

  constructor({
    now = Date.now,
    leaseMs = usualLeaseMs,
  }: { now?: () => number; leaseMs?: number } = {}) {
    this.#now = now
    this.#leaseMs = leaseMs
  }

  async reserve(ask: Ask): Promise<Outcome> {
    const now = this.#now()
    const meters = ask.options.length > 1 ? [...ask.meters, ...ask.options.flat()] : undefined
    const unloaded = this.#unloaded(meters ?? [...ask.meters, ...(ask.options[0] ?? [])])
    if (unloaded.length > 0) return { status: 'unloaded', meters: unloaded }
    if (ask.release) this.#release(ask.release, now)
    const readings = ask.meters.map((meter) => this.#reading(meter, now))
    let chosen = -1
    const fits = readings.every(isFree)
    for (const [index, option] of ask.options.entries()) {
      const own = option.map((meter) => this.#reading(meter, now))
      readings.push(...own)
      if (chosen < 0 && fits && own.every(isFree)) chosen = index
    }
    if (chosen < 0) return { status: 'refused', readings }
    let at = 0
    const take = (meter: Meter): void => {
      this.#take(meter, { id: ask.id, now })
      readings[at] = this.#reading(meter, now, 0)
      at += 1
    }
    for (const meter of ask.meters) take(meter)
    for (const [index, option] of ask.options.entries()) {
      if (index === chosen) for (const meter of option) take(meter)
      else at += option.length
    }
    return { status: 'admitted', option: chosen, readings }
  }

  async read(meters: readonly Meter[]): Promise<Outcome> {
    const unloaded = this.#unloaded(meters)
    if (unloaded.length > 0) return { status: 'unloaded', meters: unloaded }
    const now = this.#now()
    const readings = meters.map((meter) => this.#reading(meter, now, 0))
    return { status: 'admitted', option: 0, readings }
  }

  async settle(release: Release): Promise<Spent[]> {
    return this.#release(release, this.#now())
  }

  async renew(holds: readonly Hold[]): Promise<void> {
    const now = this.#now()
    for (const { id, meters } of holds) {
      for (const meter of meters) {
        if (meter.kind === 'concurrency') this.#seatsOf(meter.key).put(id, now + this.#leaseMs)
        else this.#budgets.get(meter.key)?.leases.put(id, now + this.#leaseMs, meter.cost)
      }
    }
  }

  async load(key: string, { cutoff, slots }: LedgerSums): Promise<void> {
    if (this.#budgets.has(key)) return
    this.#budgets.set(key, {
      cutoff,
      base: new Map(slots.map(({ slot, nanos }) => [slot, nanos])),
      tail: new Map(),
      mark: undefined,
      sinceMark: new Map(),
      leases: new Leases(),
      usedAt: this.#now(),
    })
  }

  async mark(key: string, moment: number): Promise<number> {
    const budget = this.#budgets.get(key)
    if (!budget) return moment
    return (budget.mark ??= moment)
  }

  async correct(key: string, { cutoff, slots }: LedgerSums): Promise<void> {
    const budget = this.#budgets.get(key)
    if (budget?.mark !== cutoff) return
    budget.cutoff = cutoff
    budget.base = new Map(slots.map(({ slot, nanos }) => [slot, nanos]))
    budget.tail = budget.sinceMark
    budget.sinceMark = new Map()
    budget.mark = undefined
  }

  /** Forgets what nobody needs: whole rates, free seats, budgets that were not used for long. */
  sweep(): void {
    const now = this.#now()
    for (const [key, { debt, at, limit }] of this.#rates) {
      if (debt <= Math.max(0, now - at) * limit) this.#rates.delete(key)
    }
    for (const [key, leases] of this.#seats) if (leases.count(now) === 0) this.#seats.delete(key)
    for (const [key, { leases, usedAt }] of this.#budgets) {
      if (leases.count(now) === 0 && now - usedAt > idleMs) this.#budgets.delete(key)
    }
  }

  #unloaded(meters: readonly Meter[]): BudgetMeter[] {
    return meters.filter(
      (meter): meter is BudgetMeter => meter.kind === 'budget' && !this.#budgets.has(meter.key),
    )
  }

  #reading(meter: Meter, now: number, cost = costOf(meter)): Reading {
    switch (meter.kind) {
      case 'requests':
      case 'tokens':
        return rateReading(meter, this.#debt(meter, now), cost)
      case 'concurrency': {
        const left = meter.limit - (this.#seats.get(meter.key)?.count(now) ?? 0)
        return { waitMs: hasRoom(left, cost) ? 0 : Infinity, left, resetMs: 0 }
      }
      case 'budget': {
        const budget = this.#budgets.get(meter.key)
        const held = budget ? budget.leases.sum(now) : 0
        const left = meter.limit - (budget ? spentOf(budget, meter.from) : 0) - held
        return { waitMs: hasRoom(left, cost) ? 0 : Infinity, left, resetMs: 0 }
      }
      default:
        return meter satisfies never
    }
  }

  #take(meter: Meter, { id, now }: { id: string; now: number }): void {
    if (meter.kind === 'concurrency') return this.#seatsOf(meter.key).put(id, now + this.#leaseMs)
    if (meter.kind === 'budget') {
      return this.#budgets.get(meter.key)?.leases.put(id, now + this.#leaseMs, meter.cost)
    }
    this.#setDebt(meter, this.#debt(meter, now) + meter.cost * meter.periodMs, now)
  }

  #release({ id, settledAt, uses }: Release, now: number): Spent[] {
    const spent: Spent[] = []
    for (const { meter, reserved, used } of uses) {
      if (meter.kind === 'concurrency') this.#seats.get(meter.key)?.remove(id)
      else if (meter.kind === 'tokens') {
        const debt = this.#debt(meter, now) + (used - reserved) * meter.periodMs
        this.#setDebt(meter, Math.max(0, debt), now)
      } else if (meter.kind === 'budget') {
        const budget = this.#budgets.get(meter.key)
        if (!budget) continue
        budget.usedAt = now
        budget.leases.remove(id)
        const before = spentOf(budget, meter.from)
        if (settledAt >= budget.cutoff) add(budget.tail, meter.slot, used)
        if (budget.mark !== undefined && settledAt >= budget.mark) {
          add(budget.sinceMark, meter.slot, used)
        }
        spent.push({ meter, before, after: spentOf(budget, meter.from) })
      }
    }
    return spent
  }

  #debt({ key, limit }: RateMeter, now: number): number {
    const bucket = this.#rates.get(key)
    return bucket ? Math.max(0, bucket.debt - Math.max(0, now - bucket.at) * limit) : 0
  }

  #setDebt({ key, limit }: RateMeter, debt: number, now: number): void {
    const bucket = this.#rates.get(key)
    if (!bucket) this.#rates.set(key, { debt, at: now, limit })
    else Object.assign(bucket, { debt, at: now, limit })
  }

  #seatsOf(key: string): Leases {
    const leases = this.#seats.get(key) ?? new Leases()
    this.#seats.set(key, leases)
    return leases
  }
}

/** A rate's debt: what was taken and has not come back, in units of 1/periodMs; `limit` come back each millisecond. */
interface Bucket {
  debt: number
  at: number
  limit: number
}

interface Budget {
  /** The ledger's sums are of what was settled before. */
  cutoff: number
  base: Map<number, number>
  /** Settled since the cutoff, by slot. */
  tail: Map<number, number>
  mark: number | undefined
  sinceMark: Map<number, number>
  leases: Leases
  usedAt: number
}

/** Reservations that end by themselves unless they are renewed. */
class Leases {
  readonly #ends = new Map<string, { end: number; amount: number }>()
  #sum = 0
  #firstEnd = Infinity

  put(id: string, end: number, amount = 1): void {
    this.remove(id)
    this.#ends.set(id, { end, amount })
    this.#sum += amount
    this.#firstEnd = Math.min(this.#firstEnd, end)
  }

  remove(id: string): void {
    const lease = this.#ends.get(id)
    if (!lease) return
    this.#ends.delete(id)
    this.#sum -= lease.amount
  }

  count(now: number): number {
    this.#expire(now)
    return this.#ends.size
  }

  sum(now: number): number {
    this.#expire(now)
    return this.#sum
  }

  #expire(now: number): void {
    if (now < this.#firstEnd) return
    this.#firstEnd = Infinity
    for (const [id, { end }] of this.#ends) {
      if (end <= now) this.remove(id)
      else this.#firstEnd = Math.min(this.#firstEnd, end)
    }
  }
}

function rateReading({ limit, periodMs }: RateMeter, debt: number, cost: number): Reading {
  const over = debt + cost * periodMs - limit * periodMs
  const waitMs = over <= 0 || cost === 0 ? 0 : cost > limit ? Infinity : Math.ceil(over / limit)
  const left = Math.max(0, Math.floor((limit * periodMs - debt) / periodMs))
  return { waitMs, left, resetMs: Math.ceil(debt / limit) }
}

function spentOf({ base, tail }: Budget, from: number): number {
  let sum = 0
  for (const [slot, nanos] of base) if (slot >= from) sum += nanos
  for (const [slot, nanos] of tail) if (slot >= from) sum += nanos
  return sum
}

function add(sums: Map<number, number>, slot: number, nanos: number): void {
  sums.set(slot, (sums.get(slot) ?? 0) + nanos)
}

function costOf(meter: Meter): number {
  return meter.kind === 'concurrency' ? 1 : meter.cost
}

/** What takes nothing always fits, also where more was taken than there was. */
function hasRoom(left: number, cost: number): boolean {
  return cost === 0 || left >= cost
}

function isFree({ waitMs }: Reading): boolean {
  return waitMs === 0
}
