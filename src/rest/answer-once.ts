import { idempotencyHeader, type Idempotency } from '../idempotency.ts'
import type { Door } from './doors.ts'
import type { Exchange } from './exchange.ts'

/** The handler of requests that may come with an `Idempotency-Key`: such a one is answered by it once, as then every other time. */
export function once(idempotency: Idempotency, handle: Door['handle']): Door['handle'] {
  return (exchange) => {
    const key = exchange.headers[idempotencyHeader]
    return key === undefined ? handle(exchange) : answerOnce(idempotency, handle, { exchange, key })
  }
}

async function answerOnce(
  idempotency: Idempotency,
  handle: Door['handle'],
  { exchange, key }: { exchange: Exchange; key: string | string[] },
): Promise<void> {
  const { actor, id: requestId, route, body, response } = exchange
  const begun = await idempotency.begin({ actor, key, route, body, requestId, response })
  if (!('replay' in begun)) {
    exchange.onSettled = begun.onSettled
    return handle(exchange)
  }
  const { replay } = begun
  for (const [name, value] of Object.entries(replay.headers)) exchange.set(name, value)
  exchange.send(replay.body, replay.status)
}
