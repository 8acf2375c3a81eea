import type { FinishReason, TokenLogprob } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'

/** Log probabilities in lists side by side; `offset` is where the first token stands in the text. */
export function encodeTextLogprobs(tokens: readonly TokenLogprob[], offset: number): Extra {
  let at = offset
  const text_offset = tokens.map(({ token }) => {
    const here = at
    at += token.length
    return here
  })
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ topLogprobs }) =>
      Object.fromEntries(topLogprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset,
  }
}

/** Why a text ended; this API knows three words. */
export function encodeTextFinish({ unified }: FinishReason): string {
  return unified === 'length' || unified === 'content_filter' ? unified : 'stop'
}
