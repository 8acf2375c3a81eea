import { LRUCache } from 'lru-cache'
import { GatewayError } from '../errors.ts'
import { usualAuto, type AutoSettings } from '../protocol/intent.ts'
import type { DataPolicy, Strategy } from '../protocol/routing.ts'
import {
  usualPolicy,
  type DeploymentBounds,
  type RoutingPolicy,
  type VirtualDeployment,
  type VirtualModel,
} from '../protocol/routing-policy.ts'
import type { PriceSnapshot } from '../protocol/settlement.ts'
import type { ModelInfo, Provider } from '../providers/provider.ts'
import { autoIntent, autoTarget } from './auto-models.ts'
import { boundsByModel } from './deployment-bounds.ts'
import { deploymentsOf, type Deployments } from './deployments.ts'
import { virtualListing, virtualTarget } from './virtual-models.ts'

/** A model of a configured provider, or a virtual one, as the list of models shows it. */
export interface CatalogueModel extends ModelInfo {
  /** `provider/model`, or the name of a virtual model. */
  id: string
  provider: string
  /** Present where it stands for several deployments: how one of them is chosen, and their models. */
  virtual?: { strategy: Strategy; models: readonly string[] } | undefined
}

/** A place to send a request to: a provider, one of its credentials, and its own name of the model. */
export interface Deployment {
  /** Stable: `provider/model`, with `#credential` behind it where the provider has several. */
  id: string
  /** `provider/model`. */
  modelId: string
  /** It signs with this deployment's credential. */
  provider: Provider
  model: string
  /** Stable name of the credential, never a secret: the provider's, or `provider#credential`. */
  credential: string
  price: PriceSnapshot | undefined
  /** The price as numbers, to compare with; absent where it is unknown. */
  rates: Rates | undefined
  /** Its share in a weighted choice. */
  weight: number
  /** Deployments of a higher number are fallbacks of those of a lower one. */
  priority: number
  region: string | undefined
  dataPolicy: DataPolicy | undefined
  local: boolean
  tags: readonly string[]
  /** The name of its part of an experiment. */
  variant: string
  contextLength: number | undefined
  maxOutputTokens: number | undefined
  bounds: DeploymentBounds | undefined
  /** Of its id. */
  hash: number
}

/** For a million tokens, in units of the currency. */
export interface Rates {
  currency: string
  input: number
  cachedInput: number
  output: number
}

/** What a name means: a model of a provider, or a virtual one. */
export interface Target {
  /** `provider/model`, or the name of the virtual model. */
  id: string
  virtual: boolean
  /** How one of the deployments is chosen. */
  policy: RoutingPolicy
  /** Those of a lower priority number first. */
  deployments: Readonly<Deployments>
}

/** What can be called, and under which names: what the configuration says, and what was learnt since. */
export interface Catalogue {
  providers: ReadonlyMap<string, Provider>
  /** Sorted by id. */
  models: readonly CatalogueModel[]
  /** The deployments that a name means; throws MODEL_NOT_FOUND with what to do. */
  target(name: string): Target
  /** Whether a name is `auto`, and means what each request wants. */
  isAutomatic(name: string): boolean
  /** A prompt of so many tokens is a long one. */
  longContextTokens: number
  /** The first of these. */
  resolve(name: string): Deployment
  /**
   * Takes in the models that a provider was found to have, in place of those it was found to have before;
   * of those that are here from the start it fills in what was not known of them.
   */
  learn(provider: Provider, found: readonly ModelInfo[]): void
  /** Configured fallbacks of a target, as names. */
  fallbacksOf(id: string): readonly string[]
}

export interface CatalogueSettings {
  providers: readonly Provider[]
  models?: readonly VirtualModel[]
  /** What `auto` stands for. */
  auto?: AutoSettings
  aliases: Readonly<Record<string, string>>
  fallbacks: Readonly<Record<string, readonly string[]>>
  /** Configured prices by `provider/model`; they stand before the providers' own. */
  prices: ReadonlyMap<string, PriceSnapshot>
}

/** Open providers take any name: only the latest are remembered. */
const targetsMax = 2_000

/** Several credentials of one provider share its work. */
const spread: RoutingPolicy = { ...usualPolicy, strategy: 'weighted' }

export function createCatalogue(settings: CatalogueSettings): Catalogue {
  const providers = new Map(settings.providers.map((provider) => [provider.id, provider]))
  const auto = settings.auto ?? usualAuto
  const virtual = new Map((settings.models ?? []).map((model) => [model.name, model]))
  const targets = new LRUCache<string, Target>({ max: targetsMax })
  const built = indexed(
    settings.providers.flatMap((provider) =>
      provider.models.map((model) => catalogued(provider, model)),
    ),
  )
  let listed: CatalogueModel[] | undefined
  let known = built
  let bounds: ReadonlyMap<string, DeploymentBounds> | undefined

  function catalogued(provider: Provider, model: ModelInfo): CatalogueModel {
    const id = `${provider.id}/${model.name}`
    return { ...model, id, provider: provider.id, price: settings.prices.get(id) ?? model.price }
  }

  function knownOf(provider: Provider, model: string) {
    const id = `${provider.id}/${model}`
    const facts = known.byId.get(id) ?? undated(known, id)
    return { provider, model, price: settings.prices.get(id) ?? facts?.price, facts }
  }

  function fullName(name: string): ReturnType<typeof knownOf> | undefined {
    const slash = name.indexOf('/')
    const provider = slash > 0 ? providers.get(name.slice(0, slash)) : undefined
    if (!provider) return undefined
    const model = name.slice(slash + 1)
    if (model === '' || !(provider.openModels || known.byId.has(name))) throw unknownModel(name)
    return knownOf(provider, model)
  }

  /** What is learnt later never changes what a name meant from the start. */
  function bareName(name: string): ReturnType<typeof knownOf> {
    const offers = built.byName.get(name) ?? known.byName.get(name) ?? []
    const [offer] = offers
    const provider = offer && providers.get(offer.provider)
    if (!provider) throw unknownModel(name)
    if (offers.length > 1) throw ambiguous(name, offers)
    return knownOf(provider, name)
  }

  /** What one model of a provider is, by any of its names. */
  function single(name: string): ReturnType<typeof knownOf> {
    const meant = aliased(name)
    return fullName(meant) ?? bareName(meant)
  }

  function aliased(name: string): string {
    return (Object.hasOwn(settings.aliases, name) && settings.aliases[name]) || name
  }

  /** What bounds a model holds by whatever name it is called. */
  function bounded(model: ReturnType<typeof knownOf>, part?: VirtualDeployment): Deployments {
    const idOf = ({ provider, model: name }: typeof model) => `${provider.id}/${name}`
    bounds ??= boundsByModel(settings.models ?? [], (name) => idOf(single(name)))
    return deploymentsOf({ ...model, bounds: bounds.get(idOf(model)) }, part)
  }

  function made(name: string): Target {
    const model = virtual.get(aliased(name))
    if (model) {
      return virtualTarget(model, (part) => bounded(single(part.model), part))
    }
    const automatic = automaticTarget(name)
    if (automatic) return automatic
    const deployments = bounded(single(name))
    const policy = deployments.length > 1 ? spread : usualPolicy
    return { id: deployments[0].modelId, virtual: false, policy, deployments }
  }

  /** A name that the configuration gives to something else means that. */
  function automaticTarget(name: string): Target | undefined {
    const intent = aliased(name) === name ? autoIntent(name) : undefined
    if (intent === undefined) return undefined
    const configured = auto.models[intent] ?? auto.fallback
    if (configured !== undefined) return target(configured)
    return autoTarget(intent, known.models, (model) => {
      const provider = providers.get(model.provider)
      return provider && bounded(knownOf(provider, model.name))
    })
  }

  function target(name: string): Target {
    let found = targets.get(name)
    if (!found) targets.set(name, (found = made(name)))
    return found
  }

  return {
    providers,
    get models() {
      listed ??= sorted([
        ...known.models,
        ...[...virtual.keys()].map((name) => virtualListing(target(name), known.byId)),
      ])
      return listed
    },
    target,
    isAutomatic: (name) => name === 'auto' && aliased(name) === name && !virtual.has(name),
    longContextTokens: auto.longContextTokens,
    resolve: (name) => target(name).deployments[0],
    learn(provider, found) {
      const others = known.models.filter(
        (model) => model.provider !== provider.id || built.byId.has(model.id),
      )
      const all = new Map(others.map((model) => [model.id, model]))
      for (const model of found) {
        const fresh = catalogued(provider, model)
        const { id, name } = fresh
        const before = known.byId.get(id) ?? undated(built, id)
        const fixed = definedOf(built.byId.get(id))
        all.set(id, { ...fresh, ...before, id, name, ...definedOf(fresh), ...fixed })
      }
      known = indexed([...all.values()])
      targets.clear()
      listed = undefined
    },
    fallbacksOf: (id) => (Object.hasOwn(settings.fallbacks, id) && settings.fallbacks[id]) || [],
  }
}

/** The members of a model that say something. */
function definedOf(model: CatalogueModel | undefined): Partial<CatalogueModel> {
  return Object.fromEntries(Object.entries(model ?? {}).filter(([, fact]) => fact !== undefined))
}

/** A dated snapshot (`gpt-4o-2024-08-06`, `claude-opus-4-5-20251101`) is what its model is. */
function undated({ byId }: ReturnType<typeof indexed>, id: string): CatalogueModel | undefined {
  return byId.get(id.replace(/-\d{4}-?\d{2}-?\d{2}$/, ''))
}

function indexed(models: CatalogueModel[]) {
  return {
    models,
    byId: new Map(models.map((model) => [model.id, model])),
    byName: Map.groupBy(models, (model) => model.name),
  }
}

function sorted(models: readonly CatalogueModel[]): CatalogueModel[] {
  return models.toSorted((a, b) => (a.id < b.id ? -1 : 1))
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
