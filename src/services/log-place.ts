import { and, gte, lt, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { timeOfId } from '../lib/id.ts'

/** An id is made when its request arrives; the row's own time is taken a little later, by the same clock. */
const slackMs = 3_600_000

/**
 * Where rows of requests can lie in time, as their ids say it: a look-up by id alone would look into every
 * partition. Undefined where an id does not say when it was made.
 */
export function timesOf(createdAt: PgColumn, requestIds: readonly string[]): SQL | undefined {
  const bounds = boundsOf(requestIds)
  return bounds && and(gte(createdAt, bounds.from), lt(createdAt, bounds.to))
}

/** The same of what may be added to a request at any later time. */
export function timesSince(createdAt: PgColumn, requestIds: readonly string[]): SQL | undefined {
  const bounds = boundsOf(requestIds)
  return bounds && gte(createdAt, bounds.from)
}

function boundsOf(requestIds: readonly string[]): { from: Date; to: Date } | undefined {
  const times = requestIds.flatMap((id) => timeOfId(id) ?? [])
  if (times.length < requestIds.length || times.length === 0) return undefined
  const [from, to] = [Math.min(...times) - slackMs, Math.max(...times) + slackMs]
  return { from: new Date(from), to: new Date(to) }
}
