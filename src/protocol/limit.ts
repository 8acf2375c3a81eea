/** What a limit is put on. */
export const limitScopes = ['key', 'user', 'organization', 'tag', 'provider', 'model'] as const
export type LimitScope = (typeof limitScopes)[number]

/** The rates that can be limited. */
export const rateNames = [
  'requestsPerMinute',
  'requestsPerDay',
  'tokensPerMinute',
  'tokensPerDay',
  'concurrency',
] as const
export type RateName = (typeof rateNames)[number]

/** At most so many; null = as many as one likes. */
export type Rates = Record<RateName, number | null>

/** The organisation of tiers that hold for every organisation without its own. */
export const everyOrganization = '*'

export const budgetPeriods = ['day', 'week', 'month', 'lifetime'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

/** On this channel every instance hears the organisation whose limits were changed. */
export const changedLimitsChannel = 'limits.changed'

/** How a limit stood when it was asked, as clients are told. */
export interface LimitLevel {
  scope: LimitScope
  subject: string
  /** `concurrency` is of requests under way, the others of a rate. */
  kind: 'requests' | 'tokens' | 'concurrency'
  /** Of a rate: the time in which it refills. */
  periodMs: number | undefined
  limit: number
  remaining: number
  /** Until it is whole again. */
  resetMs: number
}

/** Of one kind the limit with the least left. */
export function tightest(
  levels: readonly LimitLevel[],
  kind: LimitLevel['kind'],
): LimitLevel | undefined {
  let least: LimitLevel | undefined
  for (const level of levels) {
    if (level.kind === kind && (!least || level.remaining < least.remaining)) least = level
  }
  return least
}

/** Told how the limits stand that a request passed or was refused by, before its answer begins. */
export type OnLimits = (levels: readonly LimitLevel[]) => void

/** How a budget stands. */
export interface BudgetLevel {
  id: string
  name: string
  scope: LimitScope
  subject: string
  currency: string
  limitNanos: bigint
  /** What is neither spent nor reserved; below zero where more was spent than was reserved. */
  remainingNanos: bigint
  /** When more becomes free by itself; undefined where it never does. */
  resetsAt: Date | undefined
}
