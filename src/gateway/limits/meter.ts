import type { LimitScope } from '../../protocol/limit.ts'
import type { BudgetRule } from './book.ts'

/** Whose limit a meter counts, in the words that a client is told. */
export interface Subject {
  scope: LimitScope
  /** As `team=search`, `provider/model`; the organisation's id. */
  name: string
}

/** One limit that applies to one request, in the form in which limiters count. */
export type Meter = RateMeter | SeatMeter | BudgetMeter

/** Requests or tokens: a bucket of `limit` that refills evenly over `periodMs`. */
export interface RateMeter extends Subject {
  kind: 'requests' | 'tokens'
  key: string
  limit: number
  periodMs: number
  /** What this request takes. */
  cost: number
}

/** Requests under way at once. */
export interface SeatMeter extends Subject {
  kind: 'concurrency'
  key: string
  limit: number
}

/** Money of a period: what was spent, and what running requests may still spend. */
export interface BudgetMeter extends Subject {
  kind: 'budget'
  key: string
  /** Nano-units of the budget's currency; exact up to nine million of it. */
  limit: number
  /** What this request may spend, in the same. */
  cost: number
  /** The start of the slot to which this request belongs, in Unix milliseconds. */
  slot: number
  /** The oldest slot that counts. */
  from: number
  /** When more becomes free by itself, in Unix milliseconds; undefined where it never does. */
  resetsAt: number | undefined
  rule: BudgetRule
}

/** How a meter stood at a reservation. */
export interface Reading {
  /** 0: this request fits. Else how long until it would, in milliseconds; Infinity where time alone does not help. */
  waitMs: number
  /** What is left: requests, tokens, seats or nano-units. After an admission, without what it took. */
  left: number
  /** Until a rate is whole again, in milliseconds. */
  resetMs: number
}

/** Asks for room on all `meters` and on those of one of the `options`, the first that has it; all or nothing. */
export interface Ask {
  /** Of the reservation: unique. */
  id: string
  meters: readonly Meter[]
  /** Alternatives in their order; one empty alternative where there are none to choose from. */
  options: readonly (readonly Meter[])[]
  /** Given back in the same step. */
  release?: Release | undefined
}

export type Outcome =
  /** `readings` are of `meters` and then of each option, in their order. */
  | { status: 'admitted'; option: number; readings: Reading[] }
  | { status: 'refused'; readings: Reading[] }
  /** The counters of these budgets are not there: to be loaded from the ledger. Nothing was changed. */
  | { status: 'unloaded'; meters: BudgetMeter[] }

/** What a reservation took and what was really used. */
export interface Release {
  id: string
  /** When it was settled, exactly as the ledger has it: decides whether a counter's loading has seen it. */
  settledAt: number
  uses: readonly Use[]
}

export interface Use {
  meter: Meter
  /** What was taken; 0 where the reservation was made elsewhere. */
  reserved: number
  /** Tokens or nano-units that were used; means nothing for the other kinds. */
  used: number
}

/** What a budget's window holds after a settlement. */
export interface Spent {
  meter: BudgetMeter
  before: number
  after: number
}

/** What a running request holds and must renew. */
export interface Hold {
  id: string
  meters: readonly (SeatMeter | BudgetMeter)[]
}

/** Sums of the ledger by slot, of everything that was settled before `cutoff`. */
export interface LedgerSums {
  cutoff: number
  slots: readonly { slot: number; nanos: number }[]
}

/** Counts limits. All verbs are atomic over the meters that they are given, which are of one organisation. */
export interface Limiter {
  reserve(ask: Ask): Promise<Outcome>
  /** How meters stand, without taking anything. */
  read(meters: readonly Meter[]): Promise<Outcome>
  settle(release: Release): Promise<Spent[]>
  /** Puts off the end of reservations; those that were lost are made again. */
  renew(holds: readonly Hold[]): Promise<void>
  /** Gives a missing counter of a budget its start; one that is there stays. */
  load(key: string, sums: LedgerSums): Promise<void>
  /** Notes `moment` as the next cutoff of a counter unless one is noted; the one that is noted. */
  mark(key: string, moment: number): Promise<number>
  /** Takes what the ledger says for everything before the noted cutoff. */
  correct(key: string, sums: LedgerSums): Promise<void>
}

/** How long a reservation outlives the last sign of its instance, unless told. */
export const usualLeaseMs = 30_000

/** How a counter of a budget is forgotten when nobody uses it: it is loaded again. */
export const idleMs = 86_400_000
