import type { Logger } from 'pino'

/** What is logged of one HTTP exchange: no bodies and no credentials. */
export interface LoggedRequest {
  requestId: string
  method: string
  route: string
  status: number
  ms: number
  actor: string | undefined
}

/** One line for each exchange. */
export function logRequest(
  logger: Logger,
  level: 'debug' | 'info',
  { requestId, method, route, status, ms, actor }: LoggedRequest,
): void {
  logger[level]({ requestId, method, route, status, ms: Math.round(ms), actor }, 'request')
}
