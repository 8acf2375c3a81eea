/** Deeper than anything that is meant seriously, and far from where a recursive reader runs out of stack. */
export const jsonDepthMax = 200

/** Whether a parsed JSON value is nested deeper than `limit`; it does not recurse itself. Bytes are no JSON yet. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true
    level = level.flatMap(membersOf)
  }
  return false
}

/** The members that can have members themselves. */
function membersOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  return Object.values(value).filter((member) => typeof member === 'object' && member !== null)
}
