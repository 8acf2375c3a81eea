import { describe, expect, test } from 'vitest'
import {
  decodeOllamaError,
  decodeOllamaInlineError,
} from '../../../src/dialects/ollama/decode-error.ts'

describe('an HTTP failure', () => {
  test.each([
    [404, "model 'x' not found", 'MODEL_NOT_FOUND', true],
    [404, 'model "x" not found, try pulling it first', 'MODEL_NOT_FOUND', true],
    [400, '"x" does not support chat', 'UNSUPPORTED_FEATURE', true],
    [400, 'registry.ollama.ai/library/x does not support tools', 'UNSUPPORTED_FEATURE', true],
    [400, '"x" does not support thinking', 'UNSUPPORTED_FEATURE', true],
    [400, 'model is required', 'INVALID_REQUEST', false],
    [400, 'option "temperature" must be of type float32', 'INVALID_REQUEST', false],
    [400, 'the input length exceeds the context length', 'CONTEXT_LENGTH_EXCEEDED', false],
    [400, 'input exceeds maximum context length', 'CONTEXT_LENGTH_EXCEEDED', false],
    [
      400,
      'prompt too long; exceeded max context length by 12 tokens (ref: x)',
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [500, 'the request exceeds the available context size', 'CONTEXT_LENGTH_EXCEEDED', false],
    [401, 'unauthorized', 'PROVIDER_AUTH', true],
    [403, 'remote inference is disabled', 'PROVIDER_AUTH', true],
    [429, 'too many requests', 'PROVIDER_RATE_LIMITED', true],
    [499, 'request canceled', 'PROVIDER_ERROR', true],
    [500, 'model requires more system memory (5 GiB)', 'PROVIDER_ERROR', true],
    [502, 'could not reach the cloud', 'PROVIDER_UNAVAILABLE', true],
    [
      503,
      'server busy, please try again.  maximum pending requests exceeded',
      'PROVIDER_UNAVAILABLE',
      true,
    ],
    [504, 'late', 'PROVIDER_TIMEOUT', true],
    [413, 'big', 'REQUEST_TOO_LARGE', false],
    [418, 'teapot', 'INVALID_REQUEST', false],
  ])('%i %s', (status, error, code, failover) => {
    const failure = decodeOllamaError({ status, body: { error }, headers: {} })
    expect(failure).toMatchObject({ code, failover, upstreamStatus: status })
    expect(failure.cause).toMatchObject({ message: expect.stringContaining(error) })
  })

  test.each([['<html>'], [null], [{}], [{ error: 7 }], [[]]])('without a reason: %j', (body) => {
    expect(decodeOllamaError({ status: 500, body, headers: {} }).code).toBe('PROVIDER_ERROR')
  })

  test('has its reason in an object where a proxy put it there', () => {
    const body = { error: { message: 'model "x" not found' } }
    expect(decodeOllamaError({ status: 400, body, headers: {} }).code).toBe('MODEL_NOT_FOUND')
  })

  test('tells how long to wait, where it is told', () => {
    const headers = { 'retry-after': '3' }
    const failure = decodeOllamaError({ status: 429, body: {}, headers })
    expect(failure.retryAfterMs).toBe(3_000)
  })

  test('never shows a link for signing in, nor a reason without an end', () => {
    const link = 'https://ollama.com/connect?name=host&key=secret'
    const body = { error: `bad: sign in at ${link} ${'x'.repeat(900)}` }
    const { message, cause } = decodeOllamaError({ status: 400, body, headers: {} })
    expect(`${message} ${String(cause)}`).not.toContain('secret')
    expect(message.length).toBeLessThan(600)
  })
})

describe('a line that is a failure', () => {
  test.each([
    ['an error was encountered while running the model', 'PROVIDER_ERROR'],
    ['the input length exceeds the context length', 'CONTEXT_LENGTH_EXCEEDED'],
    ['server busy, please try again', 'PROVIDER_UNAVAILABLE'],
    ['"x" does not support tools', 'UNSUPPORTED_FEATURE'],
  ])('%s', (error, code) => {
    expect(decodeOllamaInlineError({ error })).toMatchObject({ code, upstreamStatus: undefined })
  })
})
