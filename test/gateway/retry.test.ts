import { describe, expect, test } from 'vitest'
import { GatewayError, type GatewayErrorOptions } from '../../src/errors.ts'
import { retryClasses, retryWaitMs, type RetrySettings } from '../../src/gateway/retry.ts'

const settings: RetrySettings = {
  triesMax: 3,
  on: new Set(retryClasses),
  baseMs: 100,
  waitMaxMs: 1_000,
  totalMaxMs: 10_000,
}

const failure = (options: Partial<GatewayErrorOptions>) =>
  new GatewayError({ code: 'PROVIDER_ERROR', message: 'as the test wants it', ...options })

const wait = (error: GatewayError, { tries = 1, random = 1, on = settings.on } = {}) =>
  retryWaitMs(error, tries, { settings: { ...settings, on }, random })

describe('the wait before a retry', () => {
  test('is spread over all of a span that doubles, up to its limit', () => {
    const error = failure({})
    expect([1, 2, 3].map((tries) => wait(error, { tries }))).toEqual([100, 200, 400])
    expect([0, 0.25, 1].map((random) => wait(error, { tries: 3, random }))).toEqual([0, 100, 400])
    const patient = { settings: { ...settings, baseMs: 900 }, random: 1 }
    expect(retryWaitMs(error, 3, patient)).toBe(1_000)
  })

  test('begins with what the provider asks for, and is none where that is too long', () => {
    const asked = (retryAfterMs: number) => failure({ code: 'PROVIDER_RATE_LIMITED', retryAfterMs })
    expect(wait(asked(500), { random: 0 })).toBe(500)
    expect(wait(asked(500))).toBe(600)
    expect(wait(asked(1_001))).toBeUndefined()
  })

  test('is none once there were enough', () => {
    expect(wait(failure({}), { tries: 4 })).toBeUndefined()
  })

  test.each<[string, Partial<GatewayErrorOptions>, string | undefined]>([
    ['no connection', { code: 'PROVIDER_UNAVAILABLE' }, 'connect'],
    ['503', { code: 'PROVIDER_UNAVAILABLE', upstreamStatus: 503 }, 'unavailable'],
    ['429 that names a wait', { code: 'PROVIDER_RATE_LIMITED', retryAfterMs: 1 }, 'rate_limited'],
    ['429 that names none', { code: 'PROVIDER_RATE_LIMITED' }, undefined],
    ['500', { upstreamStatus: 500 }, 'error'],
    ['a timeout', { code: 'PROVIDER_TIMEOUT' }, 'timeout'],
    ['a cut answer', { code: 'UPSTREAM_TRUNCATED' }, 'truncated'],
    ['a refused credential', { code: 'PROVIDER_AUTH' }, undefined],
    ['a bad request', { code: 'INVALID_REQUEST' }, undefined],
    ['a model that is not there', { code: 'MODEL_NOT_FOUND' }, undefined],
  ])('%s: %o is of the class %s', (_name, options, expected) => {
    const classes = retryClasses.filter((each) => wait(failure(options), { on: new Set([each]) }))
    expect(classes).toEqual(expected === undefined ? [] : [expected])
  })
})
