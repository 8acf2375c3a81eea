import type { CatalogueModel } from '../gateway/catalogue.ts'
import { visibleModel, visibleModels } from '../gateway/visible-models.ts'
import { parseNanos } from '../lib/decimal.ts'
import type { Money as MoneyValue, PriceSnapshot } from '../protocol/settlement.ts'
import { tokenClasses, type TokenClass } from '../protocol/usage.ts'
import { builder } from './builder.ts'
import { Money } from './usage.ts'

interface ModelPriceValue {
  tokenClass: TokenClass
  perMillion: MoneyValue
  source: string
}

const ModelPrice = builder.objectRef<ModelPriceValue>('ModelPrice').implement({
  description: 'What tokens of one class cost.',
  fields: (t) => ({
    tokenClass: t.exposeString('tokenClass', {
      description: 'The class of tokens, by its field in `Usage`, as `inputTokens`.',
    }),
    perMillion: t.expose('perMillion', { type: Money, description: 'For a million tokens.' }),
    source: t.exposeString('source', {
      description: 'Where the price comes from and of which day it is.',
    }),
  }),
})

export const Model = builder.objectRef<CatalogueModel>('Model').implement({
  description: 'A model of a configured provider, or a virtual one that stands for several.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: '`provider/model` or the name of a virtual model, as completions take it.',
    }),
    provider: t.exposeString('provider', {
      description: 'The name of its provider; `virtual` for a virtual model.',
    }),
    name: t.exposeString('name', { description: "The provider's own name of it." }),
    deployments: t.stringList({
      description:
        'The models that a virtual one stands for, as `provider/model`; empty for all others.',
      resolve: ({ virtual }) => [...(virtual?.models ?? [])],
    }),
    strategy: t.string({
      nullable: true,
      description: 'How a virtual model chooses among its deployments; null for all others.',
      resolve: ({ virtual }) => virtual?.strategy,
    }),
    contextLength: t.exposeInt('contextLength', {
      nullable: true,
      description: 'Tokens of prompt and answer together; null when unknown.',
    }),
    maxOutputTokens: t.exposeInt('maxOutputTokens', {
      nullable: true,
      description: 'The longest answer in tokens; null when unknown.',
    }),
    inputModalities: t.stringList({
      description: 'What it reads: `text`, `image`, `audio`, `file`.',
      resolve: (model) => model.inputModalities ?? [],
    }),
    features: t.stringList({
      description: 'What it can do: `tools`, `json_schema`, `reasoning`, `logprobs`, `streaming`.',
      resolve: (model) => model.features ?? [],
    }),
    supportedParameters: t.stringList({
      description: "The request parameters that it heeds, in OpenAI's words.",
      resolve: (model) => model.supportedParameters ?? [],
    }),
    prices: t.field({
      type: [ModelPrice],
      description: 'Its prices by class of tokens; empty when unknown.',
      complexity: { multiplier: tokenClasses.length },
      resolve: (model) => (model.price ? pricesOf(model.price) : []),
    }),
  }),
})

builder.queryFields((t) => ({
  models: t.field({
    type: [Model],
    authScopes: { anyActor: true },
    description: 'The models that the caller may use, sorted by id.',
    cache: { ttlMs: 30_000 },
    complexity: { multiplier: 200 },
    args: { provider: t.arg.string({ description: 'Only models of this provider.' }) },
    resolve: (_root, { provider }, { gateway, actor }) =>
      visibleModels(gateway.catalogue, actor).filter(
        (model) => provider == null || model.provider === provider,
      ),
  }),
  model: t.field({
    type: Model,
    nullable: true,
    cache: { ttlMs: 30_000 },
    authScopes: { anyActor: true },
    description: 'One model; null when there is none of that name that the caller may use.',
    args: {
      id: t.arg.id({
        required: true,
        description: '`provider/model`, an alias, or a name that only one provider offers.',
      }),
    },
    resolve: (_root, { id }, { gateway, actor }) => visibleModel(gateway.catalogue, actor, id),
  }),
}))

function pricesOf(price: PriceSnapshot): ModelPriceValue[] {
  return tokenClasses.flatMap((tokenClass) => {
    const perMillion = price.perMillion[tokenClass]
    if (perMillion === undefined) return []
    const nanos = parseNanos(perMillion)
    return [{ tokenClass, perMillion: { currency: price.currency, nanos }, source: price.source }]
  })
}
