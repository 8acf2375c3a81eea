import { GatewayError, type ErrorCode } from '../errors.ts'
import type { Connection } from '../providers/provider.ts'

/** Where a call stood when its connection failed. */
export interface ConnectionState {
  provider: string
  connection: Connection
  /** Whether the head of an answer had arrived. */
  head: boolean
  /** Whether our own limit for the whole answer ended it. */
  timedOut: boolean
}

/** What a failure of the socket means: which of the four timeouts, no connection, or an answer cut short. */
export function connectionError(error: unknown, state: ConnectionState): GatewayError {
  const { provider, connection, head, timedOut } = state
  const code = errorCode(error)
  const fail = (gatewayCode: ErrorCode, what: string): GatewayError =>
    new GatewayError({
      code: gatewayCode,
      message: `The provider \`${provider}\` ${what}.`,
      cause: error,
    })

  if (timedOut) {
    return fail(
      'PROVIDER_TIMEOUT',
      `did not finish its answer within ${connection.timeoutTotalMs} ms (timeout_total_ms)`,
    )
  }
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return fail(
        'PROVIDER_TIMEOUT',
        `could not be connected to within ${connection.timeoutConnectMs} ms (timeout_connect_ms)`,
      )
    case 'UND_ERR_HEADERS_TIMEOUT':
      return fail(
        'PROVIDER_TIMEOUT',
        `did not begin to answer within ${connection.timeoutFirstByteMs} ms (timeout_first_byte_ms)`,
      )
    case 'UND_ERR_BODY_TIMEOUT':
      return fail(
        'PROVIDER_TIMEOUT',
        `fell silent for ${connection.timeoutIdleMs} ms in its answer (timeout_idle_ms)`,
      )
  }
  if (!code || isProgrammingError(code)) throw error
  if (code.startsWith('HPE_'))
    return fail('PROVIDER_ERROR', 'answered with something that is no HTTP')
  if (head)
    return fail('UPSTREAM_TRUNCATED', 'closed the connection before its answer was complete')
  return fail('PROVIDER_UNAVAILABLE', `could not be reached (${code})`)
}

/** Node's own codes tell of a wrong call, but for those of TLS and of streams. */
function isProgrammingError(code: string): boolean {
  return code.startsWith('ERR_') && !/^ERR_(TLS|SSL|STREAM|HTTP)/.test(code)
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return errorCode(error.cause)
}
