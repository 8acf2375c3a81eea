import type { Rates } from '../../protocol/limit.ts'
import type { LimitBooks } from './books.ts'
import type { LimitEngine } from './engine.ts'
import type { ToCurrency } from './spent.ts'
import type { BudgetWatch } from './thresholds.ts'

/** What the pipeline needs to keep limits. */
export interface Limits {
  books: LimitBooks
  engine: LimitEngine
  settings: LimitSettings
  toCurrency: ToCurrency
  /** Told of a request that had no room. */
  onRefused: BudgetWatch['refused']
}

export interface LimitSettings {
  /** Reserved for an answer where neither the request nor its model has a bound, in tokens. */
  defaultOutputTokens: number
  /** Whether a model whose cost cannot be said may be called under a budget. */
  unpriced: 'open' | 'closed'
  /** Of the master key. */
  masterRates: Rates
}
