/** What the table says of one error code. */
export interface ErrorFact {
  /** HTTP status of the REST and GraphQL doors; 499 is only ever logged. */
  status: number
  /** Whether another deployment may succeed where this one failed, and whether a client may try again. */
  retryable: boolean
  /** `error.type` of an OpenAI error body. */
  openaiType: string
  /** `error.code` of an OpenAI error body: OpenAI's own word where it has one. */
  openaiCode: string
}

/** The closed list of failures: every surface, log line and metric takes its words from here. */
export const errorTable = {
  INVALID_REQUEST: fact(400, false, 'invalid_request_error', 'invalid_request'),
  UNSUPPORTED_FEATURE: fact(400, false, 'invalid_request_error', 'unsupported_feature'),
  CONTEXT_LENGTH_EXCEEDED: fact(400, false, 'invalid_request_error', 'context_length_exceeded'),
  REQUEST_TOO_LARGE: fact(413, false, 'invalid_request_error', 'request_too_large'),
  UNAUTHENTICATED: fact(401, false, 'invalid_request_error', 'unauthenticated'),
  INVALID_API_KEY: fact(401, false, 'invalid_request_error', 'invalid_api_key'),
  PERMISSION_DENIED: fact(403, false, 'invalid_request_error', 'permission_denied'),
  MODEL_NOT_FOUND: fact(404, false, 'invalid_request_error', 'model_not_found'),
  NOT_FOUND: fact(404, false, 'invalid_request_error', 'not_found'),
  CONFLICT: fact(409, false, 'invalid_request_error', 'conflict'),
  RATE_LIMIT_EXCEEDED: fact(429, true, 'requests', 'rate_limit_exceeded'),
  INSUFFICIENT_QUOTA: fact(402, false, 'insufficient_quota', 'insufficient_quota'),
  OVERLOADED: fact(503, true, 'service_unavailable_error', 'overloaded'),
  CONTENT_FILTERED: fact(400, false, 'invalid_request_error', 'content_filtered'),
  NOT_CACHED: fact(504, false, 'invalid_request_error', 'not_cached'),
  CANCELLED: fact(499, false, 'invalid_request_error', 'cancelled'),
  INTERRUPTED: fact(500, true, 'server_error', 'interrupted'),
  PROVIDER_ERROR: fact(502, true, 'server_error', 'provider_error'),
  PROVIDER_AUTH: fact(502, true, 'server_error', 'provider_auth'),
  PROVIDER_TIMEOUT: fact(504, true, 'server_error', 'provider_timeout'),
  PROVIDER_UNAVAILABLE: fact(503, true, 'service_unavailable_error', 'provider_unavailable'),
  PROVIDER_RATE_LIMITED: fact(503, true, 'service_unavailable_error', 'provider_rate_limited'),
  UPSTREAM_TRUNCATED: fact(502, true, 'server_error', 'upstream_truncated'),
  INTERNAL_ERROR: fact(500, true, 'server_error', 'internal_error'),
} satisfies Record<string, ErrorFact>

export type ErrorCode = keyof typeof errorTable

export const errorCodes = codesOf(errorTable)

export interface GatewayErrorOptions {
  code: ErrorCode
  /** What was wrong and what to do; never a secret, a prompt or a whole upstream body. */
  message: string
  cause?: unknown
  /** How long to wait before another try, in milliseconds, where the upstream or a limit said so. */
  retryAfterMs?: number | undefined
  /** The member of the request that is at fault, as `messages[0].content`. */
  path?: string | undefined
  /** The HTTP status with which an upstream answered. */
  upstreamStatus?: number | undefined
  /** Whether the next deployment is tried; the table's word unless the place that throws knows better. */
  failover?: boolean | undefined
}

/** The one expected failure of the gateway; everything else that is thrown is a bug and masked. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly path: string | undefined
  readonly upstreamStatus: number | undefined
  /** True when another deployment may be tried after this failure. */
  readonly failover: boolean

  constructor(options: GatewayErrorOptions) {
    super(options.message, { cause: options.cause })
    this.name = 'GatewayError'
    this.code = options.code
    this.retryAfterMs = options.retryAfterMs
    this.path = options.path
    this.upstreamStatus = options.upstreamStatus
    this.failover = options.failover ?? errorTable[options.code].retryable
  }

  /** HTTP status for a client. */
  get status(): number {
    return errorTable[this.code].status
  }

  /** Whether the client may send the same request again. */
  get retryable(): boolean {
    return errorTable[this.code].retryable
  }
}

/** A request that is invalid in a way for which HTTP has a status of its own. */
export class InvalidHttpRequest extends GatewayError {
  readonly #status: number

  constructor(status: 405 | 406 | 415, message: string) {
    super({ code: 'INVALID_REQUEST', message })
    this.#status = status
  }

  override get status(): number {
    return this.#status
  }
}

/** What a client is told of a failure that nobody foresaw; the cause goes to the log alone. */
export function internalError(cause: unknown): GatewayError {
  return new GatewayError({
    code: 'INTERNAL_ERROR',
    message: 'Something went wrong inside the gateway. The request id finds it in the log.',
    cause,
  })
}

/** Failures that are the provider's: neither the client's, nor ours, nor those of a client that left. */
const providerFaults: ReadonlySet<ErrorCode> = new Set([
  'PROVIDER_ERROR',
  'PROVIDER_AUTH',
  'PROVIDER_TIMEOUT',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_RATE_LIMITED',
  'UPSTREAM_TRUNCATED',
])

/** Whether a failure speaks against the provider that was called. */
export function isProviderFault(code: ErrorCode): boolean {
  return providerFaults.has(code)
}

/** A 400 that names the member at fault. */
export function invalidRequest(path: string | undefined, message: string): GatewayError {
  return new GatewayError({ code: 'INVALID_REQUEST', message, path })
}

/** `Object.keys` forgets that the keys of a literal are known; nothing adds others to it. */
function codesOf<Code extends string>(table: Record<Code, ErrorFact>): Code[] {
  return Object.keys(table) as Code[]
}

function fact(
  status: number,
  retryable: boolean,
  openaiType: string,
  openaiCode: string,
): ErrorFact {
  return { status, retryable, openaiType, openaiCode }
}
