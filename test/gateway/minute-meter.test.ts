import { describe, expect, test } from 'vitest'
import { MinuteMeter } from '../../src/gateway/minute-meter.ts'
import { OwnRates } from '../../src/gateway/own-rates.ts'
import { seededRandom } from '../support/random.ts'

const start = Date.UTC(2026, 10, 30, 12)
const at = (seconds: number): number => start + seconds * 1_000

describe('what was used in the last minute', () => {
  test('is forgotten second by second', () => {
    const meter = new MinuteMeter()
    meter.add(5, at(0))
    meter.add(3, at(30))
    expect([meter.sum(at(30)), meter.sum(at(59)), meter.sum(at(60))]).toEqual([8, 8, 3])
    expect([meter.sum(at(89)), meter.sum(at(90)), meter.sum(at(1_000))]).toEqual([3, 0, 0])
    meter.add(2, at(1_000))
    expect(meter.sum(at(1_000))).toBe(2)
  })

  test('falls below a limit at a time that is known', () => {
    const used = (): MinuteMeter => {
      const made = new MinuteMeter()
      made.add(1, at(0))
      made.add(4, at(10))
      made.add(1, at(20))
      return made
    }
    const meter = used()
    expect(meter.freeAtMs(10, at(25))).toBe(at(25))
    expect(meter.freeAtMs(6, at(25))).toBe(at(60))
    expect(meter.freeAtMs(5, at(25))).toBe(at(70))
    expect(meter.freeAtMs(1, at(25))).toBe(at(80))
    for (const limit of [1, 5, 6]) {
      const later = used()
      const free = later.freeAtMs(limit, at(25))
      expect(later.sum(free - 1)).toBeGreaterThanOrEqual(limit)
      expect(later.sum(free)).toBeLessThan(limit)
    }
  })

  test('is what a list of all says, whatever comes', () => {
    const random = seededRandom(4)
    const meter = new MinuteMeter()
    const all: { amount: number; second: number }[] = []
    let now = at(0)
    for (let turn = 0; turn < 2_000; turn += 1) {
      now += Math.floor(random() * (turn % 97 === 0 ? 90_000 : 2_500))
      const [amount, second] = [Math.floor(random() * 50), Math.floor(now / 1_000)]
      meter.add(amount, now)
      all.push({ amount, second })
      const recent = all.filter((each) => each.second > second - 60)
      expect(meter.sum(now)).toBe(recent.reduce((sum, each) => sum + each.amount, 0))
    }
  })
})

describe('bounds of a minute', () => {
  test('hold for requests and for tokens, and say when more is free', () => {
    const rates = new OwnRates({ requestsPerMinute: 2, tokensPerMinute: 1_000 })
    expect([rates.blocked(at(0)), rates.left(at(0))]).toEqual([undefined, 1])
    rates.begin(700, at(0))
    expect(rates.left(at(0))).toBeCloseTo(0.3)
    rates.begin(500, at(5))
    expect(rates.blocked(at(5))).toEqual({ reason: 'REQUESTS_PER_MINUTE', untilMs: at(60) })
    expect(rates.left(at(5))).toBe(0)
    expect(rates.blocked(at(60))).toBeUndefined()
    expect(rates.left(at(60))).toBe(0.5)
  })

  test('take a correction once it is known what was used', () => {
    const rates = new OwnRates({ tokensPerMinute: 1_000 })
    rates.begin(1_200, at(0))
    expect(rates.blocked(at(0))).toEqual({ reason: 'TOKENS_PER_MINUTE', untilMs: at(60) })
    rates.correct(-900, at(2))
    expect(rates.blocked(at(2))).toBeUndefined()
    expect(rates.left(at(2))).toBeCloseTo(0.7)
  })
})
