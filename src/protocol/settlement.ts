import type { ErrorCode } from '../errors.ts'
import type { TokenClass, Usage } from './usage.ts'

/** Integer nano-units (1e-9) of one currency. */
export interface Money {
  currency: string
  nanos: bigint
}

/** One call of one deployment, as the ledger keeps it. */
export interface AttemptRecord {
  /** From 1, in the order of the calls. */
  number: number
  provider: string
  /** `provider/model`. */
  model: string
  /** The id of the deployment, where this process made the attempt. */
  deployment?: string | undefined
  status: 'succeeded' | 'failed' | 'cancelled'
  startedAt: Date
  /** The upstream's HTTP status; absent when none was received. */
  httpStatus?: number | undefined
  errorCode?: ErrorCode | undefined
  errorMessage?: string | undefined
  latencyMs: number
  /** From the call to the first content event. */
  timeToFirstTokenMs?: number | undefined
  usage?: Usage | undefined
  /** Absent when the price or the usage is unknown. */
  cost?: Money | undefined
  /** The price at the time of the call, with which `cost` was computed. */
  price?: PriceSnapshot | undefined
  /** `cost` in the accounting currency; absent without one, without a cost and without a rate. */
  accounting?: Converted | undefined
  /** The upstream's own id of the answer. */
  upstreamId?: string | undefined
  /** The model as the upstream named it. */
  upstreamModel?: string | undefined
}

/** A price as it is published: decimal strings in `currency` for a million tokens of a class. */
export interface PriceSnapshot {
  currency: string
  perMillion: Partial<Record<TokenClass, string>>
  /** Where the price comes from and of which day it is. */
  source: string
}

/** What one unit of `from` is worth in `to`, as a decimal string, from a moment on (ISO 8601). */
export interface RateSnapshot {
  from: string
  to: string
  rate: string
  validFrom: string
  source: string
}

/** An amount in another currency, and the rate that was used; none where the currency is the same. */
export interface Converted {
  money: Money
  rate: RateSnapshot | undefined
}

/** How a request ended; `interrupted` is one whose process died, found in its journal. */
export type RequestStatus = 'succeeded' | 'failed' | 'cancelled' | 'interrupted'

/**
 * What the cache of answers did for a request: it had the answer, it had none, or it was passed by (the client
 * said so, or such requests are not kept).
 */
export const cacheResults = ['hit', 'miss', 'bypass'] as const
export type CacheResult = (typeof cacheResults)[number]

/** How a request ended: what the ledger holds of it and what the client is told. */
export interface Settlement {
  requestId: string
  status: 'succeeded' | 'failed' | 'cancelled'
  /** The deployment that answered, `provider/model`; absent when none did. */
  model?: string | undefined
  provider?: string | undefined
  attempts: AttemptRecord[]
  usage?: Usage | undefined
  cost?: Money | undefined
  /** Absent where the cache was not asked. A `hit` has no attempts, the usage of its origin and no cost but 0. */
  cache?: CacheResult | undefined
}

/** Told once how a request ended, before its client is. */
export type OnSettled = (settlement: Settlement) => void
