import { expect, it } from 'vitest'
import { decodeMwsError } from '../../../src/dialects/openai-chat/mws-error.ts'
import { mwsChatApi } from '../../../src/dialects/openai-chat/mws.ts'

it.each([
  [401, 'UNAUTHORIZED', 'PROVIDER_AUTH', true],
  [400, 'ACCESS_DENIED', 'PROVIDER_AUTH', true],
  [400, 'PROJECT_BLOCKED', 'PROVIDER_AUTH', true],
  [404, 'PROJECT_NOT_FOUND', 'PROVIDER_ERROR', true],
  [404, 'BASEPATH_NOT_FOUND', 'PROVIDER_ERROR', true],
  [404, 'DEPLOYMENT_NOT_FOUND', 'MODEL_NOT_FOUND', true],
  [400, 'MODEL_DEPRECATED', 'MODEL_NOT_FOUND', true],
  [400, 'UNSUPPORTED_ACTION', 'UNSUPPORTED_FEATURE', true],
  [400, 'TOOL_CALLING_UNSUPPORTED', 'UNSUPPORTED_FEATURE', true],
  [400, 'REASONING_UNSUPPORTED', 'UNSUPPORTED_FEATURE', true],
  [400, 'INVALID_PARAMETER_COMBINATION', 'INVALID_REQUEST', false],
  [400, 'VALIDATION_FAILED', 'INVALID_REQUEST', false],
  [400, 'MAX_TOKENS_EXCEEDED', 'CONTEXT_LENGTH_EXCEEDED', false],
  [429, 'SOMETHING_ELSE', 'PROVIDER_RATE_LIMITED', true],
  [500, 'toString', 'PROVIDER_ERROR', true],
])('%i with %s is %s, wherever the code stands', (status, word, code, failover) => {
  for (const body of [
    { error: { code: word, message: 'said' } },
    { error: { status: word, message: 'said' } },
    { code: word, message: 'said' },
  ]) {
    const error = decodeMwsError({ status, body, headers: {} })
    expect(error).toMatchObject({ code, failover, upstreamStatus: status })
  }
})

it('an answer of a proxy in front is read by its status', () => {
  expect(decodeMwsError({ status: 502, body: '<html>', headers: {} }).code).toBe('PROVIDER_ERROR')
})

it('the limit of tokens is sent under its newer name', () => {
  const messages = [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'hi' }] }]
  const request = { model: 'm', messages, stream: false, maxTokens: 5 }
  expect(mwsChatApi().encodeRequest(request, 'qwen3-32b')).toEqual({
    model: 'qwen3-32b',
    messages: [{ role: 'user', content: 'hi' }],
    max_completion_tokens: 5,
  })
})
