import { GatewayError } from '../errors.ts'
import { hasScope, type Actor, type Scope } from '../protocol/actor.ts'

/** Throws PERMISSION_DENIED unless the actor holds the scope; `what` ends the sentence "may not …". */
export function requireScope(actor: Actor, scope: Scope, what: string): void {
  if (hasScope(actor, scope)) return
  throw denied(`This API key may not ${what}; it needs the scope ${scope}.`)
}

/** A refusal that says what is missing. */
export function denied(message: string): GatewayError {
  return new GatewayError({ code: 'PERMISSION_DENIED', message })
}
