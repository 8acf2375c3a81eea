import { describe, expect, test } from 'vitest'
import { simulate, type Outcome, type Simulation } from '../../scripts/simulate-routing/simulate.ts'
import { VirtualClock } from '../../scripts/simulate-routing/clock.ts'
import { summaryOf, summaryTable } from '../../scripts/simulate-routing/table.ts'
import { upstreams, type Upstream } from '../../scripts/simulate-routing/world.ts'
import { seededRandom } from '../support/random.ts'

function run(changes: Partial<Simulation> & Pick<Simulation, 'policy'>): Outcome[] {
  return simulate({
    upstreams,
    requests: 5_000,
    perSecond: 25,
    random: seededRandom(7),
    ...changes,
  })
}

/** The share of requests between two seconds of the run whose first attempt went there. */
function shareOf(outcomes: readonly Outcome[], id: string, [fromS, toS]: [number, number]): number {
  const seen = outcomes.filter(({ atS }) => atS >= fromS && atS < toS)
  return seen.filter(({ first }) => first === id).length / seen.length
}

/** Requests that the provider with a limit refused. */
function refusals(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ first, firstFailed }) => first === 'cheap' && firstFailed).length
}

const price = { input: '1', output: '1' }

describe('least latency', () => {
  const outcomes = run({ policy: { strategy: 'least-latency' } })

  test('leaves a deployment that turns slow within seconds, and comes back when it recovers', () => {
    expect(shareOf(outcomes, 'fast', [20, 60])).toBeGreaterThan(0.3)
    // From 60 s on its first token takes ten times as long as that of the others.
    expect(shareOf(outcomes, 'fast', [65, 120])).toBeLessThan(0.05)
    expect(shareOf(outcomes, 'fast', [140, 200])).toBeGreaterThan(0.3)
  })

  test('is faster than a random choice, and loses no request', () => {
    const fastest = summaryOf(outcomes)
    const random = summaryOf(run({ policy: { strategy: 'weighted' } }))
    expect(fastest.errors).toBe(0)
    expect(fastest.ttftP50Ms).toBeLessThan(random.ttftP50Ms)
    expect(fastest.ttftP95Ms).toBeLessThan(random.ttftP95Ms / 2)
  })
})

describe('a canary', () => {
  const both: Upstream[] = [
    { id: 'stable', phases: [{ fromS: 0, ttftMs: 100 }], price },
    { id: 'canary', phases: [{ fromS: 0, ttftMs: 100 }], price },
  ]
  test.each([0.01, 0.05, 0.2])(
    'of the share %d gets it within four standard deviations',
    (share) => {
      const requests = 10_000
      const weights = { stable: 1 - share, canary: share }
      const policy = { strategy: 'weighted', stickyBy: 'user' } as const
      const outcomes = run({ upstreams: both, policy, weights, requests })
      const count = outcomes.filter(({ first }) => first === 'canary').length
      const deviation = Math.sqrt(requests * share * (1 - share))
      expect(Math.abs(count - requests * share)).toBeLessThan(4 * deviation)
    },
  )
})

describe('a provider that is down', () => {
  const down: Upstream[] = [
    {
      id: 'primary',
      phases: [
        { fromS: 0, ttftMs: 200 },
        { fromS: 30, ttftMs: 5, errors: 1 },
        { fromS: 90, ttftMs: 200 },
      ],
      price,
    },
    { id: 'second', phases: [{ fromS: 0, ttftMs: 300 }], price },
  ]

  test('costs a handful of failed first attempts, no request, and gets its work back', () => {
    const outcomes = run({ upstreams: down, policy: { strategy: 'ordered' }, requests: 6_000 })
    const { errors, firstFailed } = summaryOf(outcomes)
    expect(errors).toBe(0)
    // Some 1,500 requests come in the minute of the outage.
    expect(firstFailed).toBeGreaterThan(0)
    expect(firstFailed).toBeLessThan(20)
    expect(shareOf(outcomes, 'primary', [0, 30])).toBe(1)
    expect(shareOf(outcomes, 'primary', [40, 90])).toBeLessThan(0.01)
    expect(shareOf(outcomes, 'primary', [160, 230])).toBe(1)
  })
})

describe('the other strategies', () => {
  test('cheapest costs least, headroom keeps clear of a rate limit', () => {
    const cheapest = run({ policy: { strategy: 'cheapest' } })
    const weighted = run({ policy: { strategy: 'weighted' } })
    const headroom = run({ policy: { strategy: 'headroom' } })
    expect(summaryOf(cheapest).cost).toBeLessThan(summaryOf(weighted).cost * 0.6)
    // Weighted without looking, the limited one refuses now and then.
    const limited = { weights: { cheap: 3 }, policy: { strategy: 'weighted' } } as const
    expect(refusals(run(limited))).toBeGreaterThan(50)
    expect(refusals(headroom)).toBeLessThan(10)
  })

  test('a race is faster and dearer than a hedge', () => {
    const race = summaryOf(run({ policy: { strategy: 'race' } }))
    const hedge = summaryOf(run({ policy: { strategy: 'hedge' } }))
    expect(race.cost).toBeGreaterThan(hedge.cost)
    expect(race.ttftP50Ms).toBeLessThan(hedge.ttftP50Ms)
    expect([race.errors, hedge.errors]).toEqual([0, 0])
  })
})

test('the same seed tells the same story', () => {
  const once = run({ policy: { strategy: 'scored' }, requests: 500 })
  expect(run({ policy: { strategy: 'scored' }, requests: 500 })).toEqual(once)
})

test('the table has a line for each strategy', () => {
  const outcome = { atS: 0, first: 'a', firstFailed: false, answered: 'a', ttftMs: 12, cost: 0.5 }
  const lost = { ...outcome, answered: undefined, firstFailed: true, cost: 0 }
  const table = summaryTable(new Map([['ordered', summaryOf([outcome, lost])]]), ['a'])
  expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['strategy', 'a %', 'TTFT p50 ms', 'p95 ms', 'first failed', 'errors', 'cost $'],
    ['ordered', '50.0', '12', '12', '1', '1', '0.50'],
  ])
})

test('the clock runs everything in its order, what comes up on the way too', () => {
  const clock = new VirtualClock()
  const start = clock.nowMs
  const seen: string[] = []
  const note = (word: string) => () => seen.push(`${word}@${clock.nowMs - start}`)
  clock.after(20, note('c'))
  clock.after(10, note('a'))
  clock.after(10, () => {
    note('b')()
    clock.after(5, note('x'))
    clock.after(0, note('y'))
  })
  clock.run()
  expect(seen).toEqual(['a@10', 'b@10', 'y@10', 'x@15', 'c@20'])
})
