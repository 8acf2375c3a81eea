import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { gigachat } from './dialect.ts'

/** Disjoint classes; `prompt_tokens` includes what came from the cache, and reasoning is not told apart. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const prompt = count(raw['prompt_tokens'])
  const completion = count(raw['completion_tokens'])
  const total = count(raw['total_tokens'])
  if (prompt === undefined && completion === undefined && total === undefined) return undefined
  const reported = count(raw['precached_prompt_tokens'])
  const cached = reported === undefined ? undefined : Math.min(reported, prompt ?? reported)
  return {
    ...(prompt !== undefined && { inputTokens: prompt - (cached ?? 0) }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(completion !== undefined && { outputTokens: completion }),
    ...(total !== undefined && { totalTokens: total }),
    estimated: false,
    raw: { dialect: gigachat, body: raw },
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
