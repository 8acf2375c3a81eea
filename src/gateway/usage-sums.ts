import { hash } from 'node:crypto'
import { bucketSizes, minuteSeconds } from '../db/schema/usage-rollup.ts'
import { addCounts, count, type Histogram } from '../lib/histogram.ts'
import type { AttemptRow, LedgerRows, RequestRow } from './ledger-rows.ts'

/** One row of the roll-ups to be, in the form that `jsonb_to_recordset` reads. */
export type Sum = Counts & Key

type Counts = ReturnType<typeof nothing>

/** What a row stands for; `digest` is of all but the bucket. */
interface Key {
  organization_id: string
  bucket_seconds: number
  bucket_start: Date
  digest: string
  api_key_id: string | null
  user_id: string | null
  provider: string | null
  model: string | null
  tag_name: string | null
  tag_value: string | null
  currency: string | null
  accounting_currency: string | null
}

function nothing() {
  return {
    requests: 0,
    errors: 0,
    attempts: 0,
    unpriced_attempts: 0,
    input_tokens: 0,
    cached_input_tokens: 0,
    cache_write_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    total_tokens: 0,
    /** Strings, because JSON has no big numbers. */
    cost_nanos: '0',
    accounting_nanos: '0',
    cache_hits: 0,
    latency: [] as Histogram,
    time_to_first_token: [] as Histogram,
  }
}

/** The sums of a batch by minute, and the minutes' sums by hour and by day. */
export function sums(batch: readonly LedgerRows[]): Sum[] {
  const minutes = new Map<string, Sum>()
  for (const { request, attempts } of batch) {
    for (const tag of [undefined, ...Object.entries(request.tags ?? {})]) {
      let last: Sum | undefined
      for (const attempt of attempts) {
        last = sumOf(minutes, request, { attempt, tag })
        addAttempt(last, attempt)
      }
      addRequest(last ?? sumOf(minutes, request, { attempt: undefined, tag }), request)
    }
  }
  return bucketSizes.flatMap((seconds) =>
    seconds === minuteSeconds ? [...minutes.values()] : coarser(minutes.values(), seconds),
  )
}

function coarser(minutes: Iterable<Sum>, seconds: number): Sum[] {
  const byKey = new Map<string, Sum>()
  for (const minute of minutes) {
    const bucket = Math.floor(minute.bucket_start.getTime() / (seconds * 1000))
    const key = `${bucket} ${minute.organization_id} ${minute.digest}`
    const known = byKey.get(key)
    if (known) addSum(known, minute)
    else {
      const start = new Date(bucket * seconds * 1000)
      const sum = { ...minute, ...nothing(), bucket_seconds: seconds, bucket_start: start }
      addSum(sum, minute)
      byKey.set(key, sum)
    }
  }
  return [...byKey.values()]
}

function addSum(sum: Counts, more: Counts): void {
  sum.requests += more.requests
  sum.errors += more.errors
  sum.attempts += more.attempts
  sum.unpriced_attempts += more.unpriced_attempts
  sum.input_tokens += more.input_tokens
  sum.cached_input_tokens += more.cached_input_tokens
  sum.cache_write_tokens += more.cache_write_tokens
  sum.output_tokens += more.output_tokens
  sum.reasoning_tokens += more.reasoning_tokens
  sum.total_tokens += more.total_tokens
  sum.cost_nanos = plus(sum.cost_nanos, BigInt(more.cost_nanos))
  sum.accounting_nanos = plus(sum.accounting_nanos, BigInt(more.accounting_nanos))
  sum.cache_hits += more.cache_hits
  addCounts(sum.latency, more.latency)
  addCounts(sum.time_to_first_token, more.time_to_first_token)
}

/** A request counts where it was sent last. */
function addRequest(sum: Counts, request: RequestRow): void {
  sum.requests += 1
  if (request.status === 'failed' || request.status === 'interrupted') sum.errors += 1
  if (request.status === 'succeeded') count(sum.latency, request.latencyMs)
  if (request.timeToFirstTokenMs != null) {
    count(sum.time_to_first_token, request.timeToFirstTokenMs)
  }
  if (request.cache === 'hit') sum.cache_hits += 1
}

function addAttempt(sum: Counts, attempt: AttemptRow): void {
  sum.attempts += 1
  if (attempt.usageEstimated != null && attempt.costNanos == null) sum.unpriced_attempts += 1
  sum.input_tokens += attempt.inputTokens ?? 0
  sum.cached_input_tokens += attempt.cachedInputTokens ?? 0
  sum.cache_write_tokens += attempt.cacheWriteTokens ?? 0
  sum.output_tokens += attempt.outputTokens ?? 0
  sum.reasoning_tokens += attempt.reasoningTokens ?? 0
  sum.total_tokens += attempt.totalTokens ?? 0
  if (attempt.costNanos) sum.cost_nanos = plus(sum.cost_nanos, BigInt(attempt.costNanos))
  if (attempt.accountingNanos) {
    sum.accounting_nanos = plus(sum.accounting_nanos, BigInt(attempt.accountingNanos))
  }
}

function plus(sum: string, more: bigint): string {
  return String(BigInt(sum) + more)
}

/** The row that an attempt adds to; that of a request that was never sent is of what answered it, if anything did. */
function sumOf(
  byKey: Map<string, Sum>,
  request: RequestRow,
  { attempt, tag }: { attempt: AttemptRow | undefined; tag: [string, unknown] | undefined },
): Sum {
  const { organizationId, apiKeyId = null, userId = null } = request
  const { provider = null, model = null } = attempt ?? request
  const { costCurrency: currency = null, accountingCurrency = null } = attempt ?? {}
  const [tagName, tagValue] = tag ? [tag[0], JSON.stringify(tag[1])] : [null, null]
  const bucketMs = minuteSeconds * 1000
  const bucket = Math.floor(Date.parse(request.createdAt) / bucketMs)
  const named = [apiKeyId, provider, model, tagName, tagValue, currency]
  const dimensions = JSON.stringify([...named, userId, accountingCurrency])
  const key = `${bucket} ${organizationId} ${dimensions}`
  const known = byKey.get(key)
  if (known) return known
  const sum: Sum = {
    organization_id: organizationId,
    bucket_seconds: minuteSeconds,
    bucket_start: new Date(bucket * bucketMs),
    digest: hash('sha256', dimensions, 'base64url'),
    api_key_id: apiKeyId,
    user_id: wellFormed(userId),
    provider,
    model: wellFormed(model),
    tag_name: wellFormed(tagName),
    tag_value: tagValue,
    currency,
    accounting_currency: accountingCurrency,
    ...nothing(),
  }
  byKey.set(key, sum)
  return sum
}

/** JSON writes NUL and half a surrogate pair as escapes, which the database refuses; here they are replaced. */
function wellFormed(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\u0000', '\ufffd').toWellFormed()
}
