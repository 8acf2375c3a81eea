import type { FastifyReply } from 'fastify'
import type { AttemptStart, CacheLookup } from '../protocol/event.ts'

/** The headers tell of the deployment that was called last: the one that answers, or the last that failed. */
export function nameDeployment(
  reply: FastifyReply,
  { provider, model, number }: Omit<AttemptStart, 'type'>,
): void {
  void reply.headers({
    'x-xrouter-provider': provider,
    'x-xrouter-model': headerText(model),
    'x-xrouter-attempts': String(number),
  })
}

/** Of several completions in one answer all must have been kept for it to be a `hit`. */
export function nameCacheResult(reply: FastifyReply, { result, origin }: CacheLookup): void {
  const before = reply.getHeader(cacheHeader)
  const same = before === undefined || before === 'off' || before === result
  void reply.header(cacheHeader, same ? result : 'miss')
  if (origin) nameDeployment(reply, { ...origin, number: 0 })
}

export const cacheHeader = 'x-xrouter-cache'

/** A name may have any character, a header only a few: the others are percent-encoded. */
function headerText(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}
