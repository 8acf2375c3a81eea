import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { gemini } from './dialect.ts'

/** Disjoint classes: thoughts stand outside the candidates, and what tools put into the prompt outside the prompt. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const told = count(raw['promptTokenCount'])
  const total = count(raw['totalTokenCount'])
  const toolPrompt = count(raw['toolUsePromptTokenCount'])
  const reasoning = count(raw['thoughtsTokenCount'])
  const prompt = told === undefined ? toolPrompt : told + (toolPrompt ?? 0)
  const output = count(raw['candidatesTokenCount']) ?? remainder(total, prompt, reasoning)
  if (prompt === undefined && output === undefined && total === undefined) return undefined
  const reported = count(raw['cachedContentTokenCount'])
  const cached = reported === undefined ? undefined : Math.min(reported, prompt ?? reported)
  return {
    ...(prompt !== undefined && { inputTokens: prompt - (cached ?? 0) }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(output !== undefined && { outputTokens: output }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    ...(total !== undefined && { totalTokens: total }),
    estimated: false,
    raw: { dialect: gemini, body: raw },
  }
}

/** Protobuf leaves a zero out; the total tells it from a count that is not known. */
function remainder(
  total: number | undefined,
  prompt: number | undefined,
  reasoning = 0,
): number | undefined {
  if (total === undefined || prompt === undefined) return undefined
  return total - prompt - reasoning >= 0 ? total - prompt - reasoning : undefined
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
