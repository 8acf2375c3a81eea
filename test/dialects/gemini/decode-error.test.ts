import { describe, expect, test } from 'vitest'
import { decodeGeminiError } from '../../../src/dialects/gemini/decode-error.ts'
import {
  errorFor,
  missingKey,
  quotaExceeded,
  tooLong,
  unknownModel,
  wrongKey,
} from '../../support/simulators/gemini-error.ts'

function decode(status: number, body: unknown, headers = {}) {
  return decodeGeminiError({ status, body, headers })
}

function refusal(code: number, message: string, details: object[] = []): object {
  return { error: { code, message, status: 'ANY', details } }
}

describe('what the service says is what it means', () => {
  test.each([
    [400, wrongKey().body(), 'PROVIDER_AUTH', true],
    [400, refusal(400, 'API key expired. Please renew the API key.'), 'PROVIDER_AUTH', true],
    [400, refusal(400, 'User location is not supported for the API use.'), 'PROVIDER_AUTH', true],
    [403, missingKey().body(), 'PROVIDER_AUTH', true],
    [403, refusal(403, 'disabled', [{ reason: 'SERVICE_DISABLED' }]), 'PROVIDER_AUTH', true],
    [401, errorFor(401).body(), 'PROVIDER_AUTH', true],
    [402, {}, 'PROVIDER_AUTH', true],
    [404, unknownModel('x').body(), 'MODEL_NOT_FOUND', true],
    [400, tooLong(1_250_074, 1_048_576).body(), 'CONTEXT_LENGTH_EXCEEDED', false],
    [400, refusal(400, 'Invalid value'), 'INVALID_REQUEST', false],
    [
      403,
      refusal(403, 'You do not have permission to access the File abc or it may not exist.'),
      'INVALID_REQUEST',
      false,
    ],
    [413, 'too large', 'REQUEST_TOO_LARGE', false],
    [429, quotaExceeded().body(), 'PROVIDER_RATE_LIMITED', true],
    [499, errorFor(499).body(), 'PROVIDER_ERROR', true],
    [500, errorFor(500).body(), 'PROVIDER_ERROR', true],
    [503, errorFor(503).body(), 'PROVIDER_UNAVAILABLE', true],
    [504, errorFor(504).body(), 'PROVIDER_TIMEOUT', true],
    [302, '', 'PROVIDER_ERROR', true],
    [502, '<html>', 'PROVIDER_ERROR', true],
  ])('%i %j is %s', (status, body, code, failover) => {
    expect(decode(status, body)).toMatchObject({ code, failover, upstreamStatus: status })
  })

  test('a failure in a list is the same', () => {
    expect(decode(400, [wrongKey().body()])).toMatchObject({ code: 'PROVIDER_AUTH' })
  })
})

describe('the time to wait', () => {
  test.each([
    ['the delay of the body', quotaExceeded(34.4).body(), 34_400],
    ['the words of the message', refusal(429, 'Please retry in 48.939935699s.'), 48_940],
    ['nothing', refusal(429, 'slow down'), undefined],
    ['a delay that is none', refusal(429, '', [{ retryDelay: 'soon' }]), undefined],
  ])('comes from %s', (_what, body, waitMs) => {
    expect(decode(429, body).retryAfterMs).toBe(waitMs)
  })

  test('comes from the header of a proxy where the body has none', () => {
    expect(decode(503, '', { 'retry-after': '7' }).retryAfterMs).toBe(7_000)
  })

  test('is not told of a quota of the day, after which it does not help', () => {
    const violations = [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }]
    const body = refusal(429, 'Please retry in 48s.', [{ violations }, { retryDelay: '48s' }])
    expect(decode(429, body)).toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      retryAfterMs: undefined,
    })
  })

  test('is not told of a failure that waiting does not mend', () => {
    expect(decode(400, refusal(400, 'Please retry in 4s.')).retryAfterMs).toBeUndefined()
  })
})

describe('the message', () => {
  test('has the provider’s words where the client is at fault', () => {
    expect(decode(400, refusal(400, 'Unknown name "foo"')).message).toBe(
      'The provider refused the request: Unknown name "foo"',
    )
  })

  test('has no key, and not all of a long text', () => {
    const { message } = decode(400, refusal(400, `AIzaSyVerySecret ${'x'.repeat(900)}`))
    expect(message).toContain('[redacted]')
    expect(message).not.toContain('VerySecret')
    expect(message.length).toBeLessThan(600)
  })

  test('of what is not the client’s fault is ours; theirs is the cause', () => {
    const error = decode(500, refusal(500, 'stack trace'))
    expect(error.message).not.toContain('stack trace')
    expect(String(error.cause)).toContain('stack trace')
  })
})
