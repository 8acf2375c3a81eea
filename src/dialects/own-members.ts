import type { DialectMembers } from '../protocol/event.ts'
import type { Extra } from '../protocol/request.ts'

/** The members that a dialect knows itself; those of another one mean nothing to its readers. */
export function ownMembers(extra: DialectMembers | undefined, dialect: string): Extra | undefined {
  return extra?.dialect === dialect ? extra.members : undefined
}
