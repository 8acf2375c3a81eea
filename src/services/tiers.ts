import { asc, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import { tiers } from '../db/schema/tier.ts'
import { GatewayError } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import { everyOrganization } from '../protocol/limit.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { changeLimits, type LimitDeps } from './limit-change.ts'
import { parsedLimit, tierSchema } from './limit-input.ts'
import { requireScope } from './permission.ts'

export type TierRow = typeof tiers.$inferSelect
export type UpdateTierInput = z.input<typeof tierSchema>

/** The tiers as they hold in the actor's organisation, by name. */
export async function listTiers({ db }: Pick<ServiceDeps, 'db'>, actor: Actor): Promise<TierRow[]> {
  requireScope(actor, 'READ', 'read the tiers')
  const rows = await db
    .select()
    .from(tiers)
    .where(inArray(tiers.organizationId, [everyOrganization, actor.organization]))
    .orderBy(asc(tiers.name))
  const own = new Set(
    rows.flatMap((row) => (row.organizationId === everyOrganization ? [] : [row.name])),
  )
  return rows.filter((row) => row.organizationId !== everyOrganization || !own.has(row.name))
}

/** Gives a tier other numbers in the actor's organisation, on every instance at once. */
export async function updateTier(
  deps: LimitDeps,
  actor: Actor,
  input: UpdateTierInput,
): Promise<TierRow> {
  requireScope(actor, 'ADMIN', 'change tiers')
  const { name, ...rates } = parsedLimit(tierSchema, input)
  const known = await listTiers(deps, actor)
  const before = known.find((row) => row.name === name)
  if (!before) {
    const names = known.map((row) => row.name).join(', ')
    const message = `There is no tier of this name; the known ones are ${names}.`
    throw new GatewayError({ code: 'NOT_FOUND', message, path: 'name' })
  }
  const organizationId = actor.organization
  const row = { ...rates, updatedAt: new Date() }
  return changeLimits(deps, actor, async (tx) => {
    const [written] = await tx
      .insert(tiers)
      .values({ organizationId, name, ...row })
      .onConflictDoUpdate({ target: [tiers.organizationId, tiers.name], set: row })
      .returning()
    if (!written) throw new Error('a tier that was written is not there')
    const entity = { kind: 'tier', id: name }
    await writeAudit(tx, actor, { action: 'tier.update', entity, detail: rates })
    return written
  })
}
