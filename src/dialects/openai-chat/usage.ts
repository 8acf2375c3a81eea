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
  const usage: Usage = { estimated: false, raw: { dialect: openaiChat, body: raw } }
  addPromptClasses(usage, raw, prompt)
  addCompletionClasses(usage, raw, { prompt, completion, total })
  if (total !== undefined) usage.totalTokens = total
  return usage
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

function addPromptClasses(usage: Usage, raw: Raw, prompt: number | undefined): void {
  const inside = object(raw['prompt_tokens_details'])
  const reported =
    count(inside['cached_tokens']) ??
    count(raw['prompt_cache_hit_tokens']) ??
    count(raw['cached_tokens'])
  const cached = capped(reported, prompt)
  const written = capped(count(inside['cache_write_tokens']), less(prompt, cached))
  const input = less(less(prompt, cached), written)
  if (input !== undefined) usage.inputTokens = input
  if (cached !== undefined) usage.cachedInputTokens = cached
  if (written !== undefined) usage.cacheWriteTokens = written
}

interface Sums {
  prompt: number | undefined
  completion: number | undefined
  total: number | undefined
}

function addCompletionClasses(usage: Usage, raw: Raw, { prompt, completion, total }: Sums): void {
  const inside = object(raw['completion_tokens_details'])
  const reasoning = count(inside['reasoning_tokens']) ?? count(raw['reasoning_tokens'])
  if (reasoning !== undefined) usage.reasoningTokens = reasoning
  if (completion === undefined) return
  usage.outputTokens = completion
  if (reasoning === undefined) return
  // Some servers count reasoning beside the completion; only their arithmetic tells.
  const beside =
    reasoning > completion ||
    (reasoning > 0 && prompt !== undefined && total === prompt + completion + reasoning)
  if (!beside) usage.outputTokens = completion - reasoning
}

/** The details as they came, with our counts in the place of theirs. */
function details(
  shown: Raw | undefined,
  member: string,
  counts: Record<string, number | undefined>,
): Raw | undefined {
  const before = shown?.[member]
  let told: Raw | undefined = isRecord(before) ? { ...before } : undefined
  for (const name in counts) {
    if (counts[name] !== undefined) (told ??= {})[name] = counts[name]
  }
  return told
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
