import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { Agent, buildConnector, errors } from 'undici'
import type { Connection } from '../providers/provider.ts'

/**
 * The connections to one provider. Time is kept here and in upstream-limits.ts: undici's own timers
 * are up to a second late.
 */
export function openAgent({ caFile, timeoutConnectMs }: Connection): Agent {
  const connect = buildConnector({
    // One connection for each running answer: on a shared one, a reader that pauses would halt the others.
    allowH2: false,
    timeout: 0,
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  })
  return new Agent({
    connect: connectWithin(timeoutConnectMs, connect),
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

/** Until the connection is ready to be written to, TLS included. */
function connectWithin(ms: number, connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    const socket: unknown = connect(options, (...result) => {
      clearTimeout(timer)
      callback(...result)
    })
    const timer = setTimeout(() => {
      if (socket instanceof Socket) socket.destroy(new errors.ConnectTimeoutError())
    }, ms)
  }
}
