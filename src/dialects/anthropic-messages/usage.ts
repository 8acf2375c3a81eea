import { promptTokens, completionTokens, type Usage } from '../../protocol/usage.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { anthropicMessages } from './dialect.ts'

/** Disjoint classes: the input stands beside what was read from and written to the cache, thinking is inside the output. */
export function decodeUsage(raw: Extra): Usage | undefined {
  const input = count(raw['input_tokens'])
  const output = count(raw['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  const read = count(raw['cache_read_input_tokens'])
  const written = count(raw['cache_creation_input_tokens'])
  const details = raw['output_tokens_details']
  const thought = isRecord(details) ? count(details['thinking_tokens']) : undefined
  // The breakdown counts the unabridged thoughts and may exceed what was billed.
  const reasoning = thought === undefined ? undefined : Math.min(thought, output ?? thought)
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(read !== undefined && { cachedInputTokens: read }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(output !== undefined && { outputTokens: output - (reasoning ?? 0) }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    estimated: false,
    raw: { dialect: anthropicMessages, body: raw },
  }
}

/** The counts of a whole answer; what is not known is null, but the two that every client reads. */
export function encodeUsage(usage: Usage | undefined): Extra {
  if (usage?.raw?.dialect === anthropicMessages) return usage.raw.body
  if (!usage) return { input_tokens: 0, output_tokens: 0 }
  const prompt = promptTokens(usage)
  const { cachedInputTokens: read, cacheWriteTokens: written, reasoningTokens: thought } = usage
  return {
    input_tokens: prompt === undefined ? 0 : prompt - (read ?? 0) - (written ?? 0),
    cache_creation_input_tokens: written ?? null,
    cache_read_input_tokens: read ?? null,
    output_tokens: completionTokens(usage) ?? 0,
    ...(thought !== undefined && { output_tokens_details: { thinking_tokens: thought } }),
  }
}

/** The counts that stand at the end of a stream. */
export function encodeFinalUsage(usage: Usage | undefined): Extra {
  const whole = encodeUsage(usage)
  return Object.fromEntries(Object.entries(whole).filter(([member]) => finalMembers.has(member)))
}

/** A later report stands for an earlier one, member by member; null says nothing. */
export function mergeUsage(before: Extra, report: unknown): Extra {
  if (!isRecord(report)) return before
  const known = Object.entries(report).filter(
    ([member, value]) => value !== null || !(member in before),
  )
  return { ...before, ...Object.fromEntries(known) }
}

const finalMembers: ReadonlySet<string> = new Set([
  'input_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'output_tokens',
  'output_tokens_details',
  'server_tool_use',
  'iterations',
])

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
