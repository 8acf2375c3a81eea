import type { FastifyReply } from 'fastify'
import type { AttemptStart } from '../protocol/event.ts'

/** The headers tell of the deployment that was called last: the one that answers, or the last that failed. */
export function nameDeployment(
  reply: FastifyReply,
  { provider, model, number }: AttemptStart,
): void {
  void reply.headers({
    'x-xrouter-provider': provider,
    'x-xrouter-model': headerText(model),
    'x-xrouter-attempts': String(number),
  })
}

/** A name may have any character, a header only a few: the others are percent-encoded. */
function headerText(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}
