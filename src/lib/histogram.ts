/**
 * Durations in buckets that grow by the same factor, so that counts of any two add up and a percentile read
 * from them is at most `relativeErrorMax` off, from one millisecond on.
 */
const growth = 2 ** (1 / 8)
/** Everything above some twelve days. */
const bucketLast = 240

/** How far a percentile may be from the true one, as a share of it: about 4.4 %. */
export const relativeErrorMax = (growth - 1) / (growth + 1)

/** Counts by bucket; buckets at the end that nothing fell into are left out. */
export type Histogram = number[]

/** Adds one duration in milliseconds. */
export function count(histogram: Histogram, durationMs: number): void {
  const bucket = bucketOf(durationMs)
  while (histogram.length <= bucket) histogram.push(0)
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/** Adds all counts of another one. */
export function addCounts(histogram: Histogram, other: readonly number[]): void {
  while (histogram.length < other.length) histogram.push(0)
  for (const [bucket, more] of other.entries()) histogram[bucket] = (histogram[bucket] ?? 0) + more
}

/** The duration in milliseconds that `share` of all are not above; null where there is none. */
export function percentile(histogram: readonly number[], share: number): number | null {
  const total = histogram.reduce((sum, each) => sum + each, 0)
  if (total === 0) return null
  let left = Math.max(1, Math.ceil(share * total))
  const bucket = histogram.findIndex((each) => (left -= each) <= 0)
  return middleOf(bucket)
}

/** Bucket 0 is up to a millisecond, each further one `growth` times as far. */
function bucketOf(durationMs: number): number {
  if (!(durationMs > 1)) return 0
  return Math.min(bucketLast, Math.ceil(Math.log(durationMs) / Math.log(growth)))
}

/** As far, in proportion, from the one end of the bucket as from the other. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 1 : (2 * growth ** bucket) / (growth + 1)
}
