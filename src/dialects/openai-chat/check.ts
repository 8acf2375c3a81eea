import { z } from 'zod'
import { type GatewayError, invalidRequest } from '../../errors.ts'
import { isRecord } from '../narrow.ts'

/** Parses what a client sent; the first problem is thrown as a 400 that names the member at fault. */
export function check<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const at = (issue?.path ?? []).reduce<string>(memberPath, path)
  throw invalidMember(at, (issue?.message ?? 'not valid').replace(/^Invalid input: /, ''))
}

/** A check of an object of which only some members are known, and the names of these. */
export interface ObjectCheck<T> {
  names: ReadonlySet<string>
  check: (value: unknown, path: string) => T
}

/**
 * Makes the check of an object. It looks at the members that are there: most requests have a few of many. What
 * passes is what came, so that no member of `shape` may change what it checks.
 */
export function objectCheck<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  const schema = z.looseObject(shape)
  const members = Object.entries(shape).map(([name, member]) => ({
    name,
    member,
    optional: member.safeParse(undefined).success,
  }))

  function passes(value: unknown): value is z.output<typeof schema> {
    if (!isRecord(value)) return false
    for (const { name, member, optional } of members) {
      const given = value[name]
      if (given === undefined ? !optional : !member.safeParse(given).success) return false
    }
    return true
  }

  return {
    names: new Set(Object.keys(shape)),
    check: (value, path) => (passes(value) ? value : check(schema, value, path)),
  } satisfies ObjectCheck<z.output<typeof schema>>
}

/** A 400 in OpenAI's form of words; `problem` says what was wrong and what to do. */
export function invalidMember(path: string, problem: string): GatewayError {
  if (path === '') return invalidRequest(undefined, `Invalid request body: ${problem}.`)
  return invalidRequest(path, `Invalid '${path}': ${problem}.`)
}

/** A client's word as it may stand in a message: quoted and short. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}…` : word)
}

function memberPath(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return path === '' ? String(key) : `${path}.${String(key)}`
}
