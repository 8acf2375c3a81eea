import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LocalLimiter } from '../../../src/gateway/limits/local-limiter.ts'
import type { BudgetMeter, Meter, Outcome, Reading } from '../../../src/gateway/limits/meter.ts'
import { budgetMeter, requestsMeter, seatMeter, tokensMeter } from '../../support/limiters.ts'

const leaseMs = 1_000
const periodMs = 10_000
const limits = { requests: 7, tokens: 100, seats: 3, money: 1_000 }

interface Running {
  id: string
  cost: number
  tokens: number
  slot: number
  endsAt: number
}

/** What is certain of the limits, kept as plainly as it can be. */
class Model {
  now = 1_000_000
  running: Running[] = []
  spent = new Map<number, number>()

  get slot(): number {
    return Math.floor(this.now / periodMs) * periodMs
  }

  expire(): void {
    this.running = this.running.filter(({ endsAt }) => endsAt > this.now)
  }

  get left(): number {
    const held = this.running.reduce((sum, { cost }) => sum + cost, 0)
    return limits.money - (this.spent.get(this.slot) ?? 0) - held
  }
}

interface Real {
  limiter: LocalLimiter
  meters: { requests: Meter; seats: Meter; tokens: Meter; budget: BudgetMeter }
  ids: number
}

type Step = fc.AsyncCommand<Model, Real>

function metersAt(model: Model, real: Real, taken: { cost: number; tokens: number }): Meter[] {
  const { requests, seats, tokens, budget } = real.meters
  const at = { slot: model.slot, from: model.slot }
  return [
    requests,
    seats,
    { ...tokens, cost: taken.tokens } as Meter,
    { ...budget, ...at, cost: taken.cost },
  ]
}

async function reserve(model: Model, real: Real, taken: { cost: number; tokens: number }) {
  model.expire()
  const id = `req_${(real.ids += 1)}`
  const meters = metersAt(model, real, taken)
  const before = await real.limiter.read(meters)
  const outcome = await real.limiter.reserve({ id, meters, options: [[]] })
  const readings = readingsOf(outcome)
  const [requests, seats, tokens, money] = readings
  // Seats and money are exactly what the model says; time decides the rates.
  const hasSeat = model.running.length < limits.seats
  const hasMoney = model.left >= taken.cost
  if (outcome.status === 'admitted') {
    expect([hasSeat, hasMoney]).toEqual([true, true])
    const endsAt = model.now + leaseMs
    model.running.push({ id, ...taken, slot: model.slot, endsAt })
    expect([seats?.left, money?.left]).toEqual([limits.seats - model.running.length, model.left])
    expect(model.left).toBeGreaterThanOrEqual(0)
  } else {
    expect(seats?.waitMs === 0).toBe(hasSeat)
    expect(money?.waitMs === 0).toBe(hasMoney)
    // Nothing was taken.
    expect(await real.limiter.read(meters)).toEqual(before)
    await waitExactly(model, real, { meters, waits: [requests?.waitMs ?? 0, tokens?.waitMs ?? 0] })
  }
}

/** Where rates alone refused: so long and not a millisecond less. */
async function waitExactly(
  model: Model,
  real: Real,
  { meters, waits }: { meters: Meter[]; waits: number[] },
): Promise<void> {
  const waitMs = Math.max(...waits)
  const rates = meters.filter(({ kind }) => kind === 'requests' || kind === 'tokens')
  if (waitMs === 0 || waitMs === Infinity) return
  model.now += waitMs - 1
  const id = `probe_${(real.ids += 1)}`
  const early = await real.limiter.reserve({ id, meters: rates, options: [[]] })
  expect([early.status, Math.max(...readingsOf(early).map((each) => each.waitMs))]).toEqual([
    'refused',
    1,
  ])
  model.now += 1
  const right = await real.limiter.reserve({ id, meters: rates, options: [[]] })
  expect(right.status).toBe('admitted')
}

const steps = [
  fc.record({ cost: fc.nat(400), tokens: fc.nat(60) }).map((taken): Step => ({
    check: () => true,
    run: (model, real) => reserve(model, real, taken),
    toString: () => `reserve(${taken.cost}, ${taken.tokens})`,
  })),
  fc
    .record({ pick: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) })
    .map(({ pick, share }): Step => ({
      check: ({ running }) => running.length > 0,
      run: async (model, real) => {
        const one = model.running[pick % model.running.length]
        if (!one) return
        model.running = model.running.filter((each) => each !== one)
        const used = Math.floor(one.cost * share)
        model.spent.set(one.slot, (model.spent.get(one.slot) ?? 0) + used)
        const { requests, seats, tokens, budget } = real.meters
        const at = { slot: one.slot, from: one.slot, cost: one.cost }
        await real.limiter.settle({
          id: one.id,
          settledAt: model.now,
          uses: [
            { meter: requests, reserved: 1, used: 1 },
            { meter: seats, reserved: 1, used: 1 },
            { meter: tokens, reserved: one.tokens, used: Math.floor(one.tokens * share) },
            { meter: { ...budget, ...at }, reserved: one.cost, used },
          ],
        })
      },
      toString: () => `settle(${pick}, ${share})`,
    })),
  fc.integer({ min: 1, max: 4_000 }).map((ms): Step => ({
    check: () => true,
    run: async (model) => {
      model.now += ms
      model.expire()
    },
    toString: () => `pass(${ms})`,
  })),
  fc.constant<Step>({
    check: () => true,
    run: async (model, real) => {
      model.expire()
      const { seats, budget } = real.meters
      for (const one of model.running) {
        one.endsAt = model.now + leaseMs
        const money = { ...budget, cost: one.cost }
        const meters = seats.kind === 'concurrency' ? [seats, money] : [money]
        await real.limiter.renew([{ id: one.id, meters }])
      }
    },
    toString: () => 'renew',
  }),
]

test('any order of reservations, settlements, renewals, ends and periods keeps the limits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { size: '+1' }), async (commands) => {
      const model = new Model()
      const limiter = new LocalLimiter({ now: () => model.now, leaseMs })
      const meters = {
        requests: requestsMeter(limits.requests, { periodMs }),
        tokens: { ...tokensMeter(limits.tokens, 0), periodMs },
        seats: seatMeter(limits.seats),
        budget: budgetMeter(limits.money, 0),
      }
      await limiter.load(meters.budget.key, { cutoff: 0, slots: [] })
      await fc.asyncModelRun(() => ({ model, real: { limiter, meters, ids: 0 } }), commands)
      // Whatever was left open ends by itself: nothing stays taken.
      model.now += leaseMs
      model.expire()
      const at = { slot: model.slot, from: model.slot }
      const end = await limiter.read([meters.seats, { ...meters.budget, ...at }])
      const money = limits.money - (model.spent.get(model.slot) ?? 0)
      expect(readingsOf(end).map(({ left }) => left)).toEqual([limits.seats, money])
    }),
    { numRuns: 200 },
  )
})

function readingsOf(outcome: Outcome): Reading[] {
  return outcome.status === 'unloaded' ? [] : outcome.readings
}
