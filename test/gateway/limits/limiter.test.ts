import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pino } from 'pino'
import { BudgetCounters } from '../../../src/gateway/limits/counters.ts'
import { LimitEngine } from '../../../src/gateway/limits/engine.ts'
import { LocalLimiter } from '../../../src/gateway/limits/local-limiter.ts'
import type { Limiter, Meter, Outcome, Reading } from '../../../src/gateway/limits/meter.ts'
import {
  budgetMeter,
  localLimiter,
  redisLimiter,
  requestsMeter,
  seatMeter,
  tokensMeter,
  type OpenLimiter,
} from '../../support/limiters.ts'

const real = inject('services').real
const shortLeaseMs = 150
const kinds = [
  { name: 'in process', open: async (leaseMs?: number) => localLimiter(leaseMs) },
  ...(real
    ? [{ name: 'over Redis', open: (leaseMs?: number) => redisLimiter(real.redisUrl, leaseMs) }]
    : []),
]

describe.each(kinds)('a limiter $name', ({ open }) => {
  let opened: OpenLimiter[]
  let limiter: Limiter
  /** Whose reservations end soon. */
  let brief: Limiter
  beforeAll(async () => {
    const [usual, short] = await Promise.all([open(), open(shortLeaseMs)])
    opened = [usual, short]
    limiter = usual.limiter
    brief = short.limiter
  })
  afterAll(() => opened.forEach(({ close }) => close()))

  let made = 0
  const id = (): string => `req_${(made += 1)}`
  const take = (meters: readonly Meter[], more: Partial<Parameters<Limiter['reserve']>[0]> = {}) =>
    limiter.reserve({ id: id(), meters, options: [[]], ...more })

  test('admits as many requests as the limit says, and tells what is left', async () => {
    const meter = requestsMeter(3)
    const left: number[] = []
    for (let turn = 0; turn < 3; turn += 1)
      left.push(readingsOf(await take([meter]))[0]?.left ?? -1)
    expect(left).toEqual([2, 1, 0])
    const refused = await take([meter])
    expect(refused.status).toBe('refused')
    const { waitMs = 0, resetMs = 0 } = readingsOf(refused)[0] ?? {}
    expect(waitMs).toBeLessThanOrEqual(28_800_000)
    expect(waitMs).toBeGreaterThan(28_700_000)
    expect(resetMs).toBeGreaterThan(86_300_000)
  })

  test('what takes nothing fits where more was taken than there was', async () => {
    const [tokens, budget] = [tokensMeter(100, 100), budgetMeter(50, 50)]
    await limiter.load(budget.key, { cutoff: 0, slots: [] })
    const reserved = { id: id(), meters: [tokens, budget], options: [[]] }
    expect((await limiter.reserve(reserved)).status).toBe('admitted')
    const uses = [tokens, budget].map((meter) => ({ meter, reserved: meter.cost, used: 900 }))
    await limiter.settle({ id: reserved.id, settledAt: 5_000, uses })
    const free = [tokens, budget].map((meter) => ({ ...meter, cost: 0 }))
    expect((await take(free)).status).toBe('admitted')
    for (const meter of [tokens, budget]) {
      expect((await take([{ ...meter, cost: 1 }])).status).toBe('refused')
    }
  })

  test('a rejected request takes nothing anywhere', async () => {
    const [requests, tokens, seats] = [requestsMeter(5), tokensMeter(100, 10), seatMeter(5)]
    const budget = budgetMeter(1000, 10)
    await limiter.load(budget.key, { cutoff: 0, slots: [] })
    const all = [requests, tokens, seats, budget]
    const before = await limiter.read(all)
    for (const full of [{ ...budgetMeter(5, 10), key: budget.key, limit: 5 }, requestsMeter(0)]) {
      const outcome = await take([requests, tokens, seats, budget, full])
      expect(outcome.status).toBe('refused')
    }
    expect(await limiter.read(all)).toEqual(before)
  })

  test('takes the first option that has room, in one step', async () => {
    const [base, first, second] = [requestsMeter(9), requestsMeter(1), requestsMeter(1)]
    const options = [[first], [second]]
    expect(await take([base], { options })).toMatchObject({ status: 'admitted', option: 0 })
    expect(await take([base], { options })).toMatchObject({ status: 'admitted', option: 1 })
    const refused = await take([base], { options })
    expect(refused.status).toBe('refused')
    expect(readingsOf(refused).map(({ waitMs }) => waitMs > 0)).toEqual([false, true, true])
    expect(readingsOf(await limiter.read([base]))[0]?.left).toBe(7)
  })

  test('moves from one option to the next in the same step', async () => {
    const [first, second] = [seatMeter(1), seatMeter(1)]
    const mine = { id: id(), meters: [] }
    await limiter.reserve({ ...mine, options: [[first]] })
    const release = { id: mine.id, settledAt: 0, uses: [{ meter: first, reserved: 1, used: 1 }] }
    await limiter.reserve({ ...mine, options: [[second]], release })
    const after = readingsOf(await limiter.read([first, second]))
    expect(after.map(({ left }) => left)).toEqual([1, 0])
  })

  test('seats are free again once settled, or when their lease has ended', async () => {
    const meter = seatMeter(2)
    const mine = id()
    await brief.reserve({ id: mine, meters: [meter], options: [[]] })
    await brief.reserve({ id: id(), meters: [meter], options: [[]] })
    expect(await brief.reserve({ id: id(), meters: [meter], options: [[]] })).toMatchObject({
      status: 'refused',
      readings: [{ waitMs: Infinity }],
    })
    await brief.settle({ id: mine, settledAt: 0, uses: [{ meter, reserved: 1, used: 1 }] })
    expect((await brief.reserve({ id: id(), meters: [meter], options: [[]] })).status).toBe(
      'admitted',
    )
    await expect.poll(async () => readingsOf(await brief.read([meter]))[0]?.left).toBe(2)
  })

  test('a renewed reservation stays, also one that was lost', async () => {
    const [seats, budget] = [seatMeter(1), budgetMeter(100, 60)]
    await brief.load(budget.key, { cutoff: 0, slots: [] })
    const hold = { id: id(), meters: [seats, budget] }
    await brief.renew([hold])
    await brief.renew([hold])
    expect(readingsOf(await brief.read([seats, budget])).map(({ left }) => left)).toEqual([0, 40])
    await expect
      .poll(async () => readingsOf(await brief.read([seats, budget])).map(({ left }) => left))
      .toEqual([1, 100])
  })

  test('tokens are corrected to the fact, up and down', async () => {
    const meter = tokensMeter(1000, 600)
    const mine = id()
    await limiter.reserve({ id: mine, meters: [meter], options: [[]] })
    expect((await take([meter])).status).toBe('refused')
    await limiter.settle({ id: mine, settledAt: 0, uses: [{ meter, reserved: 600, used: 100 }] })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(900)
    await limiter.settle({ id: id(), settledAt: 0, uses: [{ meter, reserved: 0, used: 2000 }] })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(0)
    expect((await take([{ ...meter, cost: 1 }])).status).toBe('refused')
  })

  test('more tokens than the limit fit at no time', async () => {
    expect(await take([tokensMeter(100, 101)])).toMatchObject({
      status: 'refused',
      readings: [{ waitMs: Infinity, left: 100 }],
    })
  })

  test('a budget that is not loaded is asked for, and nothing is taken', async () => {
    const [requests, budget] = [requestsMeter(1), budgetMeter(100, 1)]
    expect(await take([requests, budget])).toEqual({ status: 'unloaded', meters: [budget] })
    expect(readingsOf(await limiter.read([requests]))[0]?.left).toBe(1)
  })

  test('a budget counts what the ledger says, what runs, and what was settled since', async () => {
    const meter = budgetMeter(100, 30)
    await limiter.load(meter.key, { cutoff: 5000, slots: [{ slot: 1000, nanos: 20 }] })
    await limiter.load(meter.key, { cutoff: 9000, slots: [{ slot: 1000, nanos: 99 }] })
    const mine = id()
    const taken = await limiter.reserve({ id: mine, meters: [meter], options: [[]] })
    expect(readingsOf(taken)[0]?.left).toBe(50)
    const uses = [{ meter, reserved: 30, used: 12 }]
    const spent = await limiter.settle({ id: mine, settledAt: 5000.25, uses })
    expect(spent).toMatchObject([{ before: 20, after: 32 }])
    // The ledger had this one already when the counter was loaded.
    await limiter.settle({ id: id(), settledAt: 4999.75, uses })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(68)
  })

  test('money of an older slot does not count, unless the window reaches back to it', async () => {
    const meter = budgetMeter(100, 1, { slot: 2000, from: 2000 })
    await limiter.load(meter.key, {
      cutoff: 0,
      slots: [
        { slot: 1000, nanos: 60 },
        { slot: 2000, nanos: 5 },
      ],
    })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(95)
    expect(readingsOf(await limiter.read([{ ...meter, from: 1000 }]))[0]?.left).toBe(35)
  })

  test('a correction takes the ledger’s word up to its mark, and keeps what came after', async () => {
    const meter = budgetMeter(100, 1)
    const settle = (settledAt: number, used: number) =>
      limiter.settle({ id: id(), settledAt, uses: [{ meter, reserved: 1, used }] })
    await limiter.load(meter.key, { cutoff: 10, slots: [] })
    await settle(20, 5)
    expect(await limiter.mark(meter.key, 30)).toBe(30)
    expect(await limiter.mark(meter.key, 40)).toBe(30)
    await settle(25, 5) // before the mark: the ledger will have it
    await settle(35, 7) // after it
    await limiter.correct(meter.key, { cutoff: 99, slots: [{ slot: 1000, nanos: 99 }] })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(83)
    await limiter.correct(meter.key, { cutoff: 30, slots: [{ slot: 1000, nanos: 13 }] })
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(80)
    await settle(36, 1)
    expect(readingsOf(await limiter.read([meter]))[0]?.left).toBe(79)
  })

  test('500 at once on a limit for 100: exactly 100', async () => {
    const [requests, seats, budget] = [requestsMeter(300), seatMeter(200), budgetMeter(1000, 10)]
    await limiter.load(budget.key, { cutoff: 0, slots: [] })
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, () => take([requests, seats, budget])),
    )
    expect(outcomes.filter(({ status }) => status === 'admitted')).toHaveLength(100)
    const left = readingsOf(await limiter.read([requests, budget])).map((each) => each.left)
    expect(left).toEqual([200, 0])
  })
})

function readingsOf(outcome: Outcome): Reading[] {
  return outcome.status === 'unloaded' ? [] : outcome.readings
}

describe.runIf(real)('a renewal that Redis gets late', () => {
  // As where Redis did not know the script of renewals, but that of settlements.
  test('takes nothing again of what was settled meanwhile', async () => {
    const { limiter, close } = await redisLimiter(real?.redisUrl ?? '')
    const [seats, budget] = [seatMeter(1), budgetMeter(100, 60)]
    const mine = { id: `req_late_${process.pid}_${Date.now()}`, meters: [seats, budget] }
    await limiter.load(budget.key, { cutoff: 0, slots: [] })
    await limiter.reserve({ ...mine, options: [[]] })
    const uses = [
      { meter: seats, reserved: 1, used: 1 },
      { meter: budget, reserved: 60, used: 10 },
    ]
    await limiter.settle({ id: mine.id, settledAt: 1, uses })
    await limiter.renew([mine])
    expect(readingsOf(await limiter.read([seats, budget])).map(({ left }) => left)).toEqual([1, 90])
    close()
  })
})

describe.runIf(real)('a settlement whose answer was lost', () => {
  test('and that comes again counts once; another of the same request counts', async () => {
    const { limiter, close } = await redisLimiter(real?.redisUrl ?? '')
    try {
      const [tokens, seats] = [tokensMeter(100, 10), seatMeter(5)]
      const budget = budgetMeter(1000, 10)
      await limiter.load(budget.key, { cutoff: 0, slots: [] })
      const meters = [tokens, seats, budget]
      await limiter.reserve({ id: 'req_lost', meters, options: [[]] })
      const uses = [
        { meter: tokens, reserved: 10, used: 30 },
        { meter: seats, reserved: 1, used: 1 },
        { meter: budget, reserved: 10, used: 7 },
      ]
      const release = { id: 'req_lost', settledAt: 5_000, uses }
      expect(await limiter.settle(release)).toMatchObject([{ before: 0, after: 7 }])
      // Nobody is told twice that a threshold was passed.
      expect(await limiter.settle(release)).toEqual([])
      expect(readingsOf(await limiter.read(meters)).map(({ left }) => left)).toEqual([70, 5, 993])
      await limiter.settle({ ...release, id: 'req_lost#2' })
      expect(readingsOf(await limiter.read(meters))[2]?.left).toBe(986)
    } finally {
      close()
    }
  })

  test('is repeated by the engine until it is heard, and counts once', async () => {
    const { limiter, close } = await redisLimiter(real?.redisUrl ?? '')
    let lost = 0
    const deaf: Limiter = {
      ...limiter,
      settle: async (release) => {
        const spent = await limiter.settle(release)
        if ((lost += 1) <= 2) throw new Error('Command timed out')
        return spent
      },
    }
    let now = 1_000_000
    const logger = pino({ level: 'silent' })
    const readSpent = async () => ({ cutoff: 0, slots: [] })
    const counters = new BudgetCounters({ readSpent, logger })
    const closed = { organization: 'closed', budget: 'closed' } as const
    const engine = new LimitEngine({
      local: new LocalLimiter(),
      shared: deaf,
      counters,
      whenDown: {
        key: 'open',
        user: 'open',
        tag: 'open',
        provider: 'open',
        model: 'open',
        ...closed,
      },
      onSpent: () => {},
      leaseMs: 30_000,
      logger,
      now: () => now,
    })
    try {
      const meters = [tokensMeter(100, 10), budgetMeter(1000, 10)] as const
      const { by } = await engine.reserve({ id: 'req_deaf', meters, options: [[]] })
      const held = { id: 'req_deaf', organization: 'org_test', by, meters: [meters[1]] }
      engine.hold(held)
      const uses = meters.map((meter) => ({ meter, reserved: 10, used: 25 }))
      engine.settle(held, { id: 'req_deaf', settledAt: 5_000, uses })
      for (let turn = 0; turn < 4; turn += 1) {
        await engine.flush()
        now += 2_000
      }
      expect(lost).toBe(3)
      expect(readingsOf(await limiter.read(meters)).map(({ left }) => left)).toEqual([75, 975])
    } finally {
      counters.close()
      await engine.close()
      close()
    }
  })
})
