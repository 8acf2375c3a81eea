import { and, desc, eq } from 'drizzle-orm'
import type { z } from 'zod'
import { budgets } from '../db/schema/budget.ts'
import { GatewayError } from '../errors.ts'
import { formatNanos } from '../lib/decimal.ts'
import { newId } from '../lib/id.ts'
import type { Actor } from '../protocol/actor.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { changeLimits, type LimitDeps } from './limit-change.ts'
import { budgetChangesSchema, budgetSchema, parsedLimit } from './limit-input.ts'
import { requireScope } from './permission.ts'

export type BudgetRow = typeof budgets.$inferSelect
export type CreateBudgetInput = z.input<typeof budgetSchema>
/** What is absent stays. */
export type UpdateBudgetInput = { id: string } & z.input<typeof budgetChangesSchema>

const rowsMax = 1_000

/** The budgets of the actor's organisation, newest first; at most a thousand. */
export async function listBudgets(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
): Promise<BudgetRow[]> {
  requireScope(actor, 'READ', 'read budgets')
  return db
    .select()
    .from(budgets)
    .where(eq(budgets.organizationId, actor.organization))
    .orderBy(desc(budgets.createdAt), desc(budgets.id))
    .limit(rowsMax)
}

/** Creates a budget; it holds on every instance at once. */
export async function createBudget(
  deps: LimitDeps,
  actor: Actor,
  input: CreateBudgetInput,
): Promise<BudgetRow> {
  requireScope(actor, 'MANAGE', 'change budgets')
  const { limit: limitNanos, ...wanted } = parsedLimit(budgetSchema, input)
  const organizationId = actor.organization
  return changeLimits(deps, actor, async (tx) => {
    const values = { id: newId('budget'), organizationId, limitNanos, ...wanted }
    const [row] = await tx.insert(budgets).values(values).returning()
    if (!row) throw new Error('a budget that was written is not there')
    const entity = { kind: 'budget', id: row.id }
    const detail = { ...wanted, limit: formatNanos(limitNanos) }
    await writeAudit(tx, actor, { action: 'budget.create', entity, detail })
    return row
  })
}

/** Changes a budget; what was spent stays counted. */
export async function updateBudget(
  deps: LimitDeps,
  actor: Actor,
  { id, ...input }: UpdateBudgetInput,
): Promise<BudgetRow> {
  requireScope(actor, 'MANAGE', 'change budgets')
  const { limit, ...changes } = parsedLimit(budgetChangesSchema, input)
  return changeLimits(deps, actor, async (tx) => {
    const set = { ...changes, ...(limit !== undefined && { limitNanos: limit }) }
    const [row] = await tx
      .update(budgets)
      .set({ ...set, updatedAt: new Date() })
      .where(oursWithId(actor, id))
      .returning()
    if (!row) throw budgetNotFound()
    const detail = { ...changes, ...(limit !== undefined && { limit: formatNanos(limit) }) }
    await writeAudit(tx, actor, { action: 'budget.update', entity: { kind: 'budget', id }, detail })
    return row
  })
}

/** Takes a budget away, on every instance at once; what it was. */
export async function deleteBudget(deps: LimitDeps, actor: Actor, id: string): Promise<BudgetRow> {
  requireScope(actor, 'MANAGE', 'change budgets')
  return changeLimits(deps, actor, async (tx) => {
    const [row] = await tx.delete(budgets).where(oursWithId(actor, id)).returning()
    if (!row) throw budgetNotFound()
    const entity = { kind: 'budget', id }
    await writeAudit(tx, actor, { action: 'budget.delete', entity, detail: { name: row.name } })
    return row
  })
}

function oursWithId(actor: Actor, id: string) {
  return and(eq(budgets.id, id), eq(budgets.organizationId, actor.organization))
}

function budgetNotFound(): GatewayError {
  const message = 'There is no budget with this id.'
  return new GatewayError({ code: 'NOT_FOUND', message, path: 'id' })
}
