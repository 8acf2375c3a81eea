import { idempotencyHeader, type Idempotency } from '../idempotency.ts'
import type { Door } from './doors.ts'

/** The handler of requests that may come with an `Idempotency-Key`: such a one is answered by it once, as then every other time. */
export function once(idempotency: Idempotency, handle: Door['handle']): Door['handle'] {
  return async (exchange) => {
    const { headers, id: requestId, route, body, response } = exchange
    const key = headers[idempotencyHeader]
    if (key === undefined) return handle(exchange)
    const { actor } = exchange
    const begun = await idempotency.begin({ actor, key, route, body, requestId, response })
    if (!('replay' in begun)) {
      exchange.onSettled = begun.onSettled
      return handle(exchange)
    }
    const { replay } = begun
    for (const [name, value] of Object.entries(replay.headers)) exchange.set(name, value)
    exchange.send(replay.body, replay.status)
  }
}
