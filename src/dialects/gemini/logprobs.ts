import type { TokenLogprob } from '../../protocol/event.ts'
import { isRecord } from '../narrow.ts'

/** The tokens of a `logprobsResult` with their alternatives; undefined when there are none. */
export function decodeLogprobs(result: unknown): TokenLogprob[] | undefined {
  if (!isRecord(result)) return undefined
  const chosen = listOf(result['chosenCandidates'])
  const alternatives = listOf(result['topCandidates'])
  if (chosen.length === 0) return undefined
  return chosen.map((token, index) => ({
    ...decodeToken(token),
    topLogprobs: listOf(alternatives[index]?.['candidates']).map(decodeToken),
  }))
}

/** Protobuf leaves out a probability whose logarithm is zero. */
function decodeToken(token: Record<string, unknown>): Omit<TokenLogprob, 'topLogprobs'> {
  const { token: written, logProbability } = token
  return {
    token: typeof written === 'string' ? written : '',
    logprob: typeof logProbability === 'number' ? logProbability : 0,
    bytes: null,
  }
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
