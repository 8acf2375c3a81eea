/** Deeper than anything that is meant seriously, and far from where a recursive reader runs out of stack. */
export const jsonDepthMax = 200

/** Whether a parsed JSON value is nested deeper than `limit`, which bounds the recursion. Bytes are no JSON yet. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  if (limit <= 0) return true
  if (Array.isArray(value)) return value.some((member) => isDeeperThan(member, limit - 1))
  const members = record(value)
  for (const name in members) if (isDeeperThan(members[name], limit - 1)) return true
  return false
}

/** An object of JSON has no members but its own. */
function record(value: object): Record<string, unknown> {
  return value as Record<string, unknown>
}
