/** A copy without the members at these paths, as `a.b` or `list.*.c`; what is not on a path is shared. */
export function without(value: unknown, paths: readonly string[]): unknown {
  return paths.reduce((copy, path) => removed(copy, path.split('.'), 0), value)
}

function removed(value: unknown, path: readonly string[], at: number): unknown {
  const name = path[at]
  if (typeof value !== 'object' || value === null || name === undefined) return value
  if (Array.isArray(value)) {
    return name === '*' ? value.map((item: unknown) => removed(item, path, at + 1)) : value
  }
  if (!Object.hasOwn(value, name)) return value
  const { [name]: member, ...rest } = recordOf(value)
  return at === path.length - 1 ? rest : { ...rest, [name]: removed(member, path, at + 1) }
}

/** An object that is no list has members by name. */
function recordOf(value: object): Record<string, unknown> {
  return value as Record<string, unknown>
}
