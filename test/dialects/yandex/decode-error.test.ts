import { describe, expect, test } from 'vitest'
import { decodeYandexError } from '../../../src/dialects/yandex/decode-error.ts'
import type { ErrorCode, GatewayError } from '../../../src/errors.ts'

function decode(status: number, body: unknown, headers = {}): GatewayError {
  return decodeYandexError({ status, body, headers })
}

function native(httpCode: number, grpcCode: number, message: string): object {
  return { error: { grpcCode, httpCode, message, httpStatus: 'x', details: [] } }
}

const quota =
  'ai.textGenerationCompletionSessionsCount.count gauge quota limit exceed: allowed 10 requests'

describe('the failure of the service', () => {
  const known: [
    status: number,
    grpc: number,
    message: string,
    code: ErrorCode,
    failover: boolean,
  ][] = [
    [400, 3, 'empty message text', 'INVALID_REQUEST', false],
    [400, 3, 'invalid model_uri', 'MODEL_NOT_FOUND', true],
    [
      400,
      3,
      "Specified folder ID 'b1gxxxxxxxx' does not match with service account folder ID 'b1gyyyyyyyy'",
      'PROVIDER_AUTH',
      true,
    ],
    [
      400,
      3,
      'number of input tokens must be no more than 8192, got 9136',
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [
      400,
      3,
      'text length is 349354, which is outside the range (0, 100000]',
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [401, 16, "Unknown api key 'AQVN****98iI (CE9D1A49)'", 'PROVIDER_AUTH', true],
    [401, 16, 'The apikey has expired', 'PROVIDER_AUTH', true],
    [403, 7, 'Permission denied', 'PROVIDER_AUTH', true],
    [404, 5, 'model not found', 'MODEL_NOT_FOUND', true],
    [429, 8, quota, 'PROVIDER_RATE_LIMITED', true],
    [500, 13, 'internal', 'PROVIDER_ERROR', true],
    [503, 14, 'unavailable', 'PROVIDER_UNAVAILABLE', true],
    [504, 4, 'deadline exceeded', 'PROVIDER_TIMEOUT', true],
  ]
  test.each(known)('%i/%i %s is %s', (status, grpc, message, code, failover) => {
    const error = decode(status, native(status, grpc, message))
    expect(error).toMatchObject({ code, failover, upstreamStatus: status })
    expect(error.message).not.toMatch(/AQVN|b1g/)
  })

  test.each([
    [500, "rpc error: code = Unauthenticated desc = Unknown api key 'AQVN'", 'PROVIDER_AUTH'],
    [500, 'rpc error: code = ResourceExhausted desc = quota', 'PROVIDER_RATE_LIMITED'],
    [400, 'Failed to get model', 'MODEL_NOT_FOUND'],
    [422, 'temperature: out of range', 'INVALID_REQUEST'],
  ])('of the compatible API: %i %s is %s', (status, message, code) => {
    for (const body of [{ error: { message } }, { error: message }, { message }]) {
      expect(decode(status, body)).toMatchObject({ code, upstreamStatus: status })
    }
  })

  test.each([
    [502, '<html>Bad Gateway</html>', 'PROVIDER_ERROR'],
    [413, '', 'REQUEST_TOO_LARGE'],
    [408, {}, 'PROVIDER_TIMEOUT'],
    [402, null, 'PROVIDER_AUTH'],
    [418, [], 'INVALID_REQUEST'],
  ])('a body that says nothing leaves the status: %i %j is %s', (status, body, code) => {
    expect(decode(status, body)).toMatchObject({ code })
  })

  test('tells the client what it can mend, without the folder', () => {
    const error = decode(400, native(400, 3, 'folder_id=b1gabcdefgh1234: wrong role wizard'))
    expect(error.message).toBe(
      'The provider refused the request: folder_id=[redacted]: wrong role wizard',
    )
  })

  test('names the folder as the operator’s fault', () => {
    const message = "Specified folder ID 'a' does not match with service account folder ID 'b'"
    expect(decode(400, native(400, 3, message)).message).toContain('folder_id')
  })

  test('carries a hint to wait where there is one', () => {
    const error = decode(429, native(429, 8, quota), { 'retry-after': '3' })
    expect(error.retryAfterMs).toBe(3000)
  })
})
