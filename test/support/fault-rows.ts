import type { ErrorCode } from '../../src/errors.ts'
import type { Answer } from './simulators/exchange.ts'
import {
  dripAfter,
  errorFrameAfter,
  garbage,
  hang,
  htmlErrorPage,
  httpError,
  malformedFrameAfter,
  overloaded529,
  oversizedLine,
  rateLimited,
  resetAfter,
  resetBeforeHead,
  stallAfter,
  truncateAfter,
  wrongContentType,
} from './simulators/faults.ts'

/** One way in which a provider fails, and what must come of it. */
export interface Fault {
  name: string
  /** The name in the gateway's configuration; `openai` when absent. */
  provider?: string
  /** What it does before it has said anything; absent where the connection itself is the fault. */
  before?: Answer
  /** What it does after its first words: a stream's content, or half of a JSON body. */
  after?: Answer
  /** The error's code, and another one where the door is JSON; `none` for a whole answer. */
  code: ErrorCode | 'none'
  jsonCode?: ErrorCode
  /** Only for one of the two modes. */
  mode?: 'json' | 'stream'
  says?: RegExp
  /** The status with which the provider answered. */
  upstreamStatus: number | null
  retryAfter?: string
}

const timeout = 'PROVIDER_TIMEOUT'
const failure = 'PROVIDER_ERROR'
const truncated = 'UPSTREAM_TRUNCATED'
const unavailable = 'PROVIDER_UNAVAILABLE'

/** The connection: it is not made, it breaks, or nothing comes out of it. */
const connections: Fault[] = [
  {
    name: 'refused',
    provider: 'refused',
    code: unavailable,
    says: /could not be reached \(ECONNREFUSED\)/,
    upstreamStatus: null,
  },
  {
    name: 'TLS: self-signed',
    provider: 'self-signed',
    code: unavailable,
    says: /DEPTH_ZERO_SELF_SIGNED_CERT/,
    upstreamStatus: null,
  },
  { name: 'TLS: self-signed, in ca_file', provider: 'trusted', code: 'none', upstreamStatus: 200 },
  {
    name: 'TLS: the server speaks none',
    provider: 'plain',
    code: unavailable,
    says: /could not be reached \((ERR_SSL|EPROTO)/,
    upstreamStatus: null,
  },
  { name: 'no HTTP', provider: 'no-http', code: failure, says: /no HTTP/, upstreamStatus: null },
  {
    name: 'connect timeout',
    provider: 'unconnectable',
    code: timeout,
    says: /within 150 ms \(timeout_connect_ms\)/,
    upstreamStatus: null,
  },
  {
    name: 'first-byte timeout',
    provider: 'first-byte',
    before: hang(),
    code: timeout,
    says: /within 150 ms \(timeout_first_byte_ms\)/,
    upstreamStatus: null,
  },
  {
    name: 'idle timeout',
    provider: 'idle',
    before: stallAfter(1),
    after: stallAfter(4),
    code: timeout,
    says: /for 150 ms .*\(timeout_idle_ms\)/,
    upstreamStatus: 200,
  },
  {
    name: 'idle timeout: head alone',
    provider: 'idle',
    before: (exchange) => exchange.startStream(),
    code: timeout,
    says: /for 150 ms .*\(timeout_idle_ms\)/,
    upstreamStatus: 200,
  },
  {
    name: 'total timeout',
    provider: 'total',
    before: hang(),
    code: timeout,
    says: /within 300 ms \(timeout_total_ms\)/,
    upstreamStatus: null,
  },
  {
    name: 'total timeout: it drips',
    provider: 'total',
    before: dripAfter(1, 20),
    after: dripAfter(4, 20),
    code: timeout,
    says: /within 300 ms \(timeout_total_ms\)/,
    upstreamStatus: 200,
  },
  {
    name: 'reset',
    before: resetBeforeHead(),
    after: resetAfter(4),
    code: unavailable,
    says: /closed the connection/,
    upstreamStatus: null,
  },
  {
    name: 'reset after the head',
    before: resetAfter(1),
    code: truncated,
    says: /closed the connection/,
    upstreamStatus: 200,
  },
  {
    name: 'closed without an answer',
    before: (exchange) => exchange.destroy(),
    code: unavailable,
    says: /closed the connection before it answered/,
    upstreamStatus: null,
  },
  {
    name: 'closed in the body',
    before: begunAnd(1, (exchange) => exchange.destroy()),
    after: begunAnd(4, (exchange) => exchange.destroy()),
    code: truncated,
    says: /closed the connection/,
    upstreamStatus: 200,
  },
]

/** The answer is there, but it is not what was promised. */
const bodies: Fault[] = [
  {
    name: 'truncated',
    before: truncateAfter(1),
    after: truncateAfter(4),
    code: truncated,
    jsonCode: failure,
    upstreamStatus: 200,
  },
  {
    name: 'terminator alone',
    mode: 'stream',
    before: (exchange) => {
      exchange.done()
      exchange.end()
    },
    code: truncated,
    upstreamStatus: 200,
  },
  {
    name: 'empty body',
    before: (exchange) => exchange.text(200, ''),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'empty stream',
    mode: 'stream',
    before: begunAnd(0, (exchange) => exchange.end()),
    code: truncated,
    upstreamStatus: 200,
  },
  {
    name: 'garbage',
    before: garbage(),
    after: begunAnd(4, (exchange) => {
      exchange.write('data: \u0000\u001F}{][\n\n<!')
      exchange.end()
    }),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'malformed frame',
    mode: 'stream',
    before: malformedFrameAfter(1),
    after: malformedFrameAfter(4),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'wrong content type',
    mode: 'stream',
    before: wrongContentType(),
    code: failure,
    says: /no valid JSON \(content-type application\/octet-stream\)/,
    upstreamStatus: 200,
  },
  {
    name: 'wrong content type, whole JSON',
    mode: 'json',
    before: wrongContentType('text/plain'),
    code: 'none',
    upstreamStatus: 200,
  },
  {
    name: 'oversized line',
    mode: 'stream',
    before: oversizedLine(5 * 1024 ** 2),
    after: begunAnd(4, oversizedLine(5 * 1024 ** 2)),
    code: failure,
    says: /more than 4194304 characters/,
    upstreamStatus: 200,
  },
  {
    name: 'oversized event of short lines',
    mode: 'stream',
    before: endlessEvent,
    after: begunAnd(4, endlessEvent),
    code: failure,
    says: /more than 4194304 characters/,
    upstreamStatus: 200,
  },
  {
    name: 'oversized JSON',
    mode: 'json',
    before: (exchange) => exchange.text(200, ' '.repeat(65 * 1024 ** 2)),
    code: failure,
    says: /more than 67108864 bytes/,
    upstreamStatus: 200,
  },
  {
    name: 'HTML page with 200',
    before: htmlErrorPage(200),
    code: failure,
    says: /no valid JSON \(content-type text\/html\)/,
    upstreamStatus: 200,
  },
  {
    name: 'error frame',
    mode: 'stream',
    before: errorFrameAfter(1),
    after: errorFrameAfter(4),
    code: failure,
    upstreamStatus: 200,
  },
  {
    name: 'JSON error with 200',
    before: (exchange) => exchange.json(200, exchange.provider.errorBody(500)),
    code: failure,
    upstreamStatus: 200,
  },
]

/** The provider says no. */
const statuses: Fault[] = [
  {
    name: '401',
    before: httpError(401),
    code: 'PROVIDER_AUTH',
    says: /refused the credential/,
    upstreamStatus: 401,
  },
  {
    name: '401, its body stalls',
    provider: 'idle',
    before: (exchange) => {
      exchange.head(401, { 'content-type': 'application/json' })
      exchange.write('{"error":')
    },
    code: 'PROVIDER_AUTH',
    upstreamStatus: 401,
  },
  {
    name: '401, its body breaks',
    before: (exchange) => {
      exchange.head(401, { 'content-type': 'application/json' })
      exchange.write('{"error":')
      exchange.reset()
    },
    code: 'PROVIDER_AUTH',
    upstreamStatus: 401,
  },
  { name: '403', before: httpError(403), code: 'PROVIDER_AUTH', upstreamStatus: 403 },
  { name: '404', before: httpError(404), code: 'MODEL_NOT_FOUND', upstreamStatus: 404 },
  {
    name: '429 with Retry-After',
    before: rateLimited(7),
    code: 'PROVIDER_RATE_LIMITED',
    upstreamStatus: 429,
    retryAfter: '7',
  },
  { name: '429', before: rateLimited(), code: 'PROVIDER_RATE_LIMITED', upstreamStatus: 429 },
  { name: '500', before: httpError(500), code: failure, upstreamStatus: 500 },
  { name: '529', before: overloaded529, code: unavailable, upstreamStatus: 529 },
  { name: 'HTML page with 502', before: htmlErrorPage(502), code: failure, upstreamStatus: 502 },
  {
    name: 'redirect',
    before: (exchange) => exchange.text(302, '', { location: 'http://127.0.0.1:9/' }),
    code: failure,
    upstreamStatus: 302,
  },
]

export const faults: readonly Fault[] = [...connections, ...bodies, ...statuses]

/** First so many frames of the own answer, then a fault. */
function begunAnd(frames: number, fault: Answer): Answer {
  return (exchange) => {
    exchange.begin(frames)
    return fault(exchange)
  }
}

/** An event that never closes, though each of its lines does. */
async function endlessEvent(exchange: Parameters<Answer>[0]): Promise<void> {
  const lines = `data: ${'x'.repeat(120)}\n`.repeat(512)
  for (let bytes = 0; bytes < 6 * 1024 ** 2 && !exchange.gone; bytes += lines.length) {
    exchange.write(lines)
    await exchange.flushed()
  }
  exchange.end()
}
