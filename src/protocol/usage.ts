/** Tokens of one attempt in disjoint classes: no token is in two of them. Absent = the provider did not say. */
export interface Usage {
  /** Prompt tokens that were neither read from nor written to a cache. */
  inputTokens?: number | undefined
  cachedInputTokens?: number | undefined
  cacheWriteTokens?: number | undefined
  /** Generated tokens without reasoning. */
  outputTokens?: number | undefined
  reasoningTokens?: number | undefined
  /** Everything sent and generated: the provider's own sum where it gives one. */
  totalTokens?: number | undefined
  /** True when the gateway counted and the provider did not report. */
  estimated: boolean
  /** The provider's own object, and the dialect whose it is. */
  raw?: { dialect: string; body: Record<string, unknown> } | undefined
}

export const tokenClasses = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
] as const

export type TokenClass = (typeof tokenClasses)[number]

/** The classes in the words of the configuration and of the public APIs. */
export const tokenClassWords: Record<TokenClass, string> = {
  inputTokens: 'input',
  cachedInputTokens: 'cached_input',
  cacheWriteTokens: 'cache_write',
  outputTokens: 'output',
  reasoningTokens: 'reasoning',
}

/** All prompt tokens, as OpenAI counts them; undefined when no class of the prompt is known. */
export function promptTokens(usage: Usage): number | undefined {
  return sumKnown([usage.inputTokens, usage.cachedInputTokens, usage.cacheWriteTokens])
}

/** All generated tokens, as OpenAI counts them; undefined when no class of the answer is known. */
export function completionTokens(usage: Usage): number | undefined {
  return sumKnown([usage.outputTokens, usage.reasoningTokens])
}

/** The provider's total, else the sum of both sides where both are known. */
export function totalTokens(usage: Usage): number | undefined {
  if (usage.totalTokens !== undefined) return usage.totalTokens
  const prompt = promptTokens(usage)
  const completion = completionTokens(usage)
  return prompt === undefined || completion === undefined ? undefined : prompt + completion
}

/** Both together; a class that one of them does not know is unknown. */
export function addUsage(one: Usage, other: Usage): Usage {
  const sum: Usage = { estimated: one.estimated || other.estimated }
  for (const key of [...tokenClasses, 'totalTokens'] as const) {
    const [a, b] = [one[key], other[key]]
    if (a !== undefined && b !== undefined) sum[key] = a + b
  }
  return sum
}

function sumKnown(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0)
}
