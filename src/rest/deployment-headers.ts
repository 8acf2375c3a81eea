import type {
  AttemptChosen,
  AttemptStart,
  CacheLookup,
  ChatEvent,
  Origin,
} from '../protocol/event.ts'
import type { Exchange } from './exchange.ts'

/** The headers tell of the deployment that was called last, which answers or failed, or of the one that answers among several. */
export function nameDeployment(exchange: Exchange, event: AttemptStart | AttemptChosen): void {
  nameOrigin(exchange, event, event.type === 'attempt-chosen' ? event.attempts : event.number)
}

/** Whether an event says who answers, as far as is known. */
export function namesDeployment(event: ChatEvent): event is AttemptStart | AttemptChosen {
  return event.type === 'attempt-start' || event.type === 'attempt-chosen'
}

function nameOrigin(exchange: Exchange, { provider, model }: Origin, attempts: number): void {
  exchange.set('x-xrouter-provider', provider)
  exchange.set('x-xrouter-model', headerText(model))
  exchange.set('x-xrouter-attempts', String(attempts))
}

/** Of several completions in one answer all must have been kept for it to be a `hit`. */
export function nameCacheResult(exchange: Exchange, { result, origin }: CacheLookup): void {
  const before = exchange.header(cacheHeader)
  const same = before === undefined || before === 'off' || before === result
  exchange.set(cacheHeader, same ? result : 'miss')
  if (origin) nameOrigin(exchange, origin, 0)
}

export const cacheHeader = 'x-xrouter-cache'

/** A name may have any character, a header only a few: the others are percent-encoded. */
function headerText(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}
