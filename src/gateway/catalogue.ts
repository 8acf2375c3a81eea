import { GatewayError } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import type { PriceSnapshot } from '../protocol/settlement.ts'
import type { ModelInfo, Provider } from '../providers/provider.ts'

/** A model of a configured provider, as the list of models shows it. */
export interface CatalogueModel extends ModelInfo {
  /** `provider/model`. */
  id: string
  provider: string
}

/** A place to send a request to: a provider and its own name of the model. */
export interface Deployment {
  /** `provider/model`. */
  id: string
  provider: Provider
  model: string
  price: PriceSnapshot | undefined
  /** How many tokens an answer may have; undefined where that is not known. */
  maxOutputTokens?: number | undefined
}

/** What can be called, and under which names: what the configuration says, and what was learnt since. */
export interface Catalogue {
  providers: ReadonlyMap<string, Provider>
  /** Sorted by id. */
  models: readonly CatalogueModel[]
  /** The deployment that a name means; throws MODEL_NOT_FOUND with what to do. */
  resolve(name: string): Deployment
  /**
   * Adds models that a provider was found to have; of those that are here it fills in what was not known
   * of them from the start.
   */
  learn(provider: Provider, found: readonly ModelInfo[]): void
  /** Configured fallbacks of a deployment, as names. */
  fallbacksOf(id: string): readonly string[]
}

export interface CatalogueSettings {
  providers: readonly Provider[]
  aliases: Readonly<Record<string, string>>
  fallbacks: Readonly<Record<string, readonly string[]>>
  /** Configured prices by `provider/model`; they stand before the providers' own. */
  prices: ReadonlyMap<string, PriceSnapshot>
}

export function createCatalogue(settings: CatalogueSettings): Catalogue {
  const providers = new Map(settings.providers.map((provider) => [provider.id, provider]))
  const built = indexed(
    settings.providers.flatMap((provider) =>
      provider.models.map((model) => catalogued(provider, model)),
    ),
  )
  let known = built

  function catalogued(provider: Provider, model: ModelInfo): CatalogueModel {
    const id = `${provider.id}/${model.name}`
    return { ...model, id, provider: provider.id, price: settings.prices.get(id) ?? model.price }
  }

  function deployment(provider: Provider, model: string): Deployment {
    const id = `${provider.id}/${model}`
    const price = settings.prices.get(id) ?? known.byId.get(id)?.price ?? undatedPrice(id)
    const maxOutputTokens = known.byId.get(id)?.maxOutputTokens
    return { id, provider, model, price, maxOutputTokens }
  }

  /** A dated snapshot (`gpt-4o-2024-08-06`, `claude-opus-4-5-20251101`) costs what its model costs. */
  function undatedPrice(id: string): PriceSnapshot | undefined {
    return known.byId.get(id.replace(/-\d{4}-?\d{2}-?\d{2}$/, ''))?.price
  }

  function fullName(name: string): Deployment | undefined {
    const slash = name.indexOf('/')
    const provider = slash > 0 ? providers.get(name.slice(0, slash)) : undefined
    if (!provider) return undefined
    const model = name.slice(slash + 1)
    if (model === '' || !(provider.openModels || known.byId.has(name))) throw unknownModel(name)
    return deployment(provider, model)
  }

  function bareName(name: string): Deployment {
    const offers = known.byName.get(name) ?? []
    const [offer] = offers
    const provider = offer && providers.get(offer.provider)
    if (!provider) throw unknownModel(name)
    if (offers.length > 1) throw ambiguous(name, offers)
    return deployment(provider, name)
  }

  return {
    providers,
    get models() {
      return known.models
    },
    resolve(name) {
      const target = Object.hasOwn(settings.aliases, name) ? settings.aliases[name] : undefined
      const meant = target ?? name
      return fullName(meant) ?? bareName(meant)
    },
    learn(provider, found) {
      const all = new Map(known.byId)
      for (const model of found) {
        const fresh = catalogued(provider, model)
        const { id } = fresh
        const [before, fixed] = [known.byId.get(id), definedOf(built.byId.get(id))]
        all.set(id, { ...fresh, ...before, ...definedOf(fresh), ...fixed })
      }
      known = indexed([...all.values()])
    },
    fallbacksOf: (id) => (Object.hasOwn(settings.fallbacks, id) && settings.fallbacks[id]) || [],
  }
}

/** The members of a model that say something. */
function definedOf(model: CatalogueModel | undefined): Partial<CatalogueModel> {
  return Object.fromEntries(Object.entries(model ?? {}).filter(([, fact]) => fact !== undefined))
}

function indexed(models: CatalogueModel[]) {
  return {
    models: models.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    byId: new Map(models.map((model) => [model.id, model])),
    byName: Map.groupBy(models, (model) => model.name),
  }
}

/** Aliases, fallbacks and prices that name nothing: each with its place in the configuration. */
export function namesWithoutModel(
  catalogue: Catalogue,
  settings: Pick<CatalogueSettings, 'aliases' | 'fallbacks' | 'prices'>,
): { path: string; message: string }[] {
  const named = [
    ...Object.entries(settings.aliases).map(([alias, name]) => [`aliases.${alias}`, name]),
    ...Object.entries(settings.fallbacks).flatMap(([id, names]) => [
      [`fallbacks.${JSON.stringify(id)}`, id],
      ...names.map((name, index) => [`fallbacks.${JSON.stringify(id)}[${index}]`, name]),
    ]),
    ...[...settings.prices.keys()].map((id, index) => [`prices[${index}].model`, id]),
  ] as const
  return named.flatMap(([path = '', name = '']) => {
    try {
      catalogue.resolve(name)
      return []
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return [{ path, message: `\`${name}\` is no model of a configured provider` }]
    }
  })
}

/** The models that an actor may use, sorted by id. */
export function visibleModels(catalogue: Catalogue, actor: Actor): CatalogueModel[] {
  return catalogue.models.filter((model) => mayUse(actor, model.id))
}

/** The model that a name means to an actor; undefined when there is none that it may use. */
export function visibleModel(
  catalogue: Catalogue,
  actor: Actor,
  name: string,
): CatalogueModel | undefined {
  try {
    const { id } = catalogue.resolve(name)
    return mayUse(actor, id) ? catalogue.models.find((model) => model.id === id) : undefined
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

/** Whether the actor's allow-list of models has this one: exact, or `provider/*`. */
export function mayUse(actor: Actor, id: string): boolean {
  if (actor.models === null) return true
  return actor.models.some(
    (allowed) => allowed === id || (allowed.endsWith('/*') && id.startsWith(allowed.slice(0, -1))),
  )
}

function unknownModel(name: string): GatewayError {
  return new GatewayError({
    code: 'MODEL_NOT_FOUND',
    message: `The model \`${name.slice(0, 200)}\` does not exist here. GET /v1/models or the query \`models\` lists what does.`,
    path: 'model',
  })
}

function ambiguous(name: string, offers: readonly CatalogueModel[]): GatewayError {
  const ids = offers.map((offer) => `\`${offer.id}\``).join(', ')
  return new GatewayError({
    code: 'MODEL_NOT_FOUND',
    message: `The model name \`${name}\` is offered by several providers; use one of ${ids}.`,
    path: 'model',
  })
}
