/** Caching starts at this many tokens and goes on in steps. */
const tokensMin = 1024
const step = 128

/** Counts the prompt's tokens that an earlier prompt began with, as prompt caching does. */
export function prefixCache(fixed: number | undefined): (prompt: string[]) => number {
  const seen = new Set<string>()
  return (prompt) => {
    if (fixed !== undefined) return Math.min(fixed, prompt.length)
    let cached = 0
    for (let length = tokensMin; length <= prompt.length; length += step) {
      const prefix = prompt.slice(0, length).join('')
      if (seen.has(prefix)) cached = length
      else seen.add(prefix)
    }
    return cached
  }
}
