import { and, asc, eq } from 'drizzle-orm'
import type { z } from 'zod'
import { rateLimits } from '../db/schema/rate-limit.ts'
import { GatewayError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import type { Actor } from '../protocol/actor.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { changeLimits, type LimitDeps } from './limit-change.ts'
import { parsedLimit, rateLimitSchema } from './limit-input.ts'
import { requireScope } from './permission.ts'

export type RateLimitRow = typeof rateLimits.$inferSelect
export type SetRateLimitInput = z.input<typeof rateLimitSchema>

/** The rate limits of the actor's organisation, by scope and subject; at most a thousand. */
export async function listRateLimits(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
): Promise<RateLimitRow[]> {
  requireScope(actor, 'READ', 'read rate limits')
  return db
    .select()
    .from(rateLimits)
    .where(eq(rateLimits.organizationId, actor.organization))
    .orderBy(asc(rateLimits.scope), asc(rateLimits.subject))
    .limit(rowsMax)
}

const rowsMax = 1_000

/** Puts a limit on a subject, or gives it other numbers, on every instance at once. */
export async function setRateLimit(
  deps: LimitDeps,
  actor: Actor,
  input: SetRateLimitInput,
): Promise<RateLimitRow> {
  const { scope, subject, ...rates } = parsedLimit(rateLimitSchema, input)
  requireMayLimit(actor, scope)
  const organizationId = actor.organization
  const row = { ...rates, updatedAt: new Date() }
  return changeLimits(deps, actor, async (tx) => {
    const [written] = await tx
      .insert(rateLimits)
      .values({ id: newId('limit'), organizationId, scope, subject, ...row })
      .onConflictDoUpdate({
        target: [rateLimits.organizationId, rateLimits.scope, rateLimits.subject],
        set: row,
      })
      .returning()
    if (!written) throw new Error('a limit that was written is not there')
    const entity = { kind: 'rate-limit', id: written.id }
    const detail = { scope, subject, ...rates }
    await writeAudit(tx, actor, { action: 'rate-limit.set', entity, detail })
    return written
  })
}

/** Takes a limit away, on every instance at once; what it was. */
export async function deleteRateLimit(
  deps: LimitDeps,
  actor: Actor,
  id: string,
): Promise<RateLimitRow> {
  requireScope(actor, 'MANAGE', 'change rate limits')
  const ours = and(eq(rateLimits.id, id), eq(rateLimits.organizationId, actor.organization))
  return changeLimits(deps, actor, async (tx) => {
    const [row] = await tx.delete(rateLimits).where(ours).returning()
    if (!row) {
      const message = 'There is no rate limit with this id.'
      throw new GatewayError({ code: 'NOT_FOUND', message, path: 'id' })
    }
    requireMayLimit(actor, row.scope)
    const detail = { scope: row.scope, subject: row.subject }
    const entity = { kind: 'rate-limit', id }
    await writeAudit(tx, actor, { action: 'rate-limit.delete', entity, detail })
    return row
  })
}

/** A limit on a key stands before its tier: whoever could set it could grant more than their own. */
function requireMayLimit(actor: Actor, scope: RateLimitRow['scope']): void {
  if (scope === 'key') requireScope(actor, 'ADMIN', 'change limits of keys')
  else requireScope(actor, 'MANAGE', 'change rate limits')
}
