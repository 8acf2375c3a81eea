import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { yandex } from './dialect.ts'

/** Disjoint classes from counts that are strings; undefined when the object counts nothing. */
export function decodeUsage(raw: Record<string, unknown>): Usage | undefined {
  const input = count(raw['inputTextTokens'])
  const completion = count(raw['completionTokens'])
  const total = count(raw['totalTokens'])
  if (input === undefined && completion === undefined && total === undefined) return undefined
  const details = raw['completionTokensDetails']
  const reasoning = isRecord(details) ? count(details['reasoningTokens']) : undefined
  const output = completion === undefined ? undefined : without(completion, reasoning ?? 0)
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    ...(total !== undefined && { totalTokens: total }),
    estimated: false,
    raw: { dialect: yandex, body: raw },
  }
}

/** Hidden reasoning is billed within the completion. */
function without(completion: number, reasoning: number): number {
  return reasoning > completion ? completion : completion - reasoning
}

/** A number of tokens; protobuf writes 64-bit integers as strings. */
export function count(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined
}
