import { describe, expect, test } from 'vitest'
import type { BudgetMeter, Meter } from '../../../src/gateway/limits/meter.ts'
import { windowAt, type PeriodRule } from '../../../src/gateway/limits/period.ts'
import { watchBudgets } from '../../../src/gateway/limits/thresholds.ts'
import type { GatewayEvent } from '../../../src/protocol/gateway-event.ts'

const dollar = 1_000_000_000
const start = Date.parse('2026-11-20T10:00:00Z')
const [hour, day] = [3_600_000, 86_400_000]

function meterAt(
  now: number,
  {
    thresholds = [50, 80],
    limit: amount = 10,
    ...rule
  }: Partial<PeriodRule> & { thresholds?: number[]; limit?: number } = {},
): BudgetMeter {
  const period: PeriodRule = { period: 'month', timeZone: 'UTC', ...rule }
  const { slot, from, resetsAt } = windowAt(period, now)
  const row = {
    id: 'budget_1',
    organizationId: 'org_1',
    name: 'team',
    scope: 'key' as const,
    subject: '*',
    limitNanos: BigInt(amount * dollar),
    currency: 'USD',
    ...period,
    thresholds,
    stopStreamAtLimit: false,
    createdAt: new Date(0),
    updatedAt: new Date(0),
  }
  const limit = amount * dollar
  return {
    kind: 'budget',
    scope: 'key',
    name: 'key_1',
    key: 'a key',
    limit,
    cost: 2 * dollar,
    slot,
    from,
    resetsAt,
    rule: { row, limit, windowAt: (moment) => windowAt(period, moment) },
  }
}

function watch() {
  const events: GatewayEvent[] = []
  const watched = watchBudgets(
    (event) => void events.push(event),
    () => start,
  )
  return {
    ...watched,
    events,
    told: () => events.map(({ type, data }) => [type, data['threshold']]),
  }
}

const spend = (meter: BudgetMeter, before: number, after: number) => ({
  meter,
  before: before * dollar,
  after: after * dollar,
})

describe('a settlement', () => {
  test('raises each threshold that was passed, once in a period', () => {
    const { spent, events, told } = watch()
    const meter = meterAt(start)
    spent(spend(meter, 0, 4.9))
    expect(told()).toEqual([])
    spent(spend(meter, 4.9, 5))
    spent(spend(meter, 5, 7))
    expect(told()).toEqual([['budget.threshold', 50]])
    spent(spend(meter, 7, 9))
    expect(told().at(-1)).toEqual(['budget.threshold', 80])
    expect(events[0]).toEqual({
      type: 'budget.threshold',
      organization: 'org_1',
      key: 'budget.threshold:50:budget_1:10000000000:2026-11-01T00:00:00.000Z:key_1',
      at: new Date(start),
      data: {
        budget: 'budget_1',
        name: 'team',
        scope: 'key',
        subject: 'key_1',
        currency: 'USD',
        limit: '10',
        threshold: 50,
        spent: '5',
        resetsAt: '2026-12-01T00:00:00.000Z',
      },
    })
    spent(spend(meterAt(start + 15 * day), 0, 6))
    expect(told()).toHaveLength(3)
  })

  test('of a limit that was raised is told anew', () => {
    const { spent, told } = watch()
    spent(spend(meterAt(start), 0, 6))
    spent(spend(meterAt(start, { limit: 20 }), 6, 9.9))
    expect(told()).toHaveLength(1)
    spent(spend(meterAt(start, { limit: 20 }), 9.9, 10))
    expect(told()).toHaveLength(2)
  })

  test('raises what another instance passed and may not have told of', () => {
    const { spent, told } = watch()
    spent(spend(meterAt(start), 8.5, 8.6))
    expect(told()).toEqual([
      ['budget.threshold', 50],
      ['budget.threshold', 80],
    ])
  })

  test('of everything raises the end, whatever the thresholds', () => {
    const { spent, events } = watch()
    const meter = meterAt(start, { thresholds: [] })
    spent(spend(meter, 9, 9.999_999_999))
    expect(events).toEqual([])
    spent(spend(meter, 9.9, 10.5))
    expect(events.map(({ type, data }) => [type, data['reason'], data['remaining']])).toEqual([
      ['budget.exceeded', 'spent', '-0.5'],
    ])
  })

  test.each<[string, PeriodRule, number, number]>([
    ['a day that rolls', { period: 'day', timeZone: null }, 5 * hour, day],
    ['a month that rolls', { period: 'month', timeZone: null }, 5 * day, 30 * day],
    ['a day of the calendar', { period: 'day', timeZone: 'UTC' }, 5 * hour, day],
  ])('of %s is told once in its length', (_what, rule, within, after) => {
    const { spent, told } = watch()
    const only = { ...rule, thresholds: [50] }
    spent(spend(meterAt(start, only), 5, 6))
    spent(spend(meterAt(start + within, only), 6, 6.1))
    const first = told().length
    spent(spend(meterAt(start + within + after, only), 6, 6.1))
    expect([first, told().length]).toEqual([1, 2])
  })

  test('of a budget for all time is told once', () => {
    const { spent, told, events } = watch()
    const only = { period: 'lifetime' as const, timeZone: null, thresholds: [50] }
    spent(spend(meterAt(start, only), 5, 6))
    spent(spend(meterAt(start + 900 * day, only), 6, 7))
    expect(told()).toHaveLength(1)
    expect(events[0]?.data['resetsAt']).toBeNull()
  })
})

describe('a refusal', () => {
  const fits = { waitMs: 0, left: 5 * dollar, resetMs: 0 }
  const refuses = { waitMs: Infinity, left: 1.5 * dollar, resetMs: 0 }
  const seats: Meter = { kind: 'concurrency', scope: 'key', name: 'key_1', key: 'seats', limit: 1 }

  test('for want of money raises the end of that budget, once', () => {
    const { refused, events } = watch()
    refused([seats, meterAt(start)], [fits, refuses])
    refused([meterAt(start)], [refuses])
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      [
        'budget.exceeded',
        expect.objectContaining({ reason: 'refused', remaining: '1.5', estimate: '2' }),
      ],
    ])
  })

  test('for another reason raises nothing', () => {
    const { refused, events } = watch()
    refused([seats, meterAt(start)], [refuses, fits])
    refused([meterAt(start)], [])
    expect(events).toEqual([])
  })
})
