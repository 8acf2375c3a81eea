import { intents, type Intent } from '../protocol/intent.ts'
import { usualPolicy, type RoutingPolicy } from '../protocol/routing-policy.ts'
import type { CatalogueModel, Target } from './catalogue.ts'
import type { Deployments } from './deployments.ts'

/** A model's name that stands for an intent: what `auto` becomes once it is known what the request wants. */
export function autoName(intent: Intent): string {
  return `auto/${intent}`
}

/** The intent that such a name stands for; `auto` alone is what is left of it where there is no request. */
export function autoIntent(name: string): Intent | undefined {
  return name === 'auto' ? 'chat' : intents.find((intent) => name === autoName(intent))
}

const policy: RoutingPolicy = { ...usualPolicy, strategy: 'cheapest' }

/** A prompt of this length must fit with its answer. */
const longContextMin = 128_000

/**
 * For an intent that the configuration gives no model: the cheapest of all models that are made for it.
 * Models made in this process are for trying out: they answer where there is no other.
 */
export function autoTarget(
  intent: Intent,
  models: readonly CatalogueModel[],
  deploymentsOf: (model: CatalogueModel) => Deployments | undefined,
): Target | undefined {
  const talking = models
    .filter(({ features = [] }) => !features.includes('embeddings'))
    .map((model) => ({ model, deployments: deploymentsOf(model) ?? [] }))
  const real = preferred(talking, ({ deployments }) => !deployments[0]?.provider.generate)
  const suitable = preferred(real, ({ model }) => suits[intent](model))
  const [first, ...others] = suitable.flatMap(({ deployments }) => deployments)
  if (!first) return undefined
  return { id: autoName(intent), virtual: true, policy, deployments: [first, ...others] }
}

/** Those of whom it is true; all, where it is true of none. */
function preferred<Item>(
  items: readonly Item[],
  suitable: (item: Item) => boolean,
): readonly Item[] {
  const some = items.filter(suitable)
  return some.length > 0 ? some : items
}

const thinks = ({ features = [] }: CatalogueModel) => features.includes('reasoning')

/** What a model should be able to do for an intent. */
const suits: Record<Intent, (model: CatalogueModel) => boolean> = {
  chat: () => true,
  code: thinks,
  tests: thinks,
  math: thinks,
  reasoning: thinks,
  agent: (model) => thinks(model) && (model.features ?? []).includes('tools'),
  vision: ({ inputModalities = [] }) => inputModalities.includes('image'),
  'long-context': ({ contextLength = 0 }) => contextLength >= longContextMin,
}
