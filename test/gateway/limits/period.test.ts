import { describe, expect, test } from 'vitest'
import { windowAt } from '../../../src/gateway/limits/period.ts'
import type { BudgetPeriod } from '../../../src/protocol/limit.ts'

const at = (text: string): number => Date.parse(text)
const iso = (moment: number | undefined): string | undefined =>
  moment === undefined ? undefined : new Date(moment).toISOString()

describe('a calendar period', () => {
  test.each<[BudgetPeriod, string, string, string, string]>([
    ['day', 'UTC', '2026-11-29T12:00:00Z', '2026-11-29T00:00:00Z', '2026-11-30T00:00:00Z'],
    [
      'day',
      'Europe/Moscow',
      '2026-11-29T22:30:00Z',
      '2026-11-29T21:00:00Z',
      '2026-11-30T21:00:00Z',
    ],
    ['day', 'Asia/Kolkata', '2026-11-29T18:29:59Z', '2026-11-28T18:30:00Z', '2026-11-29T18:30:00Z'],
    ['week', 'UTC', '2026-11-29T12:00:00Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['week', 'UTC', '2026-11-30T00:00:00Z', '2026-11-30T00:00:00Z', '2026-12-07T00:00:00Z'],
    ['month', 'UTC', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    [
      'month',
      'Europe/Moscow',
      '2026-11-30T21:00:00Z',
      '2026-11-30T21:00:00Z',
      '2026-12-31T21:00:00Z',
    ],
    // Days of 23 and of 25 hours.
    [
      'day',
      'Europe/Berlin',
      '2026-03-29T12:00:00Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z',
    ],
    [
      'day',
      'Europe/Berlin',
      '2026-10-25T12:00:00Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [
      'month',
      'America/New_York',
      '2026-03-20T12:00:00Z',
      '2026-03-01T05:00:00Z',
      '2026-04-01T04:00:00Z',
    ],
  ])('%s in %s at %s', (period, timeZone, now, from, until) => {
    const window = windowAt({ period, timeZone }, at(now))
    expect([iso(window.slot), iso(window.from), iso(window.until), iso(window.resetsAt)]).toEqual(
      [from, from, until, until].map((text) => iso(at(text))),
    )
  })
})

test.each<[BudgetPeriod, string, string, string]>([
  ['day', '2026-11-29T12:00:00Z', '2026-11-28T12:00:00Z', '2026-11-29T13:00:00Z'],
  ['week', '2026-11-29T12:00:00Z', '2026-11-22T12:00:00Z', '2026-11-29T18:00:00Z'],
  ['month', '2026-11-29T00:00:00Z', '2026-10-30T00:00:00Z', '2026-11-30T00:00:00Z'],
])('a rolling %s reaches back by its length', (period, slot, from, until) => {
  const window = windowAt({ period, timeZone: null }, at(slot) + 61_000)
  expect([window.slot, window.from, window.until]).toEqual([at(slot), at(from), at(until)])
})

test('a lifetime never ends', () => {
  const window = windowAt({ period: 'lifetime', timeZone: null }, Date.now())
  expect(window).toEqual({ slot: 0, from: 0, until: Infinity, resetsAt: undefined })
})
