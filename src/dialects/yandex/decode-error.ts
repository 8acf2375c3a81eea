import { type ErrorCode, GatewayError } from '../../errors.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'

/** The failure that an HTTP answer means, of the native and of the OpenAI-compatible API. */
export function decodeYandexError({ status, body, headers }: UpstreamFailure): GatewayError {
  return toGatewayError(body, { status, waitMs: retryAfterMs(headers, Date.now()) })
}

/** The failure that stands in a 200 answer: a line of a stream, or the whole body. */
export function decodeYandexInlineError(body: unknown): GatewayError {
  return toGatewayError(body, { status: undefined, waitMs: undefined })
}

interface Circumstances {
  status: number | undefined
  waitMs: number | undefined
}

function toGatewayError(body: unknown, { status, waitMs }: Circumstances): GatewayError {
  const facts = readFailure(body)
  const reading = read(facts.message ?? '') ?? byStatus(status ?? facts.status)
  const { code, sentence = sentences.get(code) } = reading
  const answered = `it answered ${status ?? 'amid a stream'}`
  const said = scrub(facts.message ?? `${answered} without a reason`)
  const mayWait = code === 'PROVIDER_RATE_LIMITED' || code === 'PROVIDER_UNAVAILABLE'
  return new GatewayError({
    code,
    message: sentence ?? `The provider refused the request: ${said}`,
    cause: new Error(`${answered}: ${said}`),
    upstreamStatus: status,
    ...(mayWait && { retryAfterMs: waitMs }),
    ...(code === 'MODEL_NOT_FOUND' && { failover: true }),
  })
}

interface Facts {
  message: string | undefined
  /** The HTTP status that the body names, else the one that its gRPC code stands for. */
  status: number
}

/** `{error: {grpcCode, httpCode, message}}`; amid a stream the names may have underscores. */
function readFailure(body: unknown): Facts {
  const outer = isRecord(body) ? body : {}
  const { error } = outer
  const inside = isRecord(error) ? error : outer
  const http = inside['httpCode'] ?? inside['http_code']
  const grpc = inside['grpcCode'] ?? inside['grpc_code'] ?? inside['code']
  const meant = typeof grpc === 'number' ? statusOfGrpc.get(grpc) : undefined
  return {
    message: text(inside['message']) ?? text(error),
    status: typeof http === 'number' ? http : (meant ?? 500),
  }
}

const statusOfGrpc: ReadonlyMap<number, number> = new Map([
  [3, 400],
  [4, 504],
  [5, 404],
  [7, 403],
  [8, 429],
  [9, 400],
  [11, 400],
  [14, 503],
  [16, 401],
])

interface Reading {
  code: ErrorCode
  /** What a client is told, where the table has nothing better. */
  sentence?: string
}

/** The service has few codes: a wrong model, folder or length is a plain 400, and some keys too. */
function read(message: string): Reading | undefined {
  return wordings.find(([pattern]) => pattern.test(message))?.[1]
}

const wordings: readonly (readonly [RegExp, Reading])[] = [
  [
    /folder id .*does not match/i,
    {
      code: 'PROVIDER_AUTH',
      sentence:
        "The gateway's credential for the provider belongs to another folder than folder_id.",
    },
  ],
  [/unknown api key|api ?key (has expired|is invalid)/i, { code: 'PROVIDER_AUTH' }],
  [/code = (Unauthenticated|PermissionDenied)\b/, { code: 'PROVIDER_AUTH' }],
  [/code = ResourceExhausted\b/, { code: 'PROVIDER_RATE_LIMITED' }],
  [/failed to get model|invalid model_?uri/i, { code: 'MODEL_NOT_FOUND' }],
  [
    /number of input tokens must be no more than|text length is \d+, which is outside/i,
    { code: 'CONTEXT_LENGTH_EXCEEDED' },
  ],
]

function byStatus(status: number): Reading {
  const code = codeOfStatus.get(status)
  if (code) return { code }
  return { code: status >= 400 && status < 500 ? 'INVALID_REQUEST' : 'PROVIDER_ERROR' }
}

const codeOfStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'PROVIDER_AUTH'],
  [402, 'PROVIDER_AUTH'],
  [403, 'PROVIDER_AUTH'],
  [404, 'MODEL_NOT_FOUND'],
  [408, 'PROVIDER_TIMEOUT'],
  [413, 'REQUEST_TOO_LARGE'],
  [429, 'PROVIDER_RATE_LIMITED'],
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

/** Keys, IAM tokens and folders are the operator's alone. */
function scrub(message: string): string {
  const clean = message.replace(/\b(?:AQVN|t1\.|b1g)[\w.*-]{6,}/g, '[redacted]')
  return clean.length > messageMax ? `${clean.slice(0, messageMax)}…` : clean
}
