const pattern = /⌚(\d+)/g

/** A token that tells when it was sent; every process of a machine has the same monotonic clock. */
export function stampNow(): string {
  return ` ⌚${process.hrtime.bigint() / 1000n}`
}

/** Says of each token in a piece of text for how many milliseconds it was on its way; how many there were. */
export function readStamps(text: string, onToken: (ageMs: number) => void): number {
  const nowUs = Number(process.hrtime.bigint() / 1000n)
  let count = 0
  for (const [, stamp] of text.matchAll(pattern)) {
    count += 1
    onToken((nowUs - Number(stamp)) / 1000)
  }
  return count
}
