import { and, eq, gte, isNotNull, isNull, lt, sql, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { daySeconds, hourSeconds, minuteSeconds, usageRollups } from '../db/schema/usage-rollup.ts'
import { invalidRequest } from '../errors.ts'
import { addCounts } from '../lib/histogram.ts'
import type { Actor } from '../protocol/actor.ts'
import type { Money } from '../protocol/settlement.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'
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

/** What was used, by the dimensions that were asked for; the others are null. */
export interface UsageRow extends Record<UsageCount, bigint> {
  /** When the minute, hour or day begins; null in totals. */
  time: Date | null
  model: string | null
  provider: string | null
  apiKeyId: string | null
  user: string | null
  tag: { name: string; value: unknown } | null
  /** One amount for each currency. */
  cost: Money[]
  /** The same in the accounting currency, or in several where it was changed. */
  accountingCost: Money[]
  /** Durations in buckets, as `lib/histogram.ts` reads them: of requests that succeeded, and that said something. */
  latency: number[]
  timeToFirstToken: number[]
}

/** Everything that is added up, but money. */
export type UsageCount = keyof typeof countSums

const rangeDaysMax = 400
const rowsMax = 10_000
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

const countNames = namesOf(countSums)

/** The usage of the actor's organisation from the roll-ups, oldest first; nothing where nothing was used. */
export async function readUsage(
  deps: Pick<ServiceDeps, 'db' | 'ledger'>,
  actor: Actor,
  query: UsageQuery,
): Promise<UsageRow[]> {
  requireScope(actor, 'READ', 'read usage')
  checkRange(query)
  if ([query.model, query.provider, query.apiKeyId, query.user, query.tag].some(isImpossible))
    return []
  await deps.ledger.flush()
  const rows = await selectSums(deps.db, actor, query)
  if (rows.length <= rowsMax) return merged(rows)
  throw invalidRequest(
    'filter',
    `This would be more than ${rowsMax} rows. Ask for a shorter time, a coarser granularity or fewer dimensions.`,
  )
}

function checkRange({ from, to }: UsageQuery): void {
  if (from >= to) throw invalidRequest('filter.to', '`filter.to` must be later than `filter.from`.')
  if (from.getTime() < 0 || to.getTime() > lastMoment) {
    throw invalidRequest('filter.from', '`filter.from` and `filter.to` must be in 1970 to 9999.')
  }
  if (to.getTime() - from.getTime() > rangeDaysMax * dayMs) {
    const message = `\`filter.to\` may be at most ${rangeDaysMax} days after \`filter.from\`.`
    throw invalidRequest('filter.to', message)
  }
}

type Sums = Awaited<ReturnType<typeof selectSums>>[number]

/** A row for each currency of a group; dimensions that were not asked for are null. */
function selectSums(db: ServiceDeps['db'], actor: Actor, query: UsageQuery) {
  const { model, provider, apiKeyId, userId, tagName, tagValue } = usageRollups
  const { currency, accountingCurrency } = usageRollups
  const time = timeOf(query.granularity)
  const wants = (dimension: UsageDimension) => query.groupBy.includes(dimension)
  const none = sql<null>`null`
  const grouped = [
    ...(time ? [time] : []),
    ...(wants('model') ? [model] : []),
    ...(wants('provider') ? [provider] : []),
    ...(wants('apiKey') ? [apiKeyId] : []),
    ...(wants('user') ? [userId] : []),
    ...(wants('tag') ? [tagName, tagValue] : []),
    currency,
    accountingCurrency,
  ]
  return db
    .select({
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
    })
    .from(usageRollups)
    .where(conditionOf(actor, query))
    .groupBy(...grouped)
    .orderBy(...grouped)
    .limit(rowsMax + 1)
}

/** Requests are in the rows without a tag, and once more in those of each of their tags. */
function conditionOf(actor: Actor, query: UsageQuery): SQL | undefined {
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

/** Rows that differ in nothing but their currencies become one; they may stand apart, as nulls sort last. */
function merged(rows: readonly Sums[]): UsageRow[] {
  const groups = new Map<string, UsageRow>()
  for (const { tagName, tagValue, currency, costNanos, ...row } of rows) {
    const { accountingCurrency, accountingNanos, ...counted } = row
    const { time, model, provider, apiKeyId, user } = row
    const key = JSON.stringify([time, model, provider, apiKeyId, user, tagName, tagValue])
    const tag =
      tagName === null || tagValue === null ? null : { name: tagName, value: JSON.parse(tagValue) }
    const group = groups.get(key)
    if (group) addRow(group, row)
    const whole: UsageRow = group ?? { ...counted, tag, cost: [], accountingCost: [] }
    groups.set(key, whole)
    addMoney(whole.cost, currency, costNanos)
    addMoney(whole.accountingCost, accountingCurrency, accountingNanos)
  }
  return [...groups.values()]
}

type Durations = 'latency' | 'timeToFirstToken'

function addRow(group: UsageRow, row: Pick<UsageRow, UsageCount | Durations>): void {
  for (const name of countNames) group[name] += row[name]
  addCounts(group.latency, row.latency)
  addCounts(group.timeToFirstToken, row.timeToFirstToken)
}

function addMoney(amounts: Money[], currency: string | null, nanos: bigint): void {
  if (currency === null) return
  const known = amounts.find((amount) => amount.currency === currency)
  if (known) known.nanos += nanos
  else amounts.push({ currency, nanos })
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
