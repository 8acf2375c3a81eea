import { errors } from 'undici'
import { GatewayError, type ErrorCode } from '../errors.ts'
import type { Connection } from '../providers/provider.ts'
import type { TimeLimit } from './upstream-limits.ts'

/** Where a call stood when its connection failed. */
export interface ConnectionState {
  provider: string
  connection: Connection
  /** Whether the head of an answer had arrived. */
  head: boolean
  /** Which of our own limits ended it. */
  reached: TimeLimit | undefined
}

/** What a failure of the socket means: which of the four timeouts, no connection, or an answer cut short. */
export function connectionError(error: unknown, state: ConnectionState): GatewayError {
  const { provider, connection, head, reached } = state
  const code = errorCode(error)
  const fail = (gatewayCode: ErrorCode, what: string): GatewayError =>
    new GatewayError({
      code: gatewayCode,
      message: `The provider \`${provider}\` ${what}.`,
      cause: error,
    })

  if (reached) return fail('PROVIDER_TIMEOUT', tooLate(reached, connection))
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return fail(
      'PROVIDER_TIMEOUT',
      `could not be connected to within ${connection.timeoutConnectMs} ms (timeout_connect_ms)`,
    )
  }
  if (error instanceof errors.HTTPParserError || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return fail('PROVIDER_ERROR', 'answered with something that is no HTTP')
  }
  if (!code || isProgrammingError(code)) throw error
  if (head)
    return fail('UPSTREAM_TRUNCATED', 'closed the connection before its answer was complete')
  if (closing.has(code))
    return fail('PROVIDER_UNAVAILABLE', `closed the connection before it answered (${code})`)
  return fail('PROVIDER_UNAVAILABLE', `could not be reached (${code})`)
}

/** True where no connection came about, so that nobody can have read the request. */
export function neverConnected(error: unknown): boolean {
  return unreachable.has(errorCode(error) ?? '')
}

const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function tooLate(limit: TimeLimit, connection: Connection): string {
  switch (limit) {
    case 'first-byte':
      return `did not begin to answer within ${connection.timeoutFirstByteMs} ms (timeout_first_byte_ms)`
    case 'idle':
      return `fell silent for ${connection.timeoutIdleMs} ms in its answer (timeout_idle_ms)`
    case 'total':
      return `did not finish its answer within ${connection.timeoutTotalMs} ms (timeout_total_ms)`
    default:
      return limit satisfies never
  }
}

/** What a connection that was made can end with. */
const closing: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Node's own codes tell of a wrong call, but for those of TLS and of streams. */
function isProgrammingError(code: string): boolean {
  if (code === 'UND_ERR_INVALID_ARG') return true
  return code.startsWith('ERR_') && !/^ERR_(TLS|SSL|STREAM|HTTP)/.test(code)
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return errorCode(error.cause)
}
