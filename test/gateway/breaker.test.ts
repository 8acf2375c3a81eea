import { beforeEach, describe, expect, test } from 'vitest'
import { Breaker, type BreakerSettings, type Verdict } from '../../src/gateway/breaker.ts'

const settings: BreakerSettings = {
  failures: 3,
  share: 0.5,
  attemptsMin: 8,
  windowMs: 10_000,
  openMs: 1_000,
  openMaxMs: 4_000,
  probes: 2,
}
let now: number
let breaker: Breaker

beforeEach(() => {
  now = 1_000_000
  breaker = new Breaker(settings, now)
})

const begin = () => breaker.begin(now)
const end = (verdict: Verdict, probe = false, beganMs = now) =>
  breaker.end(verdict, { probe, beganMs, nowMs: now })
const state = () => breaker.state(now)

/** One letter an attempt: `x` failed, `o` succeeded, `-` says nothing. */
function attempts(letters: string): void {
  for (const letter of letters) end(verdictOf(letter), begin())
}

function verdictOf(letter: string): Verdict {
  if (letter === 'x') return 'failure'
  return letter === 'o' ? 'success' : 'void'
}

describe('a breaker', () => {
  test.each([
    ['', 'CLOSED'],
    ['xx', 'CLOSED'],
    ['xxoxx', 'CLOSED'],
    ['xxx', 'OPEN'],
    ['xx--x', 'OPEN'],
    ['----------', 'CLOSED'],
    ['xoxoxox', 'CLOSED'],
    ['oxoxoxox', 'OPEN'],
    ['ooooooooxx', 'CLOSED'],
  ])('after %s is %s', (letters, expected) => {
    attempts(letters)
    expect(state()).toBe(expected)
  })

  test('is not kept closed by streams that began before it failed', () => {
    const beganMs = now
    now += 100
    attempts('xx')
    end('success', false, beganMs)
    attempts('x')
    expect(state()).toBe('OPEN')
  })

  test('forgets what is long ago', () => {
    attempts('oxoxoxo')
    now += 10 * settings.windowMs
    attempts('xx')
    expect(state()).toBe('CLOSED')
  })

  test('names the end of its rest and since when it is as it is', () => {
    now += 500
    attempts('xxx')
    expect(breaker.closedUntil(now)).toEqual({ untilMs: now + 1_000 })
    expect(breaker.sinceMs).toBe(now)
  })

  test('lets no more than its probes through once it is half open', () => {
    attempts('xxx')
    now += 1_000
    expect(state()).toBe('HALF_OPEN')
    expect(breaker.closedUntil(now)).toBeUndefined()
    expect([begin(), begin()]).toEqual([true, true])
    expect(breaker.closedUntil(now)).toEqual({})
  })

  test('closes when as many probes have succeeded, and starts anew', () => {
    attempts('xxx')
    now += 1_000
    attempts('oo')
    expect(state()).toBe('CLOSED')
    expect(breaker.share(now)).toBe(0)
    attempts('xx')
    expect(state()).toBe('CLOSED')
  })

  test('opens for twice as long each time that a probe fails, up to its limit, and again for short after it closed', () => {
    attempts('xxx')
    for (const openMs of [1_000, 2_000, 4_000, 4_000]) {
      expect(breaker.closedUntil(now)).toEqual({ untilMs: now + openMs })
      now += openMs
      attempts('x')
    }
    now += 4_000
    attempts('oo')
    expect(state()).toBe('CLOSED')
    attempts('xxx')
    expect(breaker.closedUntil(now)).toEqual({ untilMs: now + 1_000 })
  })

  test('gives the place of a probe back that said nothing', () => {
    attempts('xxx')
    now += 1_000
    attempts('-----')
    expect(state()).toBe('HALF_OPEN')
    expect(breaker.closedUntil(now)).toBeUndefined()
  })

  test('is not moved by what began before it opened', () => {
    const early = begin()
    attempts('xxx')
    end('success', early)
    expect(state()).toBe('OPEN')
    now += 1_000
    end('failure', false)
    expect(breaker.closedUntil(now)).toBeUndefined()
  })

  test('has a share of errors that fades while nothing is heard', () => {
    attempts('xx')
    const fresh = breaker.share(now)
    expect(fresh).toBeCloseTo(2 / 3)
    now += settings.windowMs
    expect(breaker.share(now)).toBeLessThan(fresh / 1.5)
    now += 20 * settings.windowMs
    expect(breaker.share(now)).toBeLessThan(0.001)
  })
})
