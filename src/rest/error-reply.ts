import type { FastifyReply } from 'fastify'
import { openaiChatDoor } from '../dialects/openai-chat/chat-door.ts'
import type { GatewayError } from '../errors.ts'

/** Answers in the words of the route's dialect, OpenAI's elsewhere, with `retry-after` where a wait is known. */
export function replyError(reply: FastifyReply, error: GatewayError): FastifyReply {
  if (error.retryAfterMs !== undefined) {
    void reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
  }
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer realm="XRouter"')
  const { request } = reply
  const encode = request.routeOptions.config.encodeError ?? openaiChatDoor.encodeError
  const { body, status = error.status } = encode(error, request.id)
  return reply.code(status).send(body)
}
