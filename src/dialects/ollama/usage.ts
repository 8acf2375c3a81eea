import type { Usage } from '../../protocol/usage.ts'
import { ollama } from './dialect.ts'

const measured = [
  'prompt_eval_count',
  'prompt_eval_duration',
  'eval_count',
  'eval_duration',
  'total_duration',
  'load_duration',
]

/** Members that count or time an answer. */
export const usageMembers: ReadonlySet<string> = new Set(measured)

/** Tokens from the last line; a count of 0 is left out there, and so is that of a prompt that was all cached. */
export function decodeUsage(line: Record<string, unknown>): Usage | undefined {
  const inputTokens = count(line['prompt_eval_count'])
  const outputTokens = count(line['eval_count'])
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  const shown = measured.filter((member) => line[member] !== undefined)
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    estimated: false,
    raw: {
      dialect: ollama,
      body: Object.fromEntries(shown.map((member) => [member, line[member]])),
    },
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
