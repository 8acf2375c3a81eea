import { GatewayError } from '../errors.ts'
import type { DecodedRequest } from '../protocol/chat-door.ts'
import type { ChatEvent } from '../protocol/event.ts'

type PlaceOf = NonNullable<DecodedRequest['placeOf']>

/** An event that tells of the request, in the words of its door. */
export function inDoorWords(event: ChatEvent, placeOf: PlaceOf | undefined): ChatEvent {
  if (!placeOf) return event
  if (event.type === 'warning') return { ...event, message: renamePaths(event.message, placeOf) }
  if (event.type === 'error') return { ...event, error: errorInDoorWords(event.error, placeOf) }
  return event
}

/** A failure that names a member of the request. */
export function errorInDoorWords(error: GatewayError, placeOf: PlaceOf): GatewayError {
  const { code, path, message, cause, upstreamStatus, failover, retryAfterMs } = error
  if (path === undefined) return error
  return new GatewayError({
    code,
    path: placeOf(path),
    message: renamePaths(message, placeOf),
    cause,
    upstreamStatus,
    failover,
    retryAfterMs,
  })
}

/** In messages paths stand in quotes. */
function renamePaths(message: string, placeOf: PlaceOf): string {
  return message.replace(/([`'])([\w.[\]]+)\1/g, (_, quote: string, path: string) => {
    return `${quote}${placeOf(path)}${quote}`
  })
}
