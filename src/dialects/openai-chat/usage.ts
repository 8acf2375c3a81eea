import { completionTokens, promptTokens, type Usage } from '../../protocol/usage.ts'
import { openaiChat } from './dialect.ts'
import { isRecord } from '../narrow.ts'

/** Disjoint classes from OpenAI's inclusive counts; undefined when the object counts nothing. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const prompt = count(raw['prompt_tokens'])
  const completion = count(raw['completion_tokens'])
  const total = count(raw['total_tokens'])
  if (prompt === undefined && completion === undefined && total === undefined) return undefined
  return {
    ...promptClasses(raw, prompt),
    ...completionClasses(raw, { prompt, completion, total }),
    ...(total !== undefined && { totalTokens: total }),
    estimated: false,
    raw: { dialect: openaiChat, body: raw },
  }
}

/** OpenAI's inclusive counts, in which the total is the sum of both sides; unknown is null. */
export function encodeUsage(usage: Usage): Record<string, unknown> {
  const prompt = promptTokens(usage)
  const completion = completionTokens(usage)
  const known = prompt !== undefined && completion !== undefined
  const shown = usage.raw?.dialect === openaiChat ? usage.raw.body : undefined
  const promptDetails = details(shown, 'prompt_tokens_details', {
    cached_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
  })
  const completionDetails = details(shown, 'completion_tokens_details', {
    reasoning_tokens: usage.reasoningTokens,
  })
  return {
    ...shown,
    prompt_tokens: prompt ?? null,
    completion_tokens: completion ?? null,
    total_tokens: known ? prompt + completion : (usage.totalTokens ?? null),
    ...(promptDetails && { prompt_tokens_details: promptDetails }),
    ...(completionDetails && { completion_tokens_details: completionDetails }),
  }
}

type Raw = Record<string, unknown>
type Classes = Pick<
  Usage,
  'inputTokens' | 'cachedInputTokens' | 'cacheWriteTokens' | 'outputTokens' | 'reasoningTokens'
>

function promptClasses(raw: Raw, prompt: number | undefined): Classes {
  const inside = object(raw['prompt_tokens_details'])
  const reported =
    count(inside['cached_tokens']) ??
    count(raw['prompt_cache_hit_tokens']) ??
    count(raw['cached_tokens'])
  const cached = capped(reported, prompt)
  const written = capped(count(inside['cache_write_tokens']), less(prompt, cached))
  const input = less(less(prompt, cached), written)
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(written !== undefined && { cacheWriteTokens: written }),
  }
}

interface Sums {
  prompt: number | undefined
  completion: number | undefined
  total: number | undefined
}

function completionClasses(raw: Raw, { prompt, completion, total }: Sums): Classes {
  const inside = object(raw['completion_tokens_details'])
  const reasoning = count(inside['reasoning_tokens']) ?? count(raw['reasoning_tokens'])
  if (completion === undefined) {
    return reasoning === undefined ? {} : { reasoningTokens: reasoning }
  }
  if (reasoning === undefined) return { outputTokens: completion }
  // Some servers count reasoning beside the completion; only their arithmetic tells.
  const beside =
    reasoning > completion ||
    (reasoning > 0 && prompt !== undefined && total === prompt + completion + reasoning)
  return {
    outputTokens: beside ? completion : completion - reasoning,
    reasoningTokens: reasoning,
  }
}

/** The details as they came, with our counts in the place of theirs. */
function details(
  shown: Raw | undefined,
  member: string,
  counts: Record<string, number | undefined>,
): Raw | undefined {
  const before = shown?.[member]
  const known = Object.entries(counts).filter(([, value]) => value !== undefined)
  if (known.length === 0 && !isRecord(before)) return undefined
  return { ...object(before), ...Object.fromEntries(known) }
}

function object(value: unknown): Raw {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** A part is never more than its whole. */
function capped(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined ? part : Math.min(part, whole)
}

function less(whole: number | undefined, part: number | undefined): number | undefined {
  return whole === undefined ? undefined : whole - (part ?? 0)
}
