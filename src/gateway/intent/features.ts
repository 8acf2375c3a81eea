/** How many buckets the features of a text are hashed into. */
export const buckets = 16_384

const wordsMax = 200
/** Longer words are mostly data: their beginning says what they are. */
const wordCharsMax = 24
const partChars = 4
const stemChars = 5

/** Kinds of features: the same letters as a word and as a part of one are two features. */
const kinds = { word: 1, pair: 2, stem: 3, part: 4 } as const

/** The buckets that a text falls into, each once, in no order: its words, pairs of words and parts of words. */
export function featuresOf(text: string): number[] {
  const found = new Set<number>()
  let before = ''
  let count = 0
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+|\d+|[^\s\p{L}\d]/gu)) {
    if ((count += 1) > wordsMax) break
    const token = word >= '0' && word < ':' ? '0' : word.slice(0, wordCharsMax)
    const { length } = token
    found.add(bucketOf(kinds.word, token, 0, length))
    found.add(bucketOf(hashOf(kinds.pair, before, 0, before.length), token, 0, length))
    // Beginnings and parts stand for the word in its other forms: both languages inflect.
    if (length > stemChars) found.add(bucketOf(kinds.stem, token, 0, stemChars))
    for (let at = 0; at + partChars <= length; at += 1) {
      found.add(bucketOf(kinds.part, token, at, at + partChars))
    }
    before = token
  }
  return [...found]
}

function bucketOf(seed: number, text: string, from: number, to: number): number {
  const hash = hashOf(seed, text, from, to)
  return (hash ^ (hash >>> 15)) & (buckets - 1)
}

/** FNV-1a over the code units of a part of the text. */
function hashOf(seed: number, text: string, from: number, to: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = from; index < to; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
