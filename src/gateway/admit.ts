import { GatewayError } from '../errors.ts'
import { hasScope, type Actor } from '../protocol/actor.ts'
import type { CallOrder } from './attempt-plan.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import { mayUse } from './visible-models.ts'
import type { GatewayDeps } from './deps.ts'
import type { Candidate, Route } from './route.ts'
import { priorityOf } from './priority.ts'
import { refuseWhenDraining } from './shutdown.ts'

/**
 * The gate in front of every upstream call: whether new work is taken, the actor's scope and its list of models. What the configuration
 * named and the actor may not use was passed over by routing; one that the client named is refused.
 */
export function admit(
  { shutdown, loadShed, resilience }: Pick<GatewayDeps, 'shutdown' | 'loadShed' | 'resilience'>,
  call: Call,
  routed: Pick<Route, 'candidates' | 'others' | 'priority'>,
): { order: CallOrder; priority: number } {
  refuseWhenDraining(shutdown)
  const priority = priorityOf(call, resilience.priorities, routed.priority)
  loadShed.check(priority)
  const { actor } = call
  if (!hasScope(actor, 'INFERENCE')) {
    throw denied('This API key may not make completions; it needs the scope INFERENCE.')
  }
  for (const each of routed.candidates) {
    if (!isPermitted(actor, each)) throw modelDenied(actor, each.deployment)
  }
  const [{ deployment: first }] = routed.candidates
  const others = () =>
    routed.others().flatMap((each) => (isPermitted(actor, each) ? each.deployment : []))
  return { order: { first, others }, priority }
}

function isPermitted(actor: Actor, { deployment, namedBy }: Candidate): boolean {
  return namedBy === 'configuration' || mayUse(actor, deployment.modelId)
}

function modelDenied(actor: Actor, deployment: Deployment): GatewayError {
  const allowed = (actor.models ?? []).join(', ') || 'none'
  return denied(
    `This API key may not use the model \`${deployment.modelId}\`; the models it may use: ${allowed}.`,
  )
}

function denied(message: string): GatewayError {
  return new GatewayError({ code: 'PERMISSION_DENIED', message, path: 'model' })
}
