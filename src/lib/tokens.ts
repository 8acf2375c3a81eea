/** Counts tokens as OpenAI's current models do; other vendors' counts differ by some per cent. */
export type CountTokens = (text: string) => number

let loading: Promise<CountTokens> | undefined

/** The tokenizer takes some 75 MB and a tenth of a second to load: only who needs it pays. */
export function loadTokenizer(): Promise<CountTokens> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => {
    // Prompts may hold the words of special tokens; to us they are text.
    const options = { disallowedSpecial: new Set<string>() }
    return (text) => guarded(text, (piece) => countTokens(piece, options))
  })
  return loading
}

const runCharsMax = 256

/** The work grows with the square of an unbroken run's length, so runs are counted in pieces. */
function guarded(text: string, count: CountTokens): number {
  let tokens = 0
  let last = 0
  for (const match of text.matchAll(/\s{256,}|\S{256,}/g)) {
    if (match.index > last) tokens += count(text.slice(last, match.index))
    for (let at = 0; at < match[0].length; at += runCharsMax) {
      tokens += count(match[0].slice(at, at + runCharsMax))
    }
    last = match.index + match[0].length
  }
  return last < text.length ? tokens + count(text.slice(last)) : tokens
}
