import { GatewayError } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import type { Catalogue, CatalogueModel } from './catalogue.ts'

/** The models that an actor may use, sorted by id. */
export function visibleModels(catalogue: Catalogue, actor: Actor): CatalogueModel[] {
  return catalogue.models.filter((model) => maySee(actor, model))
}

/** The model that a name means to an actor; undefined when there is none that it may use. */
export function visibleModel(
  catalogue: Catalogue,
  actor: Actor,
  name: string,
): CatalogueModel | undefined {
  try {
    const { id } = catalogue.target(name)
    const model = catalogue.models.find((each) => each.id === id)
    return model && maySee(actor, model) ? model : undefined
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** The names of the providers of which an actor may use a model, sorted. */
export function visibleProviders(catalogue: Catalogue, actor: Actor): string[] {
  const mayUseSome = (provider: string): boolean =>
    actor.models?.some((model) => model.startsWith(`${provider}/`)) ?? true
  return [...catalogue.providers.keys()].filter(mayUseSome).toSorted()
}

/** A virtual model is there for whoever may use it as such, or one of its deployments. */
function maySee(actor: Actor, { id, virtual }: CatalogueModel): boolean {
  return mayUse(actor, id) || (virtual?.models.some((model) => mayUse(actor, model)) ?? false)
}

/** Whether the actor's allow-list of models has this one: exact, or `provider/*`. */
export function mayUse(actor: Actor, id: string): boolean {
  if (actor.models === null) return true
  return actor.models.some(
    (allowed) => allowed === id || (allowed.endsWith('/*') && id.startsWith(allowed.slice(0, -1))),
  )
}
