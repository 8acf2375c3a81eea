import type { FastifyReply } from 'fastify'
import { openaiChatDoor } from '../dialects/openai-chat/chat-door.ts'
import type { GatewayError } from '../errors.ts'
import type { EncodeError } from '../protocol/chat-door.ts'

/**
 * A failure as a door answers it: in the words of its dialect, with `retry-after` where a wait is known, and
 * with `x-should-retry: false` where another try is in vain.
 */
export function errorAnswer(
  error: GatewayError,
  encode: EncodeError,
  requestId: string,
): { status: number; headers: [name: string, value: string][]; body: unknown } {
  const headers: [string, string][] = []
  if (error.retryAfterMs !== undefined) {
    headers.push(['retry-after', String(Math.ceil(error.retryAfterMs / 1000))])
  }
  if (error.status === 401) headers.push(['www-authenticate', 'Bearer realm="XRouter"'])
  const { body, status = error.status } = encode(error, requestId)
  // The SDKs would repeat it for its status alone.
  if (!error.retryable && error.retryAfterMs === undefined && isRepeated(status))
    headers.push(['x-should-retry', 'false'])
  return { status, headers, body }
}

/** What the official SDKs send again unless they are told not to. */
function isRepeated(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500
}

/** Answers in the words of the route's dialect, OpenAI's elsewhere. */
export function replyError(reply: FastifyReply, error: GatewayError): FastifyReply {
  const { request } = reply
  const encode = request.routeOptions.config.encodeError ?? openaiChatDoor.encodeError
  const { status, headers, body } = errorAnswer(error, encode, request.id)
  return reply.code(status).headers(Object.fromEntries(headers)).send(body)
}
