import type { Database } from '../db/client.ts'
import type { Actor } from '../protocol/actor.ts'
import { changedLimitsChannel } from '../protocol/limit.ts'
import type { ServiceDeps } from './deps.ts'

export type LimitDeps = Pick<ServiceDeps, 'db' | 'bus'>

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** Changes limits of the actor's organisation in one transaction; then they hold on every instance. */
export async function changeLimits<T>(
  { db, bus }: LimitDeps,
  { organization }: Actor,
  change: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const changed = await db.transaction(change)
  await bus.publish(changedLimitsChannel, organization)
  return changed
}
