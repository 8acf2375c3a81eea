import type { Fault } from './fault.ts'
import { bodies } from './fault-bodies.ts'
import {
  afterFrames,
  dripAfter,
  hang,
  htmlErrorPage,
  httpError,
  overloaded529,
  rateLimited,
  resetAfter,
  resetBeforeHead,
  stallAfter,
} from './simulators/faults.ts'

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
    before: afterFrames(1, (exchange) => exchange.destroy()),
    after: afterFrames(4, (exchange) => exchange.destroy()),
    code: truncated,
    says: /closed the connection/,
    upstreamStatus: 200,
  },
]

/** The provider says no. */
const statuses: Fault[] = [
  {
    name: 'status 401',
    before: httpError(401),
    code: 'PROVIDER_AUTH',
    says: /refused the credential/,
    upstreamStatus: 401,
  },
  {
    name: 'status 401, its body stalls',
    provider: 'idle',
    before: (exchange) => {
      exchange.head(401, { 'content-type': 'application/json' })
      exchange.write('{"error":')
    },
    code: 'PROVIDER_AUTH',
    upstreamStatus: 401,
  },
  {
    name: 'status 401, its body breaks',
    before: (exchange) => {
      exchange.head(401, { 'content-type': 'application/json' })
      exchange.write('{"error":')
      exchange.reset()
    },
    code: 'PROVIDER_AUTH',
    upstreamStatus: 401,
  },
  { name: 'status 403', before: httpError(403), code: 'PROVIDER_AUTH', upstreamStatus: 403 },
  { name: 'status 404', before: httpError(404), code: 'MODEL_NOT_FOUND', upstreamStatus: 404 },
  {
    name: 'status 429 with Retry-After',
    before: rateLimited(7),
    code: 'PROVIDER_RATE_LIMITED',
    upstreamStatus: 429,
    retryAfter: '7',
  },
  { name: 'status 429', before: rateLimited(), code: 'PROVIDER_RATE_LIMITED', upstreamStatus: 429 },
  { name: 'status 500', before: httpError(500), code: failure, upstreamStatus: 500 },
  { name: 'status 529', before: overloaded529, code: unavailable, upstreamStatus: 529 },
  { name: 'status 502, HTML page', before: htmlErrorPage(502), code: failure, upstreamStatus: 502 },
  {
    name: 'status 302, redirect',
    before: (exchange) => exchange.text(302, '', { location: 'http://127.0.0.1:9/' }),
    code: failure,
    upstreamStatus: 302,
  },
]

export const faults: readonly Fault[] = [...connections, ...bodies, ...statuses]
