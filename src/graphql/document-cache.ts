import { LRUCache } from 'lru-cache'

/** In characters: a parsed document takes two hundred bytes and more for each of them. */
const documentsLengthMax = 100_000

/** A cache by the text of a document, bounded by what the texts take: one may be as large as a body. */
export function documentCache<T extends object>(
  textsLengthMax = documentsLengthMax,
): LRUCache<string, T> {
  return new LRUCache({
    max: 1000,
    maxSize: textsLengthMax,
    maxEntrySize: textsLengthMax / 10,
    sizeCalculation: (_value, text) => text.length || 1,
  })
}
