import { unusableVectors } from '../broken-answer.ts'
import { isRecord } from '../narrow.ts'
import { floatsOf } from './base64.ts'

/** The vectors of OpenAI's `data`, put in the order of their inputs, of which there were `count`. */
export function decodeVectors(data: unknown, count: number): number[][] {
  if (!Array.isArray(data) || data.length !== count) throw unusableVectors()
  const vectors = new Map<number, number[]>()
  for (const [position, item] of data.entries()) {
    const { index, embedding } = isRecord(item) ? item : {}
    const vector = floatsOf(embedding)
    const place = index ?? position
    if (typeof place !== 'number' || !vector) throw unusableVectors()
    vectors.set(place, vector)
  }
  return Array.from({ length: count }, (_, index) => {
    const vector = vectors.get(index)
    if (!vector) throw unusableVectors()
    return vector
  })
}
