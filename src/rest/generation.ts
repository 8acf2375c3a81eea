import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { formatNanos } from '../lib/decimal.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { readGeneration } from '../services/generations.ts'
import type { AttemptRow, RequestRow } from '../services/requests.ts'

const querySchema = z.object({ id: z.string().min(1).max(200) })

/** `GET /v1/generation?id=`: how a request ended, by its `x-request-id`. */
export async function showGeneration(services: ServiceDeps, actor: Actor, query: unknown) {
  const parsed = querySchema.safeParse(query)
  if (!parsed.success) {
    throw invalidRequest('id', 'Name the request: `?id=` and its `x-request-id`.')
  }
  const { request, attempts } = await readGeneration(services, actor, parsed.data.id)
  return {
    object: 'generation',
    id: request.id,
    created_at: request.createdAt,
    status: request.status,
    requested_model: request.requestedModel,
    model: request.model,
    provider: request.provider,
    door: request.door,
    stream: request.stream,
    latency_ms: request.latencyMs,
    time_to_first_token_ms: request.timeToFirstTokenMs,
    error_code: request.errorCode,
    tags: request.tags,
    usage: usageOf(request),
    cost: costOf(request),
    attempts: attempts.map(attemptObject),
  }
}

function attemptObject(attempt: AttemptRow) {
  return {
    number: attempt.number,
    provider: attempt.provider,
    model: attempt.model,
    status: attempt.status,
    started_at: attempt.startedAt,
    http_status: attempt.httpStatus,
    error_code: attempt.errorCode,
    latency_ms: attempt.latencyMs,
    time_to_first_token_ms: attempt.timeToFirstTokenMs,
    usage: usageOf(attempt),
    cost: costOf(attempt),
  }
}

/** Disjoint classes; null where nothing was reported, in them and as a whole. */
function usageOf(row: RequestRow | AttemptRow) {
  if (row.usageEstimated === null) return null
  return {
    input_tokens: row.inputTokens,
    cached_input_tokens: row.cachedInputTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    total_tokens: row.totalTokens,
    estimated: row.usageEstimated,
  }
}

function costOf({ costNanos, costCurrency }: RequestRow | AttemptRow) {
  if (costNanos === null || costCurrency === null) return null
  return { currency: costCurrency, amount: formatNanos(costNanos) }
}
