import { describe, expect, test } from 'vitest'
import { decodeAnthropicError } from '../../../src/dialects/anthropic-messages/decode-error.ts'

function failure(status: number, error: object | string, headers = {}) {
  const body = typeof error === 'string' ? error : { type: 'error', error, request_id: 'req_1' }
  return decodeAnthropicError({ status, body, headers })
}

describe('an error of the API', () => {
  test.each([
    [400, 'invalid_request_error', 'INVALID_REQUEST', false],
    [401, 'authentication_error', 'PROVIDER_AUTH', true],
    [402, 'billing_error', 'PROVIDER_AUTH', true],
    [403, 'permission_error', 'PROVIDER_AUTH', true],
    [404, 'not_found_error', 'MODEL_NOT_FOUND', true],
    [409, 'conflict_error', 'PROVIDER_UNAVAILABLE', true],
    [413, 'request_too_large', 'REQUEST_TOO_LARGE', false],
    [429, 'rate_limit_error', 'PROVIDER_RATE_LIMITED', true],
    [500, 'api_error', 'PROVIDER_ERROR', true],
    [504, 'timeout_error', 'PROVIDER_TIMEOUT', true],
    [529, 'overloaded_error', 'PROVIDER_UNAVAILABLE', true],
    [418, 'teapot_error', 'INVALID_REQUEST', false],
  ])('%i %s is %s', (status, type, code, failover) => {
    expect(failure(status, { type, message: 'x' })).toMatchObject({
      code,
      failover,
      upstreamStatus: status,
    })
  })

  test.each([
    ['prompt is too long: 3333404 tokens > 200000 maximum', 'CONTEXT_LENGTH_EXCEEDED'],
    ['Output blocked by content filtering policy', 'CONTENT_FILTERED'],
    ['Your credit balance is too low to access the Anthropic API.', 'PROVIDER_AUTH'],
    ['You have reached your specified API usage limits.', 'PROVIDER_AUTH'],
  ])('a 400 of "%s" is %s', (message, code) => {
    expect(failure(400, { type: 'invalid_request_error', message }).code).toBe(code)
  })

  test('a limit of spending is no limit of rate: it has no wait', () => {
    const details = { error_code: 'enforced_spend_limit_reached' }
    const error = failure(
      429,
      { type: 'rate_limit_error', message: 'x', details },
      { 'retry-after': '3' },
    )
    expect(error).toMatchObject({ code: 'PROVIDER_AUTH', retryAfterMs: undefined })
  })

  test.each([429, 529])('the wait of a %i is told', (status) => {
    const type = status === 429 ? 'rate_limit_error' : 'overloaded_error'
    const error = failure(status, { type, message: 'x' }, { 'retry-after': '7' })
    expect(error.retryAfterMs).toBe(7000)
  })

  test.each([
    [502, 'PROVIDER_ERROR'],
    [503, 'PROVIDER_UNAVAILABLE'],
    [429, 'PROVIDER_RATE_LIMITED'],
    [400, 'INVALID_REQUEST'],
  ])('a page of a proxy with %i is %s', (status, code) => {
    const error = failure(status, '<html>secret page</html>')
    expect(error.code).toBe(code)
    expect(error.message).not.toContain('html')
  })

  test('keys and organizations are not shown', () => {
    const message = 'bad key sk-ant-api03-abc of 00000000-0000-0000-0000-000000000000'
    const shown = failure(400, { type: 'invalid_request_error', message }).message
    expect(shown).toBe('The provider refused the request: bad key [redacted] of [redacted]')
  })
})
