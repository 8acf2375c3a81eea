import type { z } from 'zod'

/** One thing that is wrong with the configuration: where, and what; never a value. */
export interface Problem {
  path: string
  message: string
}

/** The value in the schema's form; undefined when it does not fit, with its problems noted. */
export function parsed<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  problems: Problem[],
  prefix = '',
): z.infer<Schema> | undefined {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const path = issue.path.reduce<string>(joinPath, prefix)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        problems.push({ path: joinPath(path, key), message: 'there is no such setting' })
      }
    } else problems.push({ path, message: issue.message })
  }
  return undefined
}

/** The path of a member, as TOML would write it. */
export function joinPath(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`
  const word = String(key)
  const written = /^[A-Za-z0-9_-]+$/.test(word) ? word : JSON.stringify(word)
  return path === '' ? written : `${path}.${written}`
}

/** Whether a value of the file is a table; a date is none. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}
