import { alphanumeric } from './identifiers.ts'

/** An error as Anthropic words it. */
export class AnthropicError extends Error {
  readonly status: number
  readonly type: string

  constructor(status: number, message: string) {
    super(message)
    this.status = status
    this.type = types[status] ?? 'api_error'
  }

  body(): object {
    return {
      type: 'error',
      error: { type: this.type, message: this.message },
      request_id: requestId(),
    }
  }
}

export function requestId(): string {
  return `req_011C${alphanumeric(20)}`
}

export function invalid(message: string): AnthropicError {
  return new AnthropicError(400, message)
}

/** What goes with a status when a test only names the status. */
export function anthropicErrorFor(status: number): AnthropicError {
  return new AnthropicError(status, messages[status] ?? 'Internal server error')
}

const types: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const messages: Record<number, string> = {
  400: 'messages.0: Input does not match the expected shape.',
  401: 'invalid x-api-key',
  402: 'There is a problem with your billing.',
  403: 'Your API key does not have permission to use the specified resource.',
  404: 'model: claude-does-not-exist',
  413: 'Request exceeds the maximum size',
  429:
    'This request would exceed the rate limit for your organization ' +
    '(00000000-0000-0000-0000-000000000000) of 40,000 input tokens per minute.',
  529: 'Overloaded',
}
