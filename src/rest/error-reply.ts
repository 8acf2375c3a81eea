import type { FastifyReply } from 'fastify'
import { encodeErrorBody } from '../dialects/openai-chat/encode-error.ts'
import type { GatewayError } from '../errors.ts'

/** Answers with OpenAI's error body and, where a wait is known, `retry-after`. */
export function replyError(reply: FastifyReply, error: GatewayError): FastifyReply {
  if (error.retryAfterMs !== undefined) {
    void reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
  }
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer realm="XRouter"')
  return reply.code(error.status).send(encodeErrorBody(error))
}
