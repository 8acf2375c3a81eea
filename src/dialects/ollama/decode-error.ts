import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer means. */
export function decodeOllamaError({ status, body, headers }: UpstreamFailure): GatewayError {
  return toGatewayError(reasonOf(body), { status, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure that stands in a line of a 200 answer. */
export function decodeOllamaInlineError(body: unknown): GatewayError {
  return toGatewayError(reasonOf(body), { status: undefined, waitMs: undefined })
}

interface Circumstances {
  status: number | undefined
  waitMs: number | undefined
}

function toGatewayError(
  reason: string | undefined,
  { status, waitMs }: Circumstances,
): GatewayError {
  const code = read(reason ?? '', status) ?? byStatus(status ?? 500)
  const answered = `it answered ${status ?? 'amid a stream'}`
  const said = scrub(reason ?? `${answered} without a reason`)
  const mayWait = code === 'PROVIDER_RATE_LIMITED' || code === 'PROVIDER_UNAVAILABLE'
  return new GatewayError({
    code,
    message: sentences.get(code) ?? `The provider refused the request: ${said}`,
    cause: new Error(`${answered}: ${said}`),
    upstreamStatus: status,
    ...(mayWait && { retryAfterMs: waitMs }),
    // What one model cannot do, or one server has not, another may.
    ...((code === 'MODEL_NOT_FOUND' || code === 'UNSUPPORTED_FEATURE') && { failover: true }),
  })
}

/** `{"error": "…"}`; the compatible API and proxies put an object there. */
function reasonOf(body: unknown): string | undefined {
  const error = isRecord(body) ? body['error'] : undefined
  return text(isRecord(error) ? error['message'] : error)
}

/** A runner that fails answers 500 whatever was wrong, and a line amid a stream has no status at all. */
function read(reason: string, status = 400): ErrorCode | undefined {
  const found = wordings.find(({ pattern }) => pattern.test(reason))
  return found && (status === 400 || found.always) ? found.code : undefined
}

const wordings: readonly { pattern: RegExp; code: ErrorCode; always?: true }[] = [
  { pattern: /does not support \w+/i, code: 'UNSUPPORTED_FEATURE' },
  {
    pattern:
      /exceeds? (the )?(available |maximum |max )?context (length|size)|exceeded max context length/i,
    code: 'CONTEXT_LENGTH_EXCEEDED',
    always: true,
  },
  { pattern: /model ["'].*["'] not found/i, code: 'MODEL_NOT_FOUND' },
  { pattern: /^server busy/i, code: 'PROVIDER_UNAVAILABLE', always: true },
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
  [502, 'PROVIDER_UNAVAILABLE'],
  [503, 'PROVIDER_UNAVAILABLE'],
  [504, 'PROVIDER_TIMEOUT'],
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

/** A link for signing in is the operator's alone, as keys are. */
function scrub(message: string): string {
  const clean = message.replace(/https?:\/\/\S+\?\S+/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
