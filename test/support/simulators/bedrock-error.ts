/** A failure in the service's words. */
export class BedrockError extends Error {
  readonly status: number
  readonly type: string

  constructor(status: number, type: string, message: string) {
    super(message)
    this.status = status
    this.type = type
  }

  /** The layer of authentication writes its member with a capital. */
  body(): object {
    return this.type === 'MissingAuthenticationToken'
      ? { Message: this.message }
      : { message: this.message }
  }
}

export function invalid(message: string): BedrockError {
  return new BedrockError(400, 'ValidationException', message)
}

export const unknownModel = invalid('The provided model identifier is invalid.')

export const tooLong = invalid(
  'The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length.',
)

export const wrongToken = new BedrockError(
  403,
  'UnrecognizedClientException',
  'The security token included in the request is invalid.',
)

export const wrongKey = new BedrockError(
  403,
  'MissingAuthenticationToken',
  'Authentication failed: Please make sure your API Key is valid.',
)

export const wrongSignature = new BedrockError(
  403,
  'InvalidSignatureException',
  'The request signature we calculated does not match the signature you provided.',
)

/** What goes with a status when a test only names the status. */
export function errorFor(status: number): BedrockError {
  const [type, message] = typical[status] ?? ['InternalServerException', 'Internal failure.']
  return new BedrockError(status, type, message)
}

const typical: Record<number, [string, string] | undefined> = {
  400: ['ValidationException', 'Malformed input request.'],
  403: ['AccessDeniedException', "You don't have access to the model with the specified model ID."],
  404: ['ResourceNotFoundException', 'This model version has reached the end of its life.'],
  408: ['ModelTimeoutException', 'The model took too long.'],
  424: ['ModelErrorException', 'The model failed.'],
  429: ['ThrottlingException', 'Too many requests, please wait before trying again.'],
  503: ['ServiceUnavailableException', 'The service is unavailable.'],
}
