import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer of `{type: "error", error: {type, message}}` means. */
export function decodeAnthropicError({ status, body, headers }: UpstreamFailure): GatewayError {
  return toGatewayError(body, { status, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure that comes as an event of a stream, or in a 200 answer. */
export function decodeInlineError(body: unknown): GatewayError {
  return toGatewayError(body, { status: undefined, waitMs: undefined })
}

interface Facts {
  type: string | undefined
  message: string | undefined
  /** Finer than the type, in places. */
  detail: string | undefined
}

interface Circumstances {
  status: number | undefined
  waitMs: number | undefined
}

function toGatewayError(body: unknown, { status, waitMs }: Circumstances): GatewayError {
  const facts = readFacts(body)
  const code = classify(status, facts)
  const said = scrub(facts.message ?? 'without a reason')
  const mayWait = code === 'PROVIDER_RATE_LIMITED' || code === 'PROVIDER_UNAVAILABLE'
  return new GatewayError({
    code,
    message: sentenceOf(code, status, facts) ?? `The provider refused the request: ${said}`,
    cause: new Error(`it answered ${status ?? 'amid its answer'}: ${facts.type ?? ''} ${said}`),
    upstreamStatus: status,
    ...(mayWait && { retryAfterMs: waitMs }),
    ...(code === 'MODEL_NOT_FOUND' && { failover: true }),
  })
}

function readFacts(body: unknown): Facts {
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
  const details = isRecord(error['details']) ? error['details'] : {}
  return {
    type: text(error['type']),
    message: text(error['message']),
    detail: text(details['error_code']),
  }
}

/** The type says more than the status, and is all that there is amid a stream. */
function classify(status: number | undefined, facts: Facts): ErrorCode {
  if (cannotPay(status, facts)) return 'PROVIDER_AUTH'
  const { type, message = '' } = facts
  const meant = (type !== undefined && byType.get(type)) || byStatus.get(status ?? 500)
  if (meant === undefined) {
    return status !== undefined && status >= 400 && status < 500
      ? refusal(message)
      : 'PROVIDER_ERROR'
  }
  return meant === 'INVALID_REQUEST' ? refusal(message) : meant
}

function refusal(message: string): ErrorCode {
  if (tooLong.test(message)) return 'CONTEXT_LENGTH_EXCEEDED'
  return filtered.test(message) ? 'CONTENT_FILTERED' : 'INVALID_REQUEST'
}

const tooLong = /prompt is too long|exceeds? the (model'?s )?context|context (window|limit|length)/i
const filtered = /blocked by (our )?content filter/i

const byType: ReadonlyMap<string, ErrorCode> = new Map([
  ['invalid_request_error', 'INVALID_REQUEST'],
  ['authentication_error', 'PROVIDER_AUTH'],
  ['billing_error', 'PROVIDER_AUTH'],
  ['permission_error', 'PROVIDER_AUTH'],
  ['not_found_error', 'MODEL_NOT_FOUND'],
  ['conflict_error', 'PROVIDER_UNAVAILABLE'],
  ['request_too_large', 'REQUEST_TOO_LARGE'],
  ['rate_limit_error', 'PROVIDER_RATE_LIMITED'],
  ['timeout_error', 'PROVIDER_TIMEOUT'],
  ['overloaded_error', 'PROVIDER_UNAVAILABLE'],
  ['api_error', 'PROVIDER_ERROR'],
])

/** Of a proxy in front, whose body is not the API's. */
const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'PROVIDER_AUTH'],
  [402, 'PROVIDER_AUTH'],
  [403, 'PROVIDER_AUTH'],
  [404, 'MODEL_NOT_FOUND'],
  [408, 'PROVIDER_TIMEOUT'],
  [409, 'PROVIDER_UNAVAILABLE'],
  [413, 'REQUEST_TOO_LARGE'],
  [429, 'PROVIDER_RATE_LIMITED'],
  [503, 'PROVIDER_UNAVAILABLE'],
  [504, 'PROVIDER_TIMEOUT'],
  [529, 'PROVIDER_UNAVAILABLE'],
])

/** An empty account is told as a 400, a limit of spending as a 400 or a 429: no waiting helps. */
function cannotPay(status: number | undefined, { type, message = '', detail }: Facts): boolean {
  if (status === 402 || type === 'billing_error') return true
  if (detail === 'enforced_spend_limit_reached') return true
  return /credit balance is too low|(usage|spend)(ing)? limits? (you|that)|specified API usage limits/i.test(
    message,
  )
}

/** For what is not the client's fault the provider's words go to the log alone, as the cause. */
function sentenceOf(code: ErrorCode, status: number | undefined, facts: Facts): string | undefined {
  if (cannotPay(status, facts)) {
    return 'The provider says that the account behind the gateway’s credential cannot pay.'
  }
  return sentences.get(code)
}

const sentences: ReadonlyMap<ErrorCode, string> = new Map([
  ['PROVIDER_AUTH', 'The provider refused the credential that the gateway holds for it.'],
  ['PROVIDER_RATE_LIMITED', 'The provider limits the rate of requests. Try again later.'],
  ['PROVIDER_TIMEOUT', 'The provider gave up waiting. Try again.'],
  ['PROVIDER_UNAVAILABLE', 'The provider is overloaded or out of service. Try again later.'],
  ['PROVIDER_ERROR', 'The provider failed to answer the request. Try again.'],
])

const messageMax = 500

function scrub(message: string): string {
  const clean = message
    .replace(/\bsk-ant-[\w-]+/gi, '[redacted]')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
