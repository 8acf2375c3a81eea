/** A `google.rpc.Status`, as the service sends it. */
export class GeminiError extends Error {
  readonly code: number
  readonly status: string
  readonly details: object[]

  constructor(code: number, status: string, message: string, details: object[] = []) {
    super(message)
    this.code = code
    this.status = status
    this.details = details
  }

  body(): object {
    const { code, message, status, details } = this
    return { error: { code, message, status, ...(details.length > 0 && { details }) } }
  }
}

export function invalid(message: string): GeminiError {
  return new GeminiError(400, 'INVALID_ARGUMENT', message)
}

/** A wrong key is no 401. */
export function wrongKey(): GeminiError {
  const message = 'API key not valid. Please pass a valid API key.'
  return new GeminiError(400, 'INVALID_ARGUMENT', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
    { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', locale: 'en-US', message },
  ])
}

export function missingKey(): GeminiError {
  const message =
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
  return new GeminiError(403, 'PERMISSION_DENIED', message)
}

export function unknownModel(model: string): GeminiError {
  const message = `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`
  return new GeminiError(404, 'NOT_FOUND', message)
}

export function tooLong(tokens: number, limit: number): GeminiError {
  return invalid(
    `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${limit}).`,
  )
}

export function missingSignature(): GeminiError {
  return invalid(
    'Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance.',
  )
}

/** The only hint at how long to wait stands in the body. */
export function quotaExceeded(seconds = 34.4): GeminiError {
  const message = `You exceeded your current quota, please check your plan and billing details. Please retry in ${seconds}s.`
  return new GeminiError(429, 'RESOURCE_EXHAUSTED', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [{ quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier' }],
    },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` },
  ])
}

/** The body that goes with a status when a test only names the status. */
export function errorFor(status: number): GeminiError {
  return typical[status] ?? new GeminiError(status, 'INTERNAL', 'An internal error has occurred.')
}

const typical: Record<number, GeminiError> = {
  400: invalid('Request contains an invalid argument.'),
  401: new GeminiError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'),
  403: missingKey(),
  404: unknownModel('none'),
  429: quotaExceeded(),
  499: new GeminiError(499, 'CANCELLED', 'The operation was cancelled.'),
  503: new GeminiError(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  504: new GeminiError(
    504,
    'DEADLINE_EXCEEDED',
    'Deadline expired before operation could complete.',
  ),
}
