import type { FastifyReply } from 'fastify'
import type { AttemptChosen, AttemptStart, ChatEvent } from '../protocol/event.ts'

/** The headers tell of the deployment that was called last, which answers or failed, or of the one that answers among several. */
export function nameDeployment(reply: FastifyReply, event: AttemptStart | AttemptChosen): void {
  const { provider, model } = event
  void reply.headers({
    'x-xrouter-provider': provider,
    'x-xrouter-model': headerText(model),
    'x-xrouter-attempts': String(event.type === 'attempt-chosen' ? event.attempts : event.number),
  })
}

/** Whether an event says who answers, as far as is known. */
export function namesDeployment(event: ChatEvent): event is AttemptStart | AttemptChosen {
  return event.type === 'attempt-start' || event.type === 'attempt-chosen'
}

/** A name may have any character, a header only a few: the others are percent-encoded. */
function headerText(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}
