import type { z } from 'zod'
import { type GatewayError, invalidRequest } from '../../errors.ts'

/** Parses what a client sent; the first problem is thrown as a 400 that names the member at fault. */
export function check<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const at = (issue?.path ?? []).reduce<string>(memberPath, path)
  throw invalidMember(at, (issue?.message ?? 'not valid').replace(/^Invalid input: /, ''))
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
