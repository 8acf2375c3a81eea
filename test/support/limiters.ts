import { pino } from 'pino'
import { LocalLimiter } from '../../src/gateway/limits/local-limiter.ts'
import type { BudgetMeter, Limiter, RateMeter, SeatMeter } from '../../src/gateway/limits/meter.ts'
import { createRedisLimiter } from '../../src/gateway/limits/redis-limiter.ts'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'
import { openRedis } from '../../src/redis/client.ts'
import { limitScripts } from '../../src/redis/limits.ts'

/** A limiter in process, or one on a Redis; `close` lets go of what it needs. */
export interface OpenLimiter {
  limiter: Limiter
  close: () => void
}

export function localLimiter(leaseMs?: number): OpenLimiter {
  return { limiter: new LocalLimiter({ ...(leaseMs && { leaseMs }) }), close: () => {} }
}

export async function redisLimiter(url: string, leaseMs?: number): Promise<OpenLimiter> {
  const connection = openRedis(parseRedisUrl(url), pino({ level: 'silent' }))
  while (connection.status() !== 'ok') await new Promise((resolve) => setTimeout(resolve, 5))
  const limiter = createRedisLimiter(limitScripts(connection), leaseMs)
  return { limiter, close: () => connection.close() }
}

let made = 0

/** A key that no other test has; all are of one organisation. */
function freshKey(): string {
  made += 1
  return `{org_test}:${process.pid}:${Date.now()}:${made}`
}

const subject = { scope: 'key', name: 'key_test' } as const

export function requestsMeter(limit: number, more: Partial<RateMeter> = {}): RateMeter {
  return {
    ...subject,
    kind: 'requests',
    key: freshKey(),
    limit,
    periodMs: 86_400_000,
    cost: 1,
    ...more,
  }
}

export function tokensMeter(limit: number, cost: number): RateMeter {
  return { ...requestsMeter(limit), kind: 'tokens', cost }
}

export function seatMeter(limit: number): SeatMeter {
  return { ...subject, kind: 'concurrency', key: freshKey(), limit }
}

export function budgetMeter(
  limit: number,
  cost: number,
  more: Partial<BudgetMeter> = {},
): BudgetMeter {
  const slots = { slot: 1000, from: 1000 }
  const key = freshKey()
  const until = Infinity
  const rule = { row: budgetRow, limit, windowAt: () => ({ ...slots, until, resetsAt: undefined }) }
  return {
    ...subject,
    kind: 'budget',
    key,
    limit,
    cost,
    ...slots,
    resetsAt: undefined,
    rule,
    ...more,
  }
}

const budgetRow: BudgetMeter['rule']['row'] = {
  id: 'budget_test',
  organizationId: 'org_test',
  name: 'test',
  scope: 'key',
  subject: 'key_test',
  limitNanos: 0n,
  currency: 'USD',
  period: 'lifetime',
  timeZone: null,
  thresholds: [],
  stopStreamAtLimit: false,
  createdAt: new Date(0),
  updatedAt: new Date(0),
}
