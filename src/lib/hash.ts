/** A 32-bit hash of a text (FNV-1a, then mixed so that each bit depends on all): for spreading, not for secrets. */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return mix32(hash)
}

/** Two hashes as one. */
export function mix32(a: number, b = 0): number {
  let hash = a ^ Math.imul(b, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A hash as a number above 0 and below 1. */
export function unitOf(hash: number): number {
  return (hash + 0.5) / 2 ** 32
}
