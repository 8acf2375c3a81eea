import type { TokenLogprob } from '../../protocol/event.ts'
import { isRecord } from '../narrow.ts'

/** The tokens of one list of a choice's `logprobs`; undefined when there are none. */
export function decodeLogprobs(list: unknown): TokenLogprob[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  return list.filter(isRecord).map((token) => ({
    ...decodeToken(token),
    topLogprobs: listOf(token['top_logprobs']).map(decodeToken),
  }))
}

export function encodeLogprobs(tokens: TokenLogprob[]): Record<string, unknown>[] {
  return tokens.map(({ topLogprobs, ...token }) => ({ ...token, top_logprobs: topLogprobs }))
}

function decodeToken(token: Record<string, unknown>): Omit<TokenLogprob, 'topLogprobs'> {
  const { token: written, logprob, bytes } = token
  return {
    token: typeof written === 'string' ? written : '',
    // JSON has no minus infinity, and OpenAI writes -9999 for it.
    logprob: typeof logprob === 'number' ? logprob : -9999,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  }
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
