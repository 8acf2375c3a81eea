import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer means. */
export function decodeGeminiError({ status, body, headers }: UpstreamFailure): GatewayError {
  const facts = readFailure(body)
  return toGatewayError(facts, status, facts.retryMs ?? retryAfterMs(headers, Date.now()))
}

/** The failure that stands in a 200 answer. */
export function decodeGeminiInlineError(body: unknown): GatewayError {
  const facts = readFailure(body)
  return toGatewayError(facts, undefined, facts.retryMs)
}

function toGatewayError(
  facts: Facts,
  status: number | undefined,
  waitMs: number | undefined,
): GatewayError {
  const code = read(facts) ?? byStatus(status ?? facts.status)
  const answered = `it answered ${status ?? 'amid a stream'}`
  const said = scrub(facts.message ?? `${answered} without a reason`)
  const mayWait = code === 'PROVIDER_RATE_LIMITED' || code === 'PROVIDER_UNAVAILABLE'
  return new GatewayError({
    code,
    message: sentences.get(code) ?? `The provider refused the request: ${said}`,
    cause: new Error(`${answered}: ${said}`),
    upstreamStatus: status,
    ...(mayWait && !facts.isDaily && { retryAfterMs: waitMs }),
    ...(code === 'MODEL_NOT_FOUND' && { failover: true }),
  })
}

interface Facts {
  message: string | undefined
  /** The HTTP status that the body names. */
  status: number
  /** Google's words for what was wrong, such as `API_KEY_INVALID`. */
  reasons: string[]
  retryMs: number | undefined
  /** Whether a quota of the day is used up: the delay that is named with it does not help. */
  isDaily: boolean
}

/** `google.rpc.Status`; a stream that is no server-sent one has it in a list. */
function readFailure(body: unknown): Facts {
  const outer: unknown = Array.isArray(body) ? body.find(isRecord) : body
  const error = isRecord(outer) && isRecord(outer['error']) ? outer['error'] : {}
  const details = Array.isArray(error['details']) ? error['details'].filter(isRecord) : []
  const message = text(error['message'])
  const violations = details.flatMap(({ violations: some }) => (Array.isArray(some) ? some : []))
  const delay = details.map((detail) => text(detail['retryDelay'])).find(Boolean)
  return {
    message,
    status: typeof error['code'] === 'number' ? error['code'] : 500,
    reasons: details.flatMap((detail) => text(detail['reason']) ?? []),
    retryMs: milliseconds(delay ?? /retry in (\d+(?:\.\d+)?s)/.exec(message ?? '')?.[1]),
    isDaily: violations.some(
      (each) => isRecord(each) && /PerDay/.test(text(each['quotaId']) ?? ''),
    ),
  }
}

/** `34.4s` */
function milliseconds(duration: string | undefined): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(duration ?? '') ?? []
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

/** The service has few statuses: a bad key and a prompt that is too long are plain 400s. */
function read({ message = '', reasons }: Facts): ErrorCode | undefined {
  if (reasons.some((reason) => keyReasons.test(reason))) return 'PROVIDER_AUTH'
  return wordings.find(([pattern]) => pattern.test(message))?.[1]
}

const keyReasons = /^(API_KEY_|ACCESS_TOKEN_|CREDENTIALS_MISSING|SERVICE_DISABLED|BILLING_DISABLED)/

const wordings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/api key (not valid|expired|not found)/i, 'PROVIDER_AUTH'],
  [/location is not supported/i, 'PROVIDER_AUTH'],
  [/input token count .*exceeds the maximum/i, 'CONTEXT_LENGTH_EXCEEDED'],
  [/^models\/\S+ is not (found|supported)/i, 'MODEL_NOT_FOUND'],
  // A file of the request that is not there, or is another project's.
  [/\bthe file \S+ or it may not exist/i, 'INVALID_REQUEST'],
]

function byStatus(status: number): ErrorCode {
  const code = codeOfStatus.get(status)
  if (code) return code
  return status >= 400 && status < 500 ? 'INVALID_REQUEST' : 'PROVIDER_ERROR'
}

const codeOfStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'PROVIDER_AUTH'],
  [402, 'PROVIDER_AUTH'],
  [403, 'PROVIDER_AUTH'],
  [404, 'MODEL_NOT_FOUND'],
  [408, 'PROVIDER_TIMEOUT'],
  [413, 'REQUEST_TOO_LARGE'],
  [429, 'PROVIDER_RATE_LIMITED'],
  [499, 'PROVIDER_ERROR'],
  [503, 'PROVIDER_UNAVAILABLE'],
  [504, 'PROVIDER_TIMEOUT'],
])

/** For what is not the client's fault the provider's words go to the log alone, as the cause. */
const sentences: ReadonlyMap<ErrorCode, string> = new Map([
  ['PROVIDER_AUTH', 'The provider refused the credential that the gateway holds for it.'],
  ['PROVIDER_RATE_LIMITED', "The provider's quota is used up. Try again later."],
  ['PROVIDER_TIMEOUT', 'The provider gave up waiting. Try again.'],
  ['PROVIDER_UNAVAILABLE', 'The provider is overloaded or out of service. Try again later.'],
  ['PROVIDER_ERROR', 'The provider failed to answer the request. Try again.'],
])

const messageMax = 500

/** Keys are the operator's alone. */
function scrub(message: string): string {
  const clean = message.replace(/\b(?:AIza|ya29\.)[\w.*-]{6,}/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
