import type { Deployment } from '../catalogue.ts'
import type { DeploymentStates, DeploymentView } from '../deployment-view.ts'

/** A deployment and what is known of it at this moment. */
export interface Contender {
  deployment: Deployment
  view: DeploymentView
}

export interface Contenders {
  contenders: readonly Contender[]
  /** Their places in any order, for whoever draws from them. */
  urn: Uint32Array
}

/** Those among whom a strategy chooses. */
export interface Field extends Contenders {
  /** Whether one may be called now; asked once, when its turn comes. */
  admits: (contender: Contender) => boolean
}

const known = new WeakMap<readonly Deployment[], { states: DeploymentStates; made: Contenders }>()

/** Some deployments with their states; of a list that `lasts` they are looked up once. */
export function contendersOf(
  states: DeploymentStates,
  deployments: readonly Deployment[],
  { lasts }: { lasts: boolean },
): Contenders {
  const found = lasts ? known.get(deployments) : undefined
  if (found?.states === states) return found.made
  const contenders = deployments.map((deployment) => ({
    deployment,
    view: lasts ? states.kept(deployment) : states.of(deployment),
  }))
  const made = { contenders, urn: Uint32Array.from(contenders.keys()) }
  if (lasts) known.set(deployments, { states, made })
  return made
}
