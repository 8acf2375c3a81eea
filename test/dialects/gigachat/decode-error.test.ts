import { describe, expect, test } from 'vitest'
import { decodeGigachatError } from '../../../src/dialects/gigachat/decode-error.ts'
import type { ErrorCode } from '../../../src/errors.ts'

const page = '<html>nginx</html>'

describe('what an answer with an error means', () => {
  const cases: [status: number, said: string, code: ErrorCode, failover: boolean][] = [
    [400, 'Your request contains invalid JSON syntax.', 'INVALID_REQUEST', false],
    [400, 'Unknown type "json_object" in response_format', 'INVALID_REQUEST', false],
    [401, 'Unauthorized', 'PROVIDER_AUTH', true],
    [401, 'Token has expired', 'PROVIDER_AUTH', true],
    [402, 'Payment Required', 'PROVIDER_AUTH', true],
    [403, 'Permission denied', 'PROVIDER_AUTH', true],
    [403, page, 'PROVIDER_AUTH', true],
    [404, 'No such model', 'MODEL_NOT_FOUND', true],
    [404, 'Unknown tool x', 'UNSUPPORTED_FEATURE', true],
    [404, page, 'PROVIDER_ERROR', true],
    [408, page, 'PROVIDER_TIMEOUT', true],
    [413, 'Payload too large', 'CONTEXT_LENGTH_EXCEEDED', false],
    [413, page, 'REQUEST_TOO_LARGE', false],
    [422, 'Invalid params: system message must be the first message', 'INVALID_REQUEST', false],
    [
      422,
      'Invalid params: every assistant function call must have a result in history',
      'INVALID_REQUEST',
      false,
    ],
    [422, 'Requested model does not support functions', 'UNSUPPORTED_FEATURE', true],
    [422, 'Tool code_interpreter is unavailable', 'UNSUPPORTED_FEATURE', true],
    [429, 'Too many requests', 'PROVIDER_RATE_LIMITED', true],
    [500, 'Internal Server Error', 'PROVIDER_ERROR', true],
    [502, page, 'PROVIDER_ERROR', true],
    [503, page, 'PROVIDER_UNAVAILABLE', true],
  ]
  test.each(cases)('%i %s', (status, said, code, failover) => {
    const body = said === page ? page : { status, message: said }
    const error = decodeGigachatError({ status, body, headers: {} })
    expect(error).toMatchObject({ code, failover, upstreamStatus: status })
    expect(error.message).not.toContain('<html>')
    const shown = code === 'INVALID_REQUEST' || code === 'MODEL_NOT_FOUND'
    expect(error.message.includes(said)).toBe(shown || /^(CONTEXT|UNSUPP)/.test(code))
  })
})

test('how long to wait is passed on', () => {
  const failure = { status: 429, body: {}, headers: { 'retry-after': '3' } }
  expect(decodeGigachatError(failure)).toMatchObject({ retryAfterMs: 3_000 })
})

test('what looks like a token is never shown, and no message is endless', () => {
  const token = `eyJ${'aB3'.repeat(60)}`
  const body = { status: 400, message: `bad ${token} ${'word '.repeat(300)}` }
  const error = decodeGigachatError({ status: 400, body, headers: {} })
  expect(`${error.message}${String(error.cause)}`).not.toContain('aB3aB3')
  expect(error.message.length).toBeLessThan(600)
})
