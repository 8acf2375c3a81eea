import type { VirtualModel } from '../protocol/routing-policy.ts'
import type { CatalogueModel, Deployment, Target } from './catalogue.ts'
import type { Deployments } from './deployments.ts'

/** What stands for the provider of a model that is none of a single one. */
const virtualProvider = 'virtual'

/** A virtual model with the deployments of its parts, the preferred ones first. */
export function virtualTarget(
  { name, policy, deployments }: VirtualModel,
  partOf: (part: VirtualModel['deployments'][number]) => Deployments,
): Target {
  const all = deployments.flatMap(partOf).toSorted((a, b) => a.priority - b.priority)
  const [first, ...others] = all
  if (!first) throw new Error(`the virtual model ${name} has no deployment`)
  return { id: name, virtual: true, policy, deployments: [first, ...others] }
}

/** A virtual model as the list of models shows it: it can do what one of its deployments can. */
export function virtualListing(
  { id, policy, deployments }: Target,
  known: ReadonlyMap<string, CatalogueModel>,
): CatalogueModel {
  const models = distinct(deployments.map(({ modelId }) => modelId))
  const facts = models.flatMap((model) => known.get(model) ?? [])
  return {
    id,
    name: id,
    provider: virtualProvider,
    virtual: { strategy: policy.strategy, models },
    contextLength: most(facts.map((each) => each.contextLength)),
    maxOutputTokens: most(facts.map((each) => each.maxOutputTokens)),
    inputModalities: distinct(facts.flatMap((each) => each.inputModalities ?? [])),
    features: distinct(facts.flatMap((each) => each.features ?? [])),
    supportedParameters: distinct(facts.flatMap((each) => each.supportedParameters ?? [])),
    price: samePrice(deployments),
  }
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)]
}

function most(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** Deployments of different prices have none together. */
function samePrice(deployments: readonly Deployment[]): CatalogueModel['price'] {
  const [first] = deployments
  const price = JSON.stringify(first?.price)
  return deployments.every((each) => JSON.stringify(each.price) === price)
    ? first?.price
    : undefined
}
