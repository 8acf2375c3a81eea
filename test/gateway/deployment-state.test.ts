import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError, type ErrorCode } from '../../src/errors.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import type { DeploymentStates } from '../../src/gateway/deployment-view.ts'
import type { StateSettings } from '../../src/gateway/deployment-state.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'
import type { Usage } from '../../src/protocol/usage.ts'
import { deploymentOf } from '../support/deployment.ts'

const settings: StateSettings = {
  breaker: {
    failures: 3,
    share: 0.5,
    attemptsMin: 20,
    windowMs: 10_000,
    openMs: 1_000,
    openMaxMs: 8_000,
    probes: 1,
  },
  cooldown: { rateLimitMs: 500, authMs: 60_000, quotaMs: 90_000, maxMs: 120_000 },
}
const words = deploymentOf('test/words')
const sibling = deploymentOf('test/songs')
const other = deploymentOf('other/words')
let now: number
let states: DeploymentStates

beforeEach(() => {
  now = Date.UTC(2026, 10, 20)
  states = createDeploymentStates(settings, { now: () => now })
})

function record(changes: Partial<AttemptRecord>): AttemptRecord {
  const { provider, id: model } = { provider: 'test', id: 'test/words' }
  const startedAt = new Date(now)
  return { number: 1, provider, model, status: 'succeeded', startedAt, latencyMs: 10, ...changes }
}

function succeed({ ttftMs, usage }: { ttftMs?: number; usage?: Partial<Usage> } = {}): void {
  const attempt = states.begin(words)
  if (ttftMs !== undefined) attempt.firstContent(ttftMs)
  attempt.end(record({ usage: usage && { estimated: false, ...usage } }))
}

function fail(code: ErrorCode, facts: { upstreamStatus?: number; retryAfterMs?: number } = {}) {
  const error = new GatewayError({ code, message: 'as the test wants it', ...facts })
  states.begin(words).end(record({ status: 'failed', errorCode: code }), error)
}

const seen = () => states.of(words)

describe('what is known of a deployment', () => {
  test('is nothing before it was called', () => {
    expect(seen()).toMatchObject({
      inFlight: 0,
      ttftEwmaMs: undefined,
      ttftP95Ms: undefined,
      errorShare: 0,
      blocked: undefined,
      cachedShare: undefined,
    })
  })

  test('counts its attempts from begin to end', () => {
    const attempts = [states.begin(words), states.begin(words)]
    expect(seen().inFlight).toBe(2)
    attempts[0]?.end(record({}))
    attempts[1]?.end(record({ status: 'cancelled' }))
    expect(seen().inFlight).toBe(0)
    expect(states.of(other).inFlight).toBe(0)
  })

  test('believes a slower first token at once and a faster one slowly', () => {
    succeed({ ttftMs: 100 })
    expect(seen().ttftEwmaMs).toBe(100)
    succeed({ ttftMs: 900 })
    expect(seen().ttftEwmaMs).toBe(900)
    now += 100
    succeed({ ttftMs: 100 })
    expect(seen().ttftEwmaMs).toBeGreaterThan(850)
    for (let turn = 0; turn < 120; turn += 1) {
      now += 1_000
      succeed({ ttftMs: 100 })
    }
    expect(seen().ttftEwmaMs).toBeCloseTo(100, 0)
  })

  test('fades while nothing is heard, so that a slow one is tried again', () => {
    succeed({ ttftMs: 1_000 })
    now += 10_000
    expect(seen().ttftEwmaMs).toBeCloseTo(1_000 / Math.E)
  })

  test('has a p95 of the first token once ten are known', () => {
    for (let ms = 10; ms <= 90; ms += 10) succeed({ ttftMs: ms })
    expect(seen().ttftP95Ms).toBeUndefined()
    for (let ms = 100; ms <= 200; ms += 10) succeed({ ttftMs: ms })
    expect(seen().ttftP95Ms).toBe(190)
    for (let turn = 0; turn < 100; turn += 1) succeed({ ttftMs: 7 })
    expect(seen().ttftP95Ms).toBe(7)
  })

  test('holds which share of the input came from the cache', () => {
    succeed({ usage: { outputTokens: 5 } })
    succeed({ usage: { inputTokens: 50 } })
    expect(seen().cachedShare).toBeUndefined()
    succeed({ usage: { inputTokens: 20, cachedInputTokens: 80 } })
    expect(seen().cachedShare).toBeCloseTo(0.8)
    succeed({ usage: { inputTokens: 100, cachedInputTokens: 0 } })
    expect(seen().cachedShare).toBeCloseTo(0.64)
  })
})

describe('a cooldown', () => {
  test.each<[ErrorCode, number | undefined, number | undefined, string, number, boolean]>([
    ['PROVIDER_RATE_LIMITED', 429, undefined, 'RATE_LIMITED', 500, false],
    ['PROVIDER_RATE_LIMITED', 429, 30_000, 'RATE_LIMITED', 30_000, false],
    ['PROVIDER_RATE_LIMITED', 429, 9_000_000, 'RATE_LIMITED', 120_000, false],
    ['PROVIDER_AUTH', 401, undefined, 'AUTH', 60_000, true],
    ['PROVIDER_AUTH', undefined, undefined, 'AUTH', 60_000, true],
    ['PROVIDER_AUTH', 403, undefined, 'AUTH', 60_000, false],
    ['PROVIDER_AUTH', 402, undefined, 'QUOTA', 90_000, true],
    ['PROVIDER_AUTH', 429, 5_000, 'QUOTA', 5_000, true],
  ])('%s, status %s, wait %s: %s for %s ms', (code, upstreamStatus, wait, reason, ms, whole) => {
    fail(code, {
      ...(upstreamStatus !== undefined && { upstreamStatus }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    })
    const blocked = { reason, untilMs: now + ms }
    expect(seen().blocked).toEqual(blocked)
    expect(states.of(sibling).blocked).toEqual(whole ? blocked : undefined)
    expect(states.of(other).blocked).toBeUndefined()
    now += ms
    expect(seen().blocked).toBeUndefined()
  })

  test('is not cut short by a later failure with a shorter one', () => {
    fail('PROVIDER_RATE_LIMITED', { retryAfterMs: 10_000 })
    const { blocked } = seen()
    fail('PROVIDER_RATE_LIMITED')
    expect(seen().blocked).toEqual(blocked)
  })

  test('of no time is none', () => {
    fail('PROVIDER_RATE_LIMITED', { retryAfterMs: 0 })
    expect(seen().blocked).toBeUndefined()
  })

  test('does not come where it is switched off', () => {
    states = createDeploymentStates({ ...settings, cooldown: undefined }, { now: () => now })
    fail('PROVIDER_RATE_LIMITED', { retryAfterMs: 10_000 })
    expect(seen().blocked).toBeUndefined()
  })
})

describe('the breaker of a deployment', () => {
  test.each<[ErrorCode, boolean]>([
    ['PROVIDER_ERROR', true],
    ['PROVIDER_TIMEOUT', true],
    ['PROVIDER_UNAVAILABLE', true],
    ['UPSTREAM_TRUNCATED', true],
    ['INVALID_REQUEST', false],
    ['CONTEXT_LENGTH_EXCEEDED', false],
    ['CONTENT_FILTERED', false],
    ['MODEL_NOT_FOUND', false],
    ['INTERRUPTED', false],
    ['INTERNAL_ERROR', false],
  ])('%s counts: %s', (code, counts) => {
    for (let turn = 0; turn < 3; turn += 1) fail(code)
    expect(seen().blocked).toEqual(
      counts ? { reason: 'BREAKER_OPEN', untilMs: now + 1_000 } : undefined,
    )
  })

  test('does not mind clients that leave', () => {
    for (let turn = 0; turn < 9; turn += 1) states.begin(words).end(record({ status: 'cancelled' }))
    expect(seen()).toMatchObject({ blocked: undefined, errorShare: 0 })
  })

  test('lets one probe through after its rest and closes with its success', () => {
    for (let turn = 0; turn < 3; turn += 1) fail('PROVIDER_TIMEOUT')
    now += 1_000
    expect(seen().blocked).toBeUndefined()
    const probe = states.begin(words)
    expect(seen().blocked).toEqual({ reason: 'BREAKER_OPEN' })
    probe.end(record({}))
    expect(seen()).toMatchObject({ blocked: undefined, errorShare: 0 })
  })

  test('of one model leaves its siblings alone', () => {
    for (let turn = 0; turn < 3; turn += 1) fail('PROVIDER_TIMEOUT')
    expect(states.of(sibling).blocked).toBeUndefined()
  })

  test('stays closed where it is switched off, and still counts', () => {
    states = createDeploymentStates({ ...settings, breaker: undefined }, { now: () => now })
    for (let turn = 0; turn < 50; turn += 1) fail('PROVIDER_TIMEOUT')
    expect(seen().blocked).toBeUndefined()
    expect(seen().errorShare).toBeGreaterThan(0.9)
  })
})
