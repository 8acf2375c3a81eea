import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { gigachat, gigachatV2 } from './dialect.ts'

/** The usage of API v1. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const { prompt_tokens: prompt, completion_tokens: completion } = raw
  return disjoint(gigachat, raw, { prompt, completion, cached: raw['precached_prompt_tokens'] })
}

/** The usage of API v2. */
export function decodeV2Usage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const { input_tokens: prompt, output_tokens: completion, input_tokens_details: details } = raw
  const cached = isRecord(details) ? details['cached_tokens'] : undefined
  return disjoint(gigachatV2, raw, { prompt, completion, cached })
}

/** Disjoint classes: the prompt includes what came from the cache, and reasoning is not told apart. */
function disjoint(
  dialect: string,
  raw: Record<string, unknown>,
  told: { prompt: unknown; completion: unknown; cached: unknown },
): Usage | undefined {
  const prompt = count(told.prompt)
  const completion = count(told.completion)
  const total = count(raw['total_tokens'])
  if (prompt === undefined && completion === undefined && total === undefined) return undefined
  const reported = count(told.cached)
  const cached = reported === undefined ? undefined : Math.min(reported, prompt ?? reported)
  return {
    ...(prompt !== undefined && { inputTokens: prompt - (cached ?? 0) }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(completion !== undefined && { outputTokens: completion }),
    ...(total !== undefined && { totalTokens: total }),
    estimated: false,
    raw: { dialect, body: raw },
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
