import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer of `{status, message}` means. */
export function decodeGigachatError({ status, body, headers }: UpstreamFailure): GatewayError {
  return toGatewayError(body, { status, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure in a 200 answer, or in a frame of a stream. */
export function decodeInlineError(body: Record<string, unknown>): GatewayError {
  return toGatewayError(body, { status: undefined, waitMs: undefined })
}

interface Circumstances {
  status: number | undefined
  waitMs: number | undefined
}

function toGatewayError(body: unknown, { status, waitMs }: Circumstances): GatewayError {
  const told = isRecord(body) ? body['status'] : undefined
  const meant = status ?? (typeof told === 'number' ? told : 500)
  const message = isRecord(body) ? text(body['message']) : undefined
  const code = classify(meant, message)
  const said = scrub(message ?? 'without a reason')
  return new GatewayError({
    code,
    message: sentenceOf(code, meant) ?? `The provider refused the request: ${said}`,
    cause: new Error(`it answered ${status ?? 'amid its answer'}: ${said}`),
    upstreamStatus: status,
    ...(code === 'PROVIDER_RATE_LIMITED' && { retryAfterMs: waitMs }),
    ...(otherModelMayDo.has(code) && { failover: true }),
  })
}

const otherModelMayDo: ReadonlySet<ErrorCode> = new Set(['MODEL_NOT_FOUND', 'UNSUPPORTED_FEATURE'])

/** A body without a message is that of a proxy in front, which knows nothing of models and prompts. */
function classify(status: number, message: string | undefined): ErrorCode {
  switch (status) {
    case 401:
    case 402:
    case 403:
      return 'PROVIDER_AUTH'
    case 404:
      if (message === undefined) return 'PROVIDER_ERROR'
      return /model/i.test(message) ? 'MODEL_NOT_FOUND' : refusal(message)
    case 408:
      return 'PROVIDER_TIMEOUT'
    case 413:
      return message === undefined ? 'REQUEST_TOO_LARGE' : 'CONTEXT_LENGTH_EXCEEDED'
    case 429:
      return 'PROVIDER_RATE_LIMITED'
    case 503:
      return 'PROVIDER_UNAVAILABLE'
    default:
      return status >= 400 && status < 500 ? refusal(message ?? '') : 'PROVIDER_ERROR'
  }
}

const lacking = /does not support functions|^Tool \S+ is unavailable|^Unknown tool /i
const tooLong =
  /context (length|size|window)|too (long|many tokens)|tokens? limit|Payload too large/i

function refusal(message: string): ErrorCode {
  if (lacking.test(message)) return 'UNSUPPORTED_FEATURE'
  return tooLong.test(message) ? 'CONTEXT_LENGTH_EXCEEDED' : 'INVALID_REQUEST'
}

/** For what is not the client's fault the provider's words go to the log alone, as the cause. */
function sentenceOf(code: ErrorCode, status: number): string | undefined {
  if (status === 402) {
    return 'The provider says that the account behind the gateway’s credential has no tokens left for this model.'
  }
  return sentences.get(code)
}

const sentences: ReadonlyMap<ErrorCode, string> = new Map([
  ['PROVIDER_AUTH', 'The provider refused the credential that the gateway holds for it.'],
  ['PROVIDER_RATE_LIMITED', 'The provider limits how many requests run at once. Try again later.'],
  ['PROVIDER_TIMEOUT', 'The provider gave up waiting. Try again.'],
  ['PROVIDER_UNAVAILABLE', 'The provider is out of service. Try again later.'],
  ['PROVIDER_ERROR', 'The provider failed to answer the request. Try again.'],
])

const messageMax = 500

/** Tokens are JWTs, credentials base64: no word of such a length is shown. */
function scrub(message: string): string {
  const clean = message.replace(/[A-Za-z0-9+/_=.-]{80,}/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
