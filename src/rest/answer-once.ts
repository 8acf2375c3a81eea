import type { FastifyReply, FastifyRequest } from 'fastify'
import { idempotencyHeader, type Idempotency } from '../idempotency.ts'
import type { Actor } from '../protocol/actor.ts'

/** Answers a request with an `Idempotency-Key`: by its handler the first time, as then every other time. */
export async function answerOnce(
  {
    idempotency,
    actor,
    handle,
  }: {
    idempotency: Idempotency
    actor: Actor
    handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
  },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const begun = await idempotency.begin({
    actor,
    key: request.headers[idempotencyHeader] ?? '',
    route: request.routeOptions.url ?? '',
    body: request.body,
    requestId: request.id,
    response: reply.raw,
  })
  if ('replay' in begun) {
    const { status, headers, body } = begun.replay
    return reply.code(status).headers(headers).send(body)
  }
  request.onSettled = begun.onSettled
  return handle(request, reply)
}
