import type { BudgetPeriod } from '../../protocol/limit.ts'

/** When a budget's money counts; a time zone means calendar periods, null a window that rolls. */
export interface PeriodRule {
  period: BudgetPeriod
  timeZone: string | null
}

/** Where a moment stands among a budget's slots, all in Unix milliseconds. */
export interface Window {
  /** The start of the slot to which the moment belongs. */
  slot: number
  /** The oldest slot that counts. */
  from: number
  /** Until then `slot` and `from` are these. */
  until: number
  /** When more becomes free by itself; undefined where it never does. */
  resetsAt: number | undefined
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Rolling windows move by these steps, and reach back by one step more than their length, never less. */
const rolling = {
  day: { slotMs: hourMs, lengthMs: dayMs },
  week: { slotMs: 6 * hourMs, lengthMs: 7 * dayMs },
  month: { slotMs: dayMs, lengthMs: 30 * dayMs },
} as const

/** The window of a budget at a moment. */
export function windowAt({ period, timeZone }: PeriodRule, now: number): Window {
  if (period === 'lifetime') return { slot: 0, from: 0, until: Infinity, resetsAt: undefined }
  if (timeZone === null) {
    const { slotMs, lengthMs } = rolling[period]
    const slot = Math.floor(now / slotMs) * slotMs
    return { slot, from: slot - lengthMs, until: slot + slotMs, resetsAt: slot + slotMs }
  }
  const today = localDate(now, timeZone)
  const [first, next] = bounds[period](today)
  const slot = midnight(first, timeZone)
  const until = midnight(next, timeZone)
  return { slot, from: slot, until, resetsAt: until }
}

/** When the period began to which a slot belongs; a window that rolls is told by its length, from 1970 on. */
export function periodStart({ period, timeZone }: PeriodRule, slot: number): number {
  if (period === 'lifetime' || timeZone !== null) return slot
  const { lengthMs } = rolling[period]
  return Math.floor(slot / lengthMs) * lengthMs
}

/** The size of the slots into which the ledger's sums are laid; undefined where there is one slot alone. */
export function slotMsOf({ period, timeZone }: PeriodRule): number | undefined {
  return period === 'lifetime' || timeZone !== null ? undefined : rolling[period].slotMs
}

/** A day of a calendar, as the Unix milliseconds of its midnight in UTC. */
type Day = number

const bounds = {
  day: (day: Day): [Day, Day] => [day, day + dayMs],
  /** From Monday. */
  week: (day: Day): [Day, Day] => {
    const monday = day - ((new Date(day).getUTCDay() + 6) % 7) * dayMs
    return [monday, monday + 7 * dayMs]
  },
  month: (day: Day): [Day, Day] => {
    const date = new Date(day)
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
    return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)]
  },
}

function localDate(now: number, timeZone: string): Day {
  const wall = now + offsetMs(now, timeZone)
  return Math.floor(wall / dayMs) * dayMs
}

/** The moment at which a day begins in a zone; where its midnight is skipped, the first moment after. */
function midnight(day: Day, timeZone: string): number {
  const guess = day - offsetMs(day, timeZone)
  const second = day - offsetMs(guess, timeZone)
  return second === guess ? guess : Math.max(guess, second)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far a zone is ahead of UTC at a moment. */
function offsetMs(moment: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timeZone, format)
  }
  const part = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
  )
  const wall = Date.UTC(
    part['year'] ?? 0,
    (part['month'] ?? 1) - 1,
    part['day'] ?? 1,
    part['hour'] ?? 0,
    part['minute'] ?? 0,
    part['second'] ?? 0,
  )
  return wall - Math.floor(moment / 1000) * 1000
}
