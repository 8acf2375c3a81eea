import { budgets } from '../../src/db/schema/budget.ts'
import { rateLimits } from '../../src/db/schema/rate-limit.ts'
import { parseNanos } from '../../src/lib/decimal.ts'
import { changedLimitsChannel } from '../../src/protocol/limit.ts'
import { defaultOrganization } from '../../src/services/api-keys.ts'
import type { TestGateway } from './gateway.ts'

let made = 0

/** Puts a limit straight into the database, and tells every instance. */
export async function limitRate(
  { running }: Pick<TestGateway, 'running'>,
  limit: Partial<typeof rateLimits.$inferInsert>,
): Promise<void> {
  made += 1
  const organizationId = defaultOrganization
  const id = `limit_${process.pid}_${made}`
  const row = { id, organizationId, scope: 'organization' as const, subject: '*', ...limit }
  await running.db.insert(rateLimits).values(row)
  await running.services.bus.publish(changedLimitsChannel, organizationId)
}

/** The same of a budget; `limit` is a decimal amount of US dollars for ever, unless told. */
export async function limitMoney(
  { running }: Pick<TestGateway, 'running'>,
  limit: string,
  more: Partial<typeof budgets.$inferInsert> = {},
): Promise<string> {
  made += 1
  const id = `budget_${process.pid}_${made}`
  const organizationId = defaultOrganization
  await running.db.insert(budgets).values({
    id,
    organizationId,
    name: id,
    scope: 'organization',
    subject: '*',
    limitNanos: parseNanos(limit),
    currency: 'USD',
    period: 'lifetime',
    thresholds: [],
    stopStreamAtLimit: false,
    ...more,
  })
  await running.services.bus.publish(changedLimitsChannel, organizationId)
  return id
}
