import { type ErrorCode, errorTable, type GatewayError } from '../../errors.ts'
import type { Extra } from '../../protocol/request.ts'

/** The failure in the shape that Anthropic's SDKs read; what its types do not tell apart stands in the details. */
export function encodeErrorBody(error: GatewayError, requestId: string): Extra {
  const details: Extra = { error_code: errorTable[error.code].openaiCode }
  if (error.path !== undefined) details['param'] = error.path
  return {
    type: 'error',
    error: { type: types[error.code], message: error.message, details },
    request_id: requestId,
  }
}

const types: Record<ErrorCode, string> = {
  INVALID_REQUEST: 'invalid_request_error',
  UNSUPPORTED_FEATURE: 'invalid_request_error',
  CONTEXT_LENGTH_EXCEEDED: 'invalid_request_error',
  CONTENT_FILTERED: 'invalid_request_error',
  CANCELLED: 'invalid_request_error',
  REQUEST_TOO_LARGE: 'request_too_large',
  UNAUTHENTICATED: 'authentication_error',
  INVALID_API_KEY: 'authentication_error',
  PERMISSION_DENIED: 'permission_error',
  MODEL_NOT_FOUND: 'not_found_error',
  NOT_FOUND: 'not_found_error',
  CONFLICT: 'conflict_error',
  RATE_LIMIT_EXCEEDED: 'rate_limit_error',
  INSUFFICIENT_QUOTA: 'billing_error',
  OVERLOADED: 'overloaded_error',
  PROVIDER_UNAVAILABLE: 'overloaded_error',
  PROVIDER_RATE_LIMITED: 'overloaded_error',
  PROVIDER_TIMEOUT: 'timeout_error',
  NOT_CACHED: 'invalid_request_error',
  INTERRUPTED: 'api_error',
  PROVIDER_ERROR: 'api_error',
  PROVIDER_AUTH: 'api_error',
  UPSTREAM_TRUNCATED: 'api_error',
  INTERNAL_ERROR: 'api_error',
}
