import type { TokenLogprob } from '../../protocol/event.ts'
import { isRecord } from '../narrow.ts'

/** Log probabilities of a text; undefined where there are none. */
export function decodeLogprobs(raw: unknown): TokenLogprob[] | undefined {
  if (!Array.isArray(raw)) return undefined
  const tokens = raw.flatMap((each: unknown): TokenLogprob[] => {
    if (!isRecord(each)) return []
    const { chosen, top } = each
    const [token] = decodeToken(chosen)
    const topLogprobs = Array.isArray(top) ? top.flatMap(decodeToken) : []
    return token ? [{ ...token, topLogprobs }] : []
  })
  return tokens.length > 0 ? tokens : undefined
}

/** A token may be a part of a character, of which the wire does not show the bytes. */
function decodeToken(raw: unknown): Omit<TokenLogprob, 'topLogprobs'>[] {
  if (!isRecord(raw)) return []
  const { token, logprob } = raw
  if (typeof token !== 'string' || typeof logprob !== 'number') return []
  return [{ token, logprob, bytes: null }]
}
