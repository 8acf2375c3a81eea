import { hash32 } from '../../lib/hash.ts'

/** How many buckets the features of a text are hashed into; a power of two. */
export const buckets = 8192

const wordsMax = 200
/** Longer words are mostly data: their beginning says what they are. */
const wordCharsMax = 24
const partChars = [3, 4]
const stemChars = 5

/** Kinds of features: the same letters as a word and as a part of one are two features. */
const kinds = { word: 1, pair: 2, stem: 3, part: 4, shape: 5 } as const

/** What programs are written with, and formulas. */
const signs = /[{}()[\]\\;=<>`_]/g
const identifiers = /[a-z][A-Z]|\w\.\w+\(|_\w/

/** The buckets that a text falls into, each once, in no order: its words, pairs and parts of them, and its shape. */
export function featuresOf(text: string): number[] {
  const found = new Set<number>()
  const add = (feature: string, seed: number): void => {
    found.add(hash32(feature, seed) & (buckets - 1))
  }
  let before = 0
  let count = 0
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+|\d+|[^\s\p{L}\d]/gu)) {
    if ((count += 1) > wordsMax) break
    const token = /^\d/.test(word) ? '0' : word.slice(0, wordCharsMax)
    add(token, kinds.word)
    add(token, before)
    // Beginnings and parts stand for the word in its other forms: both languages inflect.
    if (token.length > stemChars) add(token.slice(0, stemChars), kinds.stem)
    for (const chars of partChars) {
      for (let at = 0; at + chars <= token.length; at += 1) {
        add(token.slice(at, at + chars), kinds.part)
      }
    }
    before = hash32(token, kinds.pair)
  }
  add(`signs ${magnitude(text.match(signs)?.length)}`, kinds.shape)
  add(`digits ${magnitude(text.match(/\d/g)?.length)}`, kinds.shape)
  if (identifiers.test(text)) add('identifiers', kinds.shape)
  return [...found]
}

/** 0, 1, 2, 3 to 4, 5 to 8 and so on, up to a point. */
function magnitude(count = 0): number {
  return Math.min(6, Math.ceil(Math.log2(count + 1)))
}
