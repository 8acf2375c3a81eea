import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import type { Deployment } from '../../../src/gateway/catalogue.ts'
import { BudgetCounters } from '../../../src/gateway/limits/counters.ts'
import { LimitEngine } from '../../../src/gateway/limits/engine.ts'
import type { Limits } from '../../../src/gateway/limits/limits.ts'
import { LocalLimiter } from '../../../src/gateway/limits/local-limiter.ts'
import type { Limiter, Meter } from '../../../src/gateway/limits/meter.ts'
import { Reservation, type Option } from '../../../src/gateway/limits/reservation.ts'
import { budgetMeter, requestsMeter, seatMeter, tokensMeter } from '../../support/limiters.ts'

const opened: LimitEngine[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})

/** A limiter whose answers the test lets through. */
function slowLimiter() {
  const local = new LocalLimiter()
  const waiting: (() => void)[] = []
  const state = { slow: false }
  const limiter: Limiter = {
    reserve: async (ask) => {
      const outcome = await local.reserve(ask)
      if (state.slow) await new Promise<void>((resolve) => waiting.push(resolve))
      return outcome
    },
    read: (meters) => local.read(meters),
    settle: (release) => local.settle(release),
    renew: (holds) => local.renew(holds),
    load: (key, sums) => local.load(key, sums),
    mark: (key, moment) => local.mark(key, moment),
    correct: (key, sums) => local.correct(key, sums),
  }
  const answer = async (): Promise<void> => {
    await expect.poll(() => waiting.length).toBe(1)
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { limiter, state, answer }
}

function engineOver(shared: Limiter): LimitEngine {
  const logger = pino({ level: 'silent' })
  const readSpent = async () => ({ cutoff: 0, slots: [] })
  const counters = new BudgetCounters({ readSpent, logger })
  counters.close()
  const scopes = { key: 'open', user: 'open', tag: 'open', organization: 'open' } as const
  const engine = new LimitEngine({
    local: new LocalLimiter(),
    shared,
    counters,
    whenDown: { ...scopes, provider: 'open', model: 'open', budget: 'open' },
    onSpent: () => {},
    leaseMs: 30_000,
    logger,
  })
  opened.push(engine)
  return engine
}

/** What a reservation asks of a deployment is that it is the same. */
function deployment(id: string): Deployment {
  return { id } as Deployment
}

async function reserved() {
  const { limiter, state, answer } = slowLimiter()
  const engine = engineOver(limiter)
  const limits = { engine, toCurrency: () => undefined } as unknown as Limits
  const meters = [requestsMeter(9), tokensMeter(100, 10), seatMeter(9), budgetMeter(100, 10)]
  const own = [seatMeter(9), tokensMeter(100, 10)]
  const options: Option[] = [
    { deployment: deployment('one'), meters: [], refusal: undefined },
    { deployment: deployment('two'), meters: own, refusal: undefined },
  ]
  const [first, second] = options
  if (!first || !second) throw new Error('there are two')
  const { by } = await engine.reserve({ id: 'req_1', meters, options: [[]] })
  const held = { id: 'req_1', organization: 'org_test', by, meters: [] }
  const reservation = new Reservation(limits, { meters, options, first, held, money: undefined })
  const left = async (of: readonly Meter[]) => {
    const outcome = await limiter.read(of)
    return outcome.status === 'unloaded' ? [] : outcome.readings.map((reading) => reading.left)
  }
  return { reservation, engine, state, answer, left, meters, own, second }
}

const untouched = [8, 100, 9, 100]

describe('a request that was settled while room was asked for another attempt', () => {
  test('gives the room beside it back when the answer comes', async () => {
    const { reservation, engine, state, answer, left, meters } = await reserved()
    state.slow = true
    const further = reservation.further()
    reservation.settle([], 5_000)
    await answer()
    await further
    await engine.flush()
    expect(await left(meters)).toEqual(untouched)
    expect(engine.open).toBe(0)
  })

  test('gives the room of a deployment back when the answer comes', async () => {
    const { reservation, engine, state, answer, left, meters, own, second } = await reserved()
    state.slow = true
    const entering = reservation.enter(second.deployment, [])
    reservation.settle([], 5_000)
    await answer()
    await entering
    await engine.flush()
    expect(await left([...meters, ...own])).toEqual([...untouched, 9, 100])
    expect(engine.open).toBe(0)
  })
})

describe('room for an attempt beside others', () => {
  test('is of tokens and money, not of requests and places, and comes back', async () => {
    const { reservation, engine, left, meters } = await reserved()
    expect(await reservation.further()).toBeUndefined()
    expect(await left(meters)).toEqual([8, 80, 8, 80])
    reservation.settle([], 5_000)
    await engine.flush()
    expect(await left(meters)).toEqual(untouched)
  })

  test('is refused with the reason where there is none, and then nothing is taken', async () => {
    const { reservation, engine, left, meters } = await reserved()
    for (let turn = 0; turn < 9; turn += 1) await reservation.further()
    expect(await reservation.further()).toMatchObject({ code: 'INSUFFICIENT_QUOTA' })
    expect(await left(meters)).toEqual([8, 0, 8, 0])
    reservation.settle([], 5_000)
    await engine.flush()
    expect(await left(meters)).toEqual(untouched)
  })
})
