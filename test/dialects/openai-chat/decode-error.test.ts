import { describe, expect, it } from 'vitest'
import {
  decodeChatError,
  decodeInlineError,
} from '../../../src/dialects/openai-chat/decode-error.ts'
import type { ErrorCode, GatewayError } from '../../../src/errors.ts'

function decode(
  status: number,
  body: unknown,
  headers: Record<string, string | string[] | undefined> = {},
): GatewayError {
  return decodeChatError({ status, body, headers })
}

const error = (members: Record<string, unknown>): unknown => ({ error: members })

describe('the failure of an upstream', () => {
  const byStatus: [status: number, code: ErrorCode, failover: boolean][] = [
    [400, 'INVALID_REQUEST', false],
    [401, 'PROVIDER_AUTH', true],
    [402, 'PROVIDER_AUTH', true],
    [403, 'PROVIDER_AUTH', true],
    [404, 'MODEL_NOT_FOUND', true],
    [405, 'INVALID_REQUEST', false],
    [408, 'PROVIDER_TIMEOUT', true],
    [409, 'PROVIDER_UNAVAILABLE', true],
    [413, 'REQUEST_TOO_LARGE', false],
    [415, 'INVALID_REQUEST', false],
    [422, 'INVALID_REQUEST', false],
    [429, 'PROVIDER_RATE_LIMITED', true],
    [500, 'PROVIDER_ERROR', true],
    [501, 'PROVIDER_ERROR', true],
    [502, 'PROVIDER_ERROR', true],
    [503, 'PROVIDER_UNAVAILABLE', true],
    [504, 'PROVIDER_ERROR', true],
    [520, 'PROVIDER_ERROR', true],
    [529, 'PROVIDER_UNAVAILABLE', true],
    [301, 'PROVIDER_ERROR', true],
  ]
  it.each(byStatus)('HTTP %i is %s', (status, code, failover) => {
    for (const body of [error({ message: 'x' }), '<html>no</html>', '', null, {}, []]) {
      expect(decode(status, body)).toMatchObject({ code, failover, upstreamStatus: status })
    }
  })

  const byWords: [status: number, members: Record<string, unknown>, code: ErrorCode][] = [
    [400, { code: 'context_length_exceeded', message: 'x' }, 'CONTEXT_LENGTH_EXCEEDED'],
    [
      400,
      { message: "This model's maximum context length is 8192 tokens.", code: 'invalid_request' },
      'CONTEXT_LENGTH_EXCEEDED',
    ],
    [
      400,
      { message: 'Your input exceeds the context window of this model.' },
      'CONTEXT_LENGTH_EXCEEDED',
    ],
    [
      400,
      { message: 'Too long.', type: 'too_many_prompt_tokens', code: 400 },
      'CONTEXT_LENGTH_EXCEEDED',
    ],
    [422, { message: 'maximum context length exceeded' }, 'CONTEXT_LENGTH_EXCEEDED'],
    [400, { code: 'content_filter', message: 'x' }, 'CONTENT_FILTERED'],
    [400, { code: 'content_policy_violation', message: 'x' }, 'CONTENT_FILTERED'],
    [403, { code: 'content_policy_violation', message: 'x' }, 'PROVIDER_AUTH'],
    [400, { code: 'model_not_found', message: 'x' }, 'MODEL_NOT_FOUND'],
    [400, { message: 'Incorrect API key provided: xa***.' }, 'PROVIDER_AUTH'],
    [400, { code: 'invalid_api_key', message: 'x' }, 'PROVIDER_AUTH'],
    [
      400,
      { message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' },
      'PROVIDER_AUTH',
    ],
    [429, { code: 'insufficient_quota', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { type: 'insufficient_quota', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { code: 'credit_balance_exhausted', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { code: 'organization_spend_limit_exceeded', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { code: 'project_spend_limit_exceeded', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { code: 'organization_usage_limit_exceeded', message: 'x' }, 'PROVIDER_AUTH'],
    [429, { type: 'rate_limit_error', code: 'slow_down', message: 'x' }, 'PROVIDER_RATE_LIMITED'],
    [429, { code: 429, message: 'maximum context length' }, 'PROVIDER_RATE_LIMITED'],
    [500, { message: 'maximum context length' }, 'PROVIDER_ERROR'],
    [500, { code: 400, message: 'x' }, 'PROVIDER_ERROR'],
  ]
  it.each(byWords)('HTTP %i with %j is %s', (status, members, code) => {
    expect(decode(status, error(members)).code).toBe(code)
  })

  it('says that the account cannot pay, which no waiting cures', () => {
    const headers = { 'retry-after': '5' }
    for (const failed of [
      decode(429, error({ code: 'insufficient_quota' }), headers),
      decode(402, {}, headers),
    ]) {
      expect(failed.message).toContain('cannot pay')
      expect(failed.retryAfterMs).toBeUndefined()
      expect(failed.failover).toBe(true)
    }
  })

  it('carries how long the upstream wants to be left alone', () => {
    expect(decode(429, {}, { 'retry-after': '2' }).retryAfterMs).toBe(2000)
    expect(decode(429, {}, { 'retry-after-ms': '150' }).retryAfterMs).toBe(150)
    expect(decode(503, {}, { 'retry-after': ['3'] }).retryAfterMs).toBe(3000)
    expect(decode(429, {}).retryAfterMs).toBeUndefined()
    expect(decode(400, {}, { 'retry-after': '2' }).retryAfterMs).toBeUndefined()
  })
})

describe('what the client is told', () => {
  const bodies: [name: string, body: unknown, message: string, path?: string][] = [
    ['an object', error({ message: 'Bad value.', param: 'n' }), 'Bad value.', 'n'],
    ['a string', { error: 'Bad value.', code: 'invalid' }, 'Bad value.'],
    ['a detail', { detail: 'Bad value.' }, 'Bad value.'],
    [
      'a list of details',
      {
        detail: [
          { loc: ['body', 'messages', 0, 'content'], msg: 'Bad value.', type: 'missing' },
          { loc: ['body', 'n'], msg: 'Too small.' },
          'x',
        ],
      },
      'Bad value.; Too small.',
      'messages[0].content',
    ],
    ['a message', { message: 'Bad value.' }, 'Bad value.'],
    ['a message in AWS’ spelling', { Message: 'Bad value.' }, 'Bad value.'],
    ['an array', [{ error: { message: 'Bad value.', code: 400 } }], 'Bad value.'],
    [
      'numbers for words',
      error({ message: 'Bad value.', code: 7, type: 1, param: 2 }),
      'Bad value.',
    ],
    ['a list without messages', { detail: [1, { loc: 'x' }] }, 'it answered 400 without a reason'],
    ['nothing', {}, 'it answered 400 without a reason'],
    ['a page', '<html>secret</html>', 'it answered 400 with a body that is not JSON'],
  ]
  it.each(bodies)('is read from %s', (_name, body, message, path) => {
    const failed = decode(400, body)
    expect(failed.message).toBe(`The provider refused the request: ${message}`)
    expect(failed.path).toBe(path)
  })

  it('is bounded', () => {
    const { message } = decode(400, error({ message: 'x'.repeat(5000) }))
    expect(message.length).toBeLessThan(560)
    expect(message.endsWith('…')).toBe(true)
  })

  it.each([
    'sk-proj-abcdef1234567890',
    'sk-wrong****-key',
    'xai-abc123456789',
    'gsk_abc123456789',
    'hf_abc123456789',
    'org-abc123456789',
    'AIzaSyA1234567890',
    'Bearer eyJhbGciOi.x.y',
    'xr-free-0123456789',
  ])('never holds a key: %s', (key) => {
    for (const status of [400, 401, 404, 429, 500]) {
      const failed = decode(status, error({ message: `Key ${key} is wrong` }))
      const said = `${failed.message} ${String(failed.cause)}`
      expect(said).not.toContain(key.replace('Bearer ', ''))
    }
    expect(decode(400, error({ message: `Key ${key} is wrong` })).message).toContain('[redacted]')
  })

  it('keeps ordinary words that look a little like keys', () => {
    const message = "Unknown parameter: 'key_phrases'. Use 'org_members' or 'sk-learn'."
    expect(decode(400, error({ message })).message).toContain(message)
  })

  it.each([401, 403, 408, 409, 429, 500, 503])(
    'is nothing of the upstream’s own words after HTTP %i, which go to the log',
    (status) => {
      const failed = decode(status, error({ message: 'inner workings', param: 'p' }))
      expect(failed.message).not.toContain('inner workings')
      expect(failed.path).toBeUndefined()
      expect(String(failed.cause)).toContain('inner workings')
      expect(String(failed.cause)).toContain(String(status))
    },
  )
})

describe('a failure without an HTTP status', () => {
  const cases: [members: Record<string, unknown>, code: ErrorCode][] = [
    [{ code: 401 }, 'PROVIDER_AUTH'],
    [{ code: 402 }, 'PROVIDER_AUTH'],
    [{ code: '404' }, 'MODEL_NOT_FOUND'],
    [{ code: 502 }, 'PROVIDER_ERROR'],
    [{ code: 200 }, 'PROVIDER_ERROR'],
    [{ code: 999 }, 'PROVIDER_ERROR'],
    [{ status_code: 400, code: 'tool_use_failed' }, 'INVALID_REQUEST'],
    [{ status: 429 }, 'PROVIDER_RATE_LIMITED'],
    [{ type: 'rate_limit_exceeded' }, 'PROVIDER_RATE_LIMITED'],
    [{ type: 'service_unavailable_error', code: 'server_is_overloaded' }, 'PROVIDER_UNAVAILABLE'],
    [{ type: 'authentication_error' }, 'PROVIDER_AUTH'],
    [{ type: 'server_error' }, 'PROVIDER_ERROR'],
    [{ type: 'timeout_error' }, 'PROVIDER_TIMEOUT'],
    [{ type: 'invalid_request_error' }, 'INVALID_REQUEST'],
    [{ code: 'context_length_exceeded' }, 'CONTEXT_LENGTH_EXCEEDED'],
    [{ message: 'maximum context length is 10' }, 'CONTEXT_LENGTH_EXCEEDED'],
    [{ code: 'content_filter' }, 'CONTENT_FILTERED'],
    [{ code: 'model_not_found' }, 'MODEL_NOT_FOUND'],
    [{}, 'PROVIDER_ERROR'],
  ]
  it.each(cases)('%j is %s', (members, code) => {
    expect(decodeInlineError(error(members))).toMatchObject({ code, upstreamStatus: undefined })
  })
})
