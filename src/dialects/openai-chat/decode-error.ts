import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import { cannotPay, classifyError } from './classify-error.ts'
import { readError } from './read-error.ts'

/** The failure that an upstream's HTTP answer means. */
export function decodeChatError(failure: UpstreamFailure): GatewayError {
  const { status, body, headers } = failure
  return toGatewayError(body, { status, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure that stands in a 200 answer: a frame of a stream, or the whole body. */
export function decodeInlineError(body: unknown): GatewayError {
  return toGatewayError(body, { status: undefined, waitMs: undefined })
}

interface Circumstances {
  status: number | undefined
  waitMs: number | undefined
}

function toGatewayError(body: unknown, { status, waitMs }: Circumstances): GatewayError {
  const facts = readError(body)
  const code = classifyError(status, facts)
  const answered = `it answered ${status ?? 'amid a stream'}`
  const said = scrub(facts.message ?? `${answered} ${bodyKind(body)}`)
  const unpaid = cannotPay(facts) || (status ?? facts.status) === 402
  const shown = unpaid ? noCredit : sentences.get(code)
  const mayWait = code === 'PROVIDER_RATE_LIMITED' || code === 'PROVIDER_UNAVAILABLE'
  return new GatewayError({
    code,
    message: shown ?? `The provider refused the request: ${said}`,
    cause: new Error(`${answered}: ${said}`),
    path: shown === undefined ? facts.param : undefined,
    upstreamStatus: status,
    ...(mayWait && { retryAfterMs: waitMs }),
    ...(code === 'MODEL_NOT_FOUND' && { failover: true }),
  })
}

const noCredit = "The provider says that the account behind the gateway's credential cannot pay."

/** For what is not the client's fault the provider's words go to the log alone, as the cause. */
const sentences: ReadonlyMap<ErrorCode, string> = new Map([
  ['PROVIDER_AUTH', 'The provider refused the credential that the gateway holds for it.'],
  ['PROVIDER_RATE_LIMITED', 'The provider limits the rate of requests. Try again later.'],
  ['PROVIDER_TIMEOUT', 'The provider gave up waiting. Try again.'],
  ['PROVIDER_UNAVAILABLE', 'The provider is overloaded or out of service. Try again later.'],
  ['PROVIDER_ERROR', 'The provider failed to answer the request. Try again.'],
])

/** A page of HTML or a plain text is never quoted. */
function bodyKind(body: unknown): string {
  return typeof body === 'string' ? 'with a body that is not JSON' : 'without a reason'
}

const messageMax = 500

function scrub(message: string): string {
  const clean = message
    .replace(/\bBearer\s+\S+/gi, 'Bearer [redacted]')
    .replace(
      /\b(?:sk|pk|rk|xai|gsk|hf|key|org|proj|xr)[-_](?=[\w*-]*[\d*])[\w*-]{6,}/gi,
      '[redacted]',
    )
    .replace(/\bAIza[\w-]{10,}/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
