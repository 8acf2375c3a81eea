import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer means: its name stands in a header, or in the body. */
export function decodeBedrockError({ status, body, headers }: UpstreamFailure): GatewayError {
  const inBody = isRecord(body) ? text(body['__type']) : undefined
  const name = nameIn(text(headers['x-amzn-errortype'])) ?? nameIn(inBody?.split('#').at(-1))
  return toGatewayError({ name, status, body, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure that an exception amid a stream means; its name begins with a small letter there. */
export function decodeException(type: string, payload: unknown): GatewayError {
  const name = nameIn(type.charAt(0).toUpperCase() + type.slice(1))
  return toGatewayError({ name, status: undefined, body: payload })
}

interface Failure {
  name: string | undefined
  status: number | undefined
  body: unknown
  /** The service names no wait; what stands before it may. */
  waitMs?: number | undefined
}

function toGatewayError({ name, status, body, waitMs }: Failure): GatewayError {
  const message = isRecord(body) ? (text(body['message']) ?? text(body['Message'])) : undefined
  const code = codeOf({ name, status, message: message ?? '' })
  const answered = `it answered ${status ?? 'amid a stream'} (${name ?? 'without a name'})`
  const said = scrub(message ?? `${answered} without a reason`)
  return new GatewayError({
    code,
    message: sentences.get(code) ?? `The provider refused the request: ${said}`,
    cause: new Error(`${answered}: ${said}`),
    upstreamStatus: status,
    ...(code === 'PROVIDER_RATE_LIMITED' && { retryAfterMs: waitMs }),
    ...(code === 'MODEL_NOT_FOUND' && { failover: true }),
  })
}

/** `ValidationException:http://internal.amazon.com/…` */
function nameIn(word: string | undefined): string | undefined {
  return word?.split(':', 1)[0]
}

function codeOf({
  name,
  status,
  message,
}: Omit<Failure, 'body' | 'waitMs'> & { message: string }): ErrorCode {
  const named = byName.get(name ?? '')
  if (named !== undefined) return named
  if (status === 400 || name === 'ValidationException') {
    return wordings.find(([pattern]) => pattern.test(message))?.[1] ?? 'INVALID_REQUEST'
  }
  const known = byStatus.get(status ?? 500)
  if (known !== undefined) return known
  return status !== undefined && status > 400 && status < 500 ? 'INVALID_REQUEST' : 'PROVIDER_ERROR'
}

const byName: ReadonlyMap<string, ErrorCode> = new Map([
  ['AccessDeniedException', 'PROVIDER_AUTH'],
  ['UnrecognizedClientException', 'PROVIDER_AUTH'],
  ['ExpiredTokenException', 'PROVIDER_AUTH'],
  ['InvalidSignatureException', 'PROVIDER_AUTH'],
  ['ResourceNotFoundException', 'MODEL_NOT_FOUND'],
  ['ThrottlingException', 'PROVIDER_RATE_LIMITED'],
  ['ServiceQuotaExceededException', 'PROVIDER_RATE_LIMITED'],
  ['ModelNotReadyException', 'PROVIDER_UNAVAILABLE'],
  ['ServiceUnavailableException', 'PROVIDER_UNAVAILABLE'],
  ['ConflictException', 'PROVIDER_UNAVAILABLE'],
  ['ModelTimeoutException', 'PROVIDER_TIMEOUT'],
  ['ModelErrorException', 'PROVIDER_ERROR'],
  ['ModelStreamErrorException', 'PROVIDER_ERROR'],
  ['InternalServerException', 'PROVIDER_ERROR'],
])

/** What is wrong with the model or its length is told in words alone. */
const wordings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/model identifier is invalid/i, 'MODEL_NOT_FOUND'],
  [/on-demand throughput isn.t supported/i, 'MODEL_NOT_FOUND'],
  [/input tokens exceeded|exceeds maximum length|input is too long/i, 'CONTEXT_LENGTH_EXCEEDED'],
  [/prompt is too long|maximum context length|context window/i, 'CONTEXT_LENGTH_EXCEEDED'],
]

const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'PROVIDER_AUTH'],
  [402, 'PROVIDER_AUTH'],
  [403, 'PROVIDER_AUTH'],
  [404, 'MODEL_NOT_FOUND'],
  [408, 'PROVIDER_TIMEOUT'],
  [413, 'REQUEST_TOO_LARGE'],
  [424, 'PROVIDER_ERROR'],
  [429, 'PROVIDER_RATE_LIMITED'],
  [503, 'PROVIDER_UNAVAILABLE'],
])

/** For what is not the client's fault the provider's words go to the log alone, as the cause. */
const sentences: ReadonlyMap<ErrorCode, string> = new Map([
  ['PROVIDER_AUTH', 'The provider refused the credential that the gateway holds for it.'],
  ['PROVIDER_RATE_LIMITED', 'The provider limits the rate of requests. Try again later.'],
  ['PROVIDER_TIMEOUT', 'The provider gave up waiting. Try again.'],
  ['PROVIDER_UNAVAILABLE', 'The provider is overloaded or out of service. Try again later.'],
  ['PROVIDER_ERROR', 'The provider failed to answer the request. Try again.'],
])

const messageMax = 500

/** Names of the operator's account are the operator's alone. */
function scrub(message: string): string {
  const clean = message
    .replace(/\barn:aws[\w-]*:\S+/g, '[redacted]')
    .replace(/\b(?:AKIA|ASIA|ABSK|bedrock-api-key-)[\w+/=-]+/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
