import { errorCodes, type ErrorCode as Code } from '../errors.ts'
import { builder } from './builder.ts'

const descriptions: Record<Code, string> = {
  INVALID_REQUEST: 'The request is malformed; `path` names the member at fault.',
  UNSUPPORTED_FEATURE: 'The model or its provider cannot do what was asked.',
  CONTEXT_LENGTH_EXCEEDED: "The conversation does not fit into the model's context.",
  REQUEST_TOO_LARGE: 'The request is larger than the gateway or the provider accepts.',
  UNAUTHENTICATED: 'No API key was sent.',
  INVALID_API_KEY: 'The API key is unknown, revoked or expired.',
  PERMISSION_DENIED: 'The API key may not do this.',
  MODEL_NOT_FOUND: 'There is no such model.',
  NOT_FOUND: 'There is no such entity.',
  CONFLICT: 'The request contradicts the current state.',
  RATE_LIMIT_EXCEEDED: 'A rate limit of the gateway is used up.',
  INSUFFICIENT_QUOTA: 'A budget of the gateway is used up.',
  OVERLOADED: 'The gateway has no capacity at the moment.',
  CONTENT_FILTERED: 'The provider refused the content.',
  NOT_CACHED: 'Only a kept answer was wanted, and there is none.',
  CANCELLED: 'The client left before the end.',
  INTERRUPTED: 'The gateway stopped before the end.',
  PROVIDER_ERROR: 'The provider failed.',
  PROVIDER_AUTH: "The provider refused the gateway's credential.",
  PROVIDER_TIMEOUT: 'The provider did not answer in time.',
  PROVIDER_UNAVAILABLE: 'The provider cannot be reached.',
  PROVIDER_RATE_LIMITED: "The provider's rate limit is used up.",
  UPSTREAM_TRUNCATED: "The provider's answer broke off.",
  INTERNAL_ERROR: 'A fault of the gateway; the request id finds it in the log.',
}

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'The closed list of failures.',
  values: enumValues(),
})

/** The table's words as enum values; `Object.fromEntries` loses the keys, which are the codes. */
function enumValues(): { [C in Code]: { value: C; description: string } } {
  const entries = errorCodes.map((code) => [code, { value: code, description: descriptions[code] }])
  return Object.fromEntries(entries) as { [C in Code]: { value: C; description: string } }
}
