import { GatewayError } from '../errors.ts'
import type { DeploymentBounds, VirtualModel } from '../protocol/routing-policy.ts'

/** What bounds each model, `provider/model`, by the virtual models of which it is a part; it holds by whatever name it is called. */
export function boundsByModel(
  models: readonly VirtualModel[],
  idOf: (name: string) => string,
): Map<string, DeploymentBounds> {
  const found = new Map<string, DeploymentBounds>()
  for (const { id, bounds } of boundParts(models, idOf)) found.set(id, bounds)
  return found
}

/** Places where a model is bounded in another way than before: it is one deployment, wherever it is named. */
export function boundProblems(models: readonly VirtualModel[], idOf: (name: string) => string) {
  const first = new Map<string, string>()
  return boundParts(models, idOf).flatMap(({ id, bounds, path }) => {
    const told = JSON.stringify(bounds)
    if ((first.get(id) ?? told) === told) {
      first.set(id, told)
      return []
    }
    return [
      { path, message: `\`${id}\` has other bounds elsewhere: they hold wherever it is named` },
    ]
  })
}

function boundParts(models: readonly VirtualModel[], idOf: (name: string) => string) {
  return models.flatMap(({ name, deployments }) =>
    deployments.flatMap(({ model, bounds }, index) => {
      const id = bounds && known(model, idOf)
      if (id === undefined || !bounds) return []
      return [{ id, bounds, path: `models.${name}.deployments[${index}]` }]
    }),
  )
}

/** A name that means nothing is reported elsewhere. */
function known(name: string, idOf: (name: string) => string): string | undefined {
  try {
    return idOf(name)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
