import { and, eq, gte, isNotNull, isNull, lt, sql, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { daySeconds, hourSeconds, minuteSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import { invalidRequest } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import { isImpossible } from './requests.ts'

export type UsageDimension = 'model' | 'provider' | 'apiKey' | 'user' | 'tag'
export type Granularity = 'total' | 'minute' | 'hour' | 'day'

export interface UsageQuery {
  /** Hours that begin at `from` or later and before `to`; minutes, where it is divided by minutes. */
  from: Date
  to: Date
  model?: string | undefined
  provider?: string | undefined
  apiKeyId?: string | undefined
  user?: string | undefined
  /** Only requests with a tag of this name. */
  tag?: string | undefined
  groupBy: readonly UsageDimension[]
  granularity: Granularity
}

/** Everything that is added up, but money. */
export type UsageCount = keyof typeof countSums

const rangeDaysMax = 400
const dayMs = 86_400_000
/** Later years are written in another way. */
const lastMoment = Date.UTC(9999, 11, 31)

const countSums = {
  requests: total(usageRollups.requests),
  errors: total(usageRollups.errors),
  attempts: total(usageRollups.attempts),
  unpricedAttempts: total(usageRollups.unpricedAttempts),
  inputTokens: total(usageRollups.inputTokens),
  cachedInputTokens: total(usageRollups.cachedInputTokens),
  cacheWriteTokens: total(usageRollups.cacheWriteTokens),
  outputTokens: total(usageRollups.outputTokens),
  reasoningTokens: total(usageRollups.reasoningTokens),
  totalTokens: total(usageRollups.totalTokens),
  cacheHits: total(usageRollups.cacheHits),
}

export const countNames = namesOf(countSums)

/** Throws INVALID_REQUEST for a span that cannot be asked for; `prefix` is where its members stand, as `filter.`. */
export function checkRange({ from, to }: Pick<UsageQuery, 'from' | 'to'>, prefix: string): void {
  const [first, last] = [`${prefix}from`, `${prefix}to`]
  if (from >= to) throw invalidRequest(last, `\`${last}\` must be later than \`${first}\`.`)
  if (from.getTime() < 0 || to.getTime() > lastMoment) {
    throw invalidRequest(first, `\`${first}\` and \`${last}\` must be in 1970 to 9999.`)
  }
  if (to.getTime() - from.getTime() > rangeDaysMax * dayMs) {
    const message = `\`${last}\` may be at most ${rangeDaysMax} days after \`${first}\`.`
    throw invalidRequest(last, message)
  }
}

/** Whether nothing can have been used that the query asks for. */
export function asksForNothing({ model, provider, apiKeyId, user, tag }: UsageQuery): boolean {
  return [model, provider, apiKeyId, user, tag].some(isImpossible)
}

/** What is summed up, and by which columns; dimensions that were not asked for are null. */
export function usageGroups(query: Pick<UsageQuery, 'groupBy' | 'granularity'>) {
  const { model, provider, apiKeyId, userId, tagName, tagValue } = usageRollups
  const { currency, accountingCurrency } = usageRollups
  const time = timeOf(query.granularity)
  const wants = (dimension: UsageDimension) => query.groupBy.includes(dimension)
  const none = sql<null>`null`
  const columns = [
    ...(wants('model') ? [model] : []),
    ...(wants('provider') ? [provider] : []),
    ...(wants('apiKey') ? [apiKeyId] : []),
    ...(wants('user') ? [userId] : []),
    ...(wants('tag') ? [tagName, tagValue] : []),
    currency,
    accountingCurrency,
  ]
  const selection = {
    time: time ?? none,
    model: wants('model') ? model : none,
    provider: wants('provider') ? provider : none,
    apiKeyId: wants('apiKey') ? apiKeyId : none,
    user: wants('user') ? userId : none,
    tagName: wants('tag') ? tagName : none,
    tagValue: wants('tag') ? tagValue : none,
    currency,
    costNanos: total(usageRollups.costNanos),
    accountingCurrency,
    accountingNanos: total(usageRollups.accountingNanos),
    latency: histogram(usageRollups.latency),
    timeToFirstToken: histogram(usageRollups.timeToFirstToken),
    ...countSums,
  }
  return { selection, time, columns }
}

/** Requests are in the rows without a tag, and once more in those of each of their tags. */
export function usageCondition(actor: Actor, query: UsageQuery): SQL | undefined {
  const { from, to, model, provider, apiKeyId, user, tag, groupBy } = query
  const { tagName } = usageRollups
  const untagged = groupBy.includes('tag') ? isNotNull(tagName) : isNull(tagName)
  return and(
    eq(usageRollups.organizationId, actor.organization),
    eq(usageRollups.bucketSeconds, bucketOf(query)),
    gte(usageRollups.bucketStart, from),
    lt(usageRollups.bucketStart, to),
    tag === undefined ? untagged : eq(tagName, tag),
    model === undefined ? undefined : eq(usageRollups.model, model),
    provider === undefined ? undefined : eq(usageRollups.provider, provider),
    apiKeyId === undefined ? undefined : eq(usageRollups.apiKeyId, apiKeyId),
    user === undefined ? undefined : eq(usageRollups.userId, user),
  )
}

/** The coarsest buckets that fit: whole days are read from days, where hours would be some dozen times as many. */
function bucketOf({ from, to, granularity }: UsageQuery): number {
  if (granularity === 'minute') return minuteSeconds
  if (granularity === 'hour') return hourSeconds
  const whole = [from, to].every((time) => time.getTime() % dayMs === 0)
  return whole ? daySeconds : hourSeconds
}

function timeOf(granularity: Granularity): SQL<Date> | undefined {
  const { bucketStart } = usageRollups
  if (granularity === 'total') return undefined
  const time =
    granularity === 'day' ? sql`date_trunc('day', ${bucketStart}, 'UTC')` : sql`${bucketStart}`
  return time.mapWith(bucketStart)
}

/** Sums of `bigint` columns are of type `numeric`, which arrives as text. */
function total(column: PgColumn) {
  return sql<string>`sum(${column})`.mapWith((text: string) => BigInt(text))
}

/** The counts of all rows, bucket by bucket. */
function histogram(column: PgColumn) {
  const counts = sql<string>`array_to_json(sum_counts(${column}))::text`
  return counts.mapWith((text: string): number[] => JSON.parse(text))
}

/** `Object.keys` forgets that the keys of a literal are known; nothing adds others to it. */
function namesOf<Name extends string>(table: Record<Name, unknown>): Name[] {
  return Object.keys(table) as Name[]
}
