import type { Extra } from '../protocol/request.ts'

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string with something in it. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The members of an object that nobody reads; undefined when there are none. */
export function unread(
  object: Record<string, unknown>,
  read: ReadonlySet<string>,
): Extra | undefined {
  let members: Extra | undefined
  for (const key in object) {
    if (!read.has(key)) (members ??= {})[key] = object[key]
  }
  return members
}

/** As `unread`, without nulls: on the wire of an answer null says nothing. */
export function unreadValues(
  object: Record<string, unknown>,
  read: ReadonlySet<string>,
): Extra | undefined {
  let members: Extra | undefined
  for (const key in object) {
    const value = object[key]
    if (value !== null && !read.has(key)) (members ??= {})[key] = value
  }
  return members
}

/** Unread members of an object and of the object inside it, in the shape in which they came. */
export function unreadNested(
  outer: Record<string, unknown>,
  member: string,
  read: { outer: ReadonlySet<string>; inner: ReadonlySet<string> },
): Extra | undefined {
  const members = unread(outer, read.outer)
  const nested = outer[member]
  const inside = isRecord(nested) ? unread(nested, read.inner) : undefined
  return inside ? { ...members, [member]: inside } : members
}
