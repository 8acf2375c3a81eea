/** Deeper than anything that is meant seriously, and far from where a recursive reader runs out of stack. */
export const jsonDepthMax = 200

/** Whether a parsed JSON value is nested deeper than `limit`, which bounds the recursion. Bytes are no JSON yet. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  return limit < 0 || (isNested(value) && hasDeeper(value, limit - 1))
}

function hasDeeper(value: Nested, limit: number): boolean {
  if (Array.isArray(value)) return value.some((member) => isNestedDeeper(member, limit))
  for (const name in value) if (isNestedDeeper(value[name], limit)) return true
  return false
}

/** Texts and numbers are not nested, wherever they stand. */
function isNestedDeeper(value: unknown, limit: number): boolean {
  return isNested(value) && isDeeperThan(value, limit)
}

type Nested = unknown[] | Record<string, unknown>

function isNested(value: unknown): value is Nested {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}
