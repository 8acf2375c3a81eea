import { beforeEach, describe, expect, test } from 'vitest'
import { errorCodes, type ErrorCode } from '../../src/errors.ts'
import { createHealthMonitor, type HealthMonitor } from '../../src/gateway/provider-health.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'

const minuteMs = 60_000
const start = Date.UTC(2026, 10, 20)
let now: number
let health: HealthMonitor

beforeEach(() => {
  now = start
  health = createHealthMonitor({ now: () => now })
})

const attempt: AttemptRecord = {
  number: 1,
  provider: 'test',
  model: 'test/words',
  status: 'succeeded',
  startedAt: new Date(start),
  latencyMs: 100,
  timeToFirstTokenMs: 10,
}

/** What is said of a provider of which nothing is known. */
const unseen = {
  provider: 'test',
  errors: [],
  windows: [60, 300].map((seconds) => ({ seconds, attempts: 0 })),
  breaker: 'CLOSED',
  blocked: [],
}

const succeed = (changes: Partial<AttemptRecord> = {}) => health.record({ ...attempt, ...changes })
const fail = (errorCode: ErrorCode = 'PROVIDER_ERROR') => succeed({ status: 'failed', errorCode })
const seen = () => health.snapshot('test')

/** One letter an attempt, in their order. */
function record(attempts: string): void {
  for (const letter of attempts)
    if (letter === 'x') fail()
    else succeed()
}

describe('the state of a provider', () => {
  test('is unknown before it was called', () => {
    now += minuteMs
    expect(seen()).toEqual({
      ...unseen,
      state: 'UNKNOWN',
      reason: 'no attempts in the last 5 minutes',
      since: new Date(start),
    })
  })

  test.each([
    ['.', 'OPERATIONAL', undefined],
    ['.x', 'DEGRADED', '1 of the last 2 attempts failed: PROVIDER_ERROR'],
    ['x', 'DEGRADED', '1 of the last 1 attempts failed: PROVIDER_ERROR'],
    ['xx', 'DEGRADED', '2 of the last 2 attempts failed: PROVIDER_ERROR'],
    ['xxx', 'DOWN', '3 of the last 3 attempts failed: PROVIDER_ERROR'],
    ['.xxx', 'DEGRADED', '3 of the last 4 attempts failed: PROVIDER_ERROR'],
    ['.xxxx', 'DOWN', '4 of the last 5 attempts failed: PROVIDER_ERROR'],
    [`${'.'.repeat(19)}x`, 'OPERATIONAL', undefined],
    [`${'.'.repeat(18)}xx`, 'DEGRADED', '2 of the last 20 attempts failed: PROVIDER_ERROR'],
    [`xx${'.'.repeat(19)}`, 'OPERATIONAL', undefined],
    [`${'x'.repeat(50)}.`, 'DOWN', '4 of the last 5 attempts failed: PROVIDER_ERROR'],
    [`${'x'.repeat(50)}..`, 'DEGRADED', '18 of the last 20 attempts failed: PROVIDER_ERROR'],
    [`${'x'.repeat(50)}${'.'.repeat(19)}`, 'OPERATIONAL', undefined],
  ])('after %s is %s', (attempts, state, reason) => {
    record(attempts)
    expect([seen().state, seen().reason]).toEqual([state, reason])
  })

  test('names the kinds of failures', () => {
    fail('PROVIDER_TIMEOUT')
    fail('PROVIDER_AUTH')
    succeed()
    fail('PROVIDER_TIMEOUT')
    expect(seen().reason).toBe('3 of the last 4 attempts failed: PROVIDER_AUTH, PROVIDER_TIMEOUT')
  })

  test('has the time at which it began', () => {
    record('..')
    now += 1_000
    record('..')
    expect(seen().since).toEqual(new Date(start))
    now += 1_000
    record('x')
    now += 1_000
    record('x')
    expect(seen()).toMatchObject({ state: 'DEGRADED', since: new Date(start + 2_000) })
  })

  test('is forgotten after five minutes, each attempt at its time', () => {
    record('xxx')
    now += minuteMs
    record('.')
    expect(seen().state).toBe('DEGRADED')
    now = start + 5 * minuteMs
    expect(seen()).toMatchObject({
      state: 'OPERATIONAL',
      successRate: 1,
      since: new Date(start + 5 * minuteMs),
    })
    now = start + 60 * minuteMs
    expect(seen()).toEqual({
      ...unseen,
      state: 'UNKNOWN',
      reason: 'no attempts in the last 5 minutes',
      since: new Date(start + 6 * minuteMs),
      checkedAt: new Date(start + minuteMs),
    })
    record('.')
    expect(seen()).toMatchObject({ state: 'OPERATIONAL', since: new Date(now) })
  })

  test('is its own: providers do not speak for each other', () => {
    record('xxx')
    succeed({ provider: 'other' })
    expect(health.snapshot('other').state).toBe('OPERATIONAL')
    expect(seen().state).toBe('DOWN')
  })
})

describe('what says nothing of a provider', () => {
  const isFault = (code: ErrorCode) => code.startsWith('PROVIDER_') || code === 'UPSTREAM_TRUNCATED'

  test.each(errorCodes.map((code) => [code, isFault(code)] as const))(
    '%s counts: %s',
    (code, counts) => {
      fail(code)
      expect(seen().checkedAt).toEqual(counts ? new Date(start) : undefined)
      expect(seen().state).toBe(counts ? 'DEGRADED' : 'UNKNOWN')
    },
  )

  test('a client that leaves does not count, whatever had been said', () => {
    succeed({ status: 'cancelled' })
    succeed({ status: 'cancelled', errorCode: 'PROVIDER_ERROR' })
    succeed({ status: 'failed', errorCode: undefined })
    expect(seen()).not.toHaveProperty('checkedAt', expect.anything())
    expect(seen().state).toBe('UNKNOWN')
  })
})

describe('the figures', () => {
  test('are of the last hundred attempts, latencies of those that succeeded', () => {
    for (let latencyMs = 1; latencyMs <= 150; latencyMs += 1) {
      succeed({ latencyMs, timeToFirstTokenMs: latencyMs / 10 })
    }
    expect(seen()).toMatchObject({
      successRate: 1,
      latencyP50Ms: 100,
      latencyP95Ms: 145,
      timeToFirstTokenP50Ms: 10,
    })
    succeed({ latencyMs: 9_999, status: 'failed', errorCode: 'PROVIDER_TIMEOUT' })
    expect(seen()).toMatchObject({ successRate: 0.99, latencyP95Ms: 146 })
  })

  test('are absent where there is nothing to measure', () => {
    fail()
    const figures = { attempts: 1, successRate: 0 }
    expect(seen()).toEqual({
      ...unseen,
      errors: [{ code: 'PROVIDER_ERROR', count: 1 }],
      windows: [60, 300].map((seconds) => ({ seconds, ...figures })),
      state: 'DEGRADED',
      reason: '1 of the last 1 attempts failed: PROVIDER_ERROR',
      successRate: 0,
      since: new Date(start),
      checkedAt: new Date(start),
    })
    succeed({ timeToFirstTokenMs: undefined })
    expect(seen()).toMatchObject({ latencyP50Ms: 100, latencyP95Ms: 100 })
    expect(seen().timeToFirstTokenP50Ms).toBeUndefined()
  })

  test('are of the last minute and of the last five', () => {
    fail('PROVIDER_TIMEOUT')
    fail()
    now += minuteMs
    fail('PROVIDER_TIMEOUT')
    succeed({ latencyMs: 40, timeToFirstTokenMs: 4 })
    expect(seen().windows).toMatchObject([
      { seconds: 60, attempts: 2, successRate: 0.5, latencyP95Ms: 40, timeToFirstTokenP95Ms: 4 },
      { seconds: 300, attempts: 4, successRate: 0.25 },
    ])
    expect(seen().errors).toEqual([
      { code: 'PROVIDER_TIMEOUT', count: 2 },
      { code: 'PROVIDER_ERROR', count: 1 },
    ])
  })

  test('take what a check or another instance saw, at its own time', () => {
    now += 2 * minuteMs
    health.note('test', { fault: 'PROVIDER_TIMEOUT' }, now - 90_000)
    health.note('test', {})
    expect(seen()).toMatchObject({ state: 'DEGRADED', checkedAt: new Date(now) })
    expect(seen().windows.map(({ attempts }) => attempts)).toEqual([1, 2])
    expect(seen().latencyP50Ms).toBeUndefined()
  })
})
