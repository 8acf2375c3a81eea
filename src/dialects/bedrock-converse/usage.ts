import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { bedrockConverse } from './dialect.ts'

/** Cached tokens stand beside the input; reasoning is inside the output and not counted apart. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  const classes = {
    inputTokens: count(raw['inputTokens']),
    cachedInputTokens: count(raw['cacheReadInputTokens']),
    cacheWriteTokens: count(raw['cacheWriteInputTokens']),
    outputTokens: count(raw['outputTokens']),
    totalTokens: count(raw['totalTokens']),
  }
  const known = Object.entries(classes).filter(([, value]) => value !== undefined)
  if (known.length === 0) return undefined
  return {
    ...Object.fromEntries(known),
    estimated: false,
    raw: { dialect: bedrockConverse, body: raw },
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
