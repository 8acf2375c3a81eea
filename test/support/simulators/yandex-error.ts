/** A failure as the service words it; one object for both APIs, whose bodies differ. */
export class YandexError extends Error {
  readonly status: number
  readonly grpcCode: number

  constructor(status: number, grpcCode: number, message: string) {
    super(message)
    this.status = status
    this.grpcCode = grpcCode
  }

  body(api: 'native' | 'openai'): object {
    const { status, grpcCode, message } = this
    if (api === 'openai') return { error: { message, type: types[status] ?? 'server_error' } }
    const httpStatus = phrases[status] ?? 'Internal Server Error'
    return { error: { grpcCode, httpCode: status, message, httpStatus, details: [] } }
  }
}

const types: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
}

const phrases: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

export const invalid = (message: string) => new YandexError(400, 3, message)

export const folderMismatch = (asked: string, own: string) =>
  invalid(`Specified folder ID '${asked}' does not match with service account folder ID '${own}'`)

export const unknownKey = (key: string) =>
  new YandexError(401, 16, `Unknown api key '${key.slice(0, 4)}****${key.slice(-4)} (CE9D1A49)'`)

export const expiredKey = () => new YandexError(401, 16, 'The apikey has expired')

/** The wording is not recorded; status and code are. */
export const expiredToken = () => new YandexError(401, 16, 'The token has expired')

export const unknownModel = (api: 'native' | 'openai') =>
  new YandexError(404, 5, api === 'openai' ? 'Failed to get model' : 'model not found')

export const tooManySessions = (allowed: number) =>
  new YandexError(
    429,
    8,
    'ai.textGenerationCompletionSessionsCount.count gauge quota limit exceed: ' +
      `allowed ${allowed} requests`,
  )

/** Both numbers count the service's own tokens. */
export const tooLong = invalid('number of input tokens must be no more than 32768, got 40000')

/** The body that goes with a status when a test only names the status. */
export function errorFor(status: number): YandexError {
  return typical[status] ?? new YandexError(status, 13, 'Internal error')
}

const typical: Record<number, YandexError> = {
  400: invalid('empty message text'),
  401: unknownKey('AQVN0000000098iI'),
  403: new YandexError(403, 7, 'Permission denied'),
  404: new YandexError(404, 5, 'model not found'),
  429: tooManySessions(10),
  503: new YandexError(503, 14, 'Service unavailable'),
}
