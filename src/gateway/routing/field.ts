import type { Deployment } from '../catalogue.ts'
import type { DeploymentStates, DeploymentView } from '../deployment-view.ts'

/** A deployment and what is known of it at this moment. */
export interface Contender {
  deployment: Deployment
  view: DeploymentView
}

/** Those among whom a strategy chooses. */
export interface Field {
  contenders: readonly Contender[]
  /** Whether one may be called now; asked once, when its turn comes. */
  admits: (contender: Contender) => boolean
}

const known = new WeakMap<
  readonly Deployment[],
  { states: DeploymentStates; contenders: readonly Contender[] }
>()

/** Some deployments with their states; of a list that `lasts` they are looked up once. */
export function contendersOf(
  states: DeploymentStates,
  deployments: readonly Deployment[],
  { lasts }: { lasts: boolean },
): readonly Contender[] {
  if (!lasts) return deployments.map((deployment) => ({ deployment, view: states.of(deployment) }))
  const found = known.get(deployments)
  if (found?.states === states) return found.contenders
  const contenders = deployments.map((deployment) => ({
    deployment,
    view: states.kept(deployment),
  }))
  known.set(deployments, { states, contenders })
  return contenders
}
