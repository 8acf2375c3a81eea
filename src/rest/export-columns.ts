import { formatNanos } from '../lib/decimal.ts'
import { percentile } from '../lib/histogram.ts'
import type { Cell } from '../lib/csv.ts'
import type { Money } from '../protocol/settlement.ts'
import type { RequestExportRow } from '../services/request-export.ts'
import type { UsageExportRow } from '../services/usage-export.ts'
import type { Columns } from './export-format.ts'

/** What `GET /v1/usage/export` says of a group in one currency. */
export const usageColumns: Columns<UsageExportRow> = {
  time: ({ time }) => time,
  model: ({ model }) => model,
  provider: ({ provider }) => provider,
  api_key_id: ({ apiKeyId }) => apiKeyId,
  user: ({ user }) => user,
  tag_name: ({ tagName }) => tagName,
  tag_value: ({ tagValue }) => valueOf(tagValue),
  requests: ({ requests }) => Number(requests),
  errors: ({ errors }) => Number(errors),
  cache_hits: ({ cacheHits }) => Number(cacheHits),
  attempts: ({ attempts }) => Number(attempts),
  unpriced_attempts: ({ unpricedAttempts }) => Number(unpricedAttempts),
  input_tokens: ({ inputTokens }) => Number(inputTokens),
  cached_input_tokens: ({ cachedInputTokens }) => Number(cachedInputTokens),
  cache_write_tokens: ({ cacheWriteTokens }) => Number(cacheWriteTokens),
  output_tokens: ({ outputTokens }) => Number(outputTokens),
  reasoning_tokens: ({ reasoningTokens }) => Number(reasoningTokens),
  total_tokens: ({ totalTokens }) => Number(totalTokens),
  currency: ({ currency }) => currency,
  cost: ({ currency, costNanos }) => amount(currency, costNanos),
  accounting_currency: ({ accountingCurrency }) => accountingCurrency,
  accounting_cost: (row) => amount(row.accountingCurrency, row.accountingNanos),
  latency_p50_ms: ({ latency }) => percentile(latency, 0.5),
  latency_p95_ms: ({ latency }) => percentile(latency, 0.95),
  latency_p99_ms: ({ latency }) => percentile(latency, 0.99),
  time_to_first_token_p50_ms: ({ timeToFirstToken }) => percentile(timeToFirstToken, 0.5),
  time_to_first_token_p95_ms: ({ timeToFirstToken }) => percentile(timeToFirstToken, 0.95),
  time_to_first_token_p99_ms: ({ timeToFirstToken }) => percentile(timeToFirstToken, 0.99),
}

/** What `GET /v1/requests/export` says of a request. */
export const requestColumns: Columns<RequestExportRow> = {
  id: ({ id }) => id,
  created_at: ({ createdAt }) => createdAt,
  api_key_id: ({ apiKeyId }) => apiKeyId,
  user: ({ user }) => user,
  door: ({ door }) => door,
  requested_model: ({ requestedModel }) => requestedModel,
  model: ({ model }) => model,
  provider: ({ provider }) => provider,
  status: ({ status }) => status,
  error_code: ({ errorCode }) => errorCode,
  stream: ({ stream }) => stream,
  cache: ({ cache }) => cache ?? 'off',
  latency_ms: ({ latencyMs }) => latencyMs,
  time_to_first_token_ms: ({ timeToFirstTokenMs }) => timeToFirstTokenMs,
  tags: ({ tags }) => tags,
  input_tokens: ({ inputTokens }) => inputTokens,
  cached_input_tokens: ({ cachedInputTokens }) => cachedInputTokens,
  cache_write_tokens: ({ cacheWriteTokens }) => cacheWriteTokens,
  output_tokens: ({ outputTokens }) => outputTokens,
  reasoning_tokens: ({ reasoningTokens }) => reasoningTokens,
  total_tokens: ({ totalTokens }) => totalTokens,
  usage_estimated: ({ usageEstimated }) => usageEstimated,
  currency: ({ costCurrency }) => costCurrency,
  cost: ({ costCurrency, costNanos }) => amount(costCurrency, costNanos),
  booked: ({ booked }) => booked.map(inWords).join('; '),
}

function amount(currency: string | null, nanos: bigint | null): string | null {
  return currency === null || nanos === null ? null : formatNanos(nanos)
}

function inWords({ currency, nanos }: Money): string {
  return `${formatNanos(nanos)} ${currency}`
}

/** The value of a tag, which is stored as JSON. */
function valueOf(stored: string | null): Cell {
  return stored === null ? null : parseStored(stored)
}

/** What we wrote as JSON ourselves. */
function parseStored(text: string): Cell {
  return JSON.parse(text) as Cell
}
