const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** How long after each failed attempt the next one is made, as Standard Webhooks recommends. */
const delaysMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** The share of a delay that is added at most, so that what failed together does not come back together. */
const jitter = 0.1

/** When to try again after `attempts` attempts, in milliseconds from now; undefined after the last one. */
export function delayAfter(
  attempts: number,
  { random, retryAfterMs = 0 }: { random: () => number; retryAfterMs?: number | undefined },
): number | undefined {
  const usual = delaysMs[attempts - 1]
  return usual && Math.round(Math.max(usual, retryAfterMs) * (1 + jitter * random()))
}
