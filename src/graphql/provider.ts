import { visibleModels } from '../gateway/catalogue.ts'
import type { Actor } from '../protocol/actor.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { Model } from './model.ts'
import { ProviderHealth } from './provider-health.ts'

const Provider = builder.objectRef<{ id: string }>('Provider').implement({
  description: 'A configured upstream.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Its name: the part of a model's id before the slash." }),
    models: t.field({
      type: [Model],
      description: 'Its models that the caller may use, sorted by id.',
      complexity: { multiplier: 20 },
      resolve: ({ id }, _args, { gateway, actor }) =>
        visibleModels(gateway.catalogue, actor).filter((model) => model.provider === id),
    }),
    health: t.field({
      type: ProviderHealth,
      cache: { ttlMs: 0 },
      description: 'How it does.',
      resolve: ({ id }, _args, { gateway }) => gateway.health.snapshot(id),
    }),
  }),
})

builder.queryFields((t) => ({
  providers: t.field({
    type: [Provider],
    cache: { ttlMs: 30_000 },
    authScopes: { anyActor: true },
    description: 'The providers of which the caller may use a model, sorted by name.',
    complexity: { multiplier: 10 },
    resolve: (_root, _args, context) => visibleProviders(context).map((id) => ({ id })),
  }),
  providerHealth: t.field({
    type: [ProviderHealth],
    authScopes: { anyActor: true },
    description: 'How the providers do of which the caller may use a model, sorted by name.',
    complexity: { multiplier: 10 },
    resolve: (_root, _args, context) =>
      visibleProviders(context).map((id) => context.gateway.health.snapshot(id)),
  }),
}))

function visibleProviders({ gateway, actor }: GraphqlContext): string[] {
  return [...gateway.catalogue.providers.keys()].filter((id) => mayUseSome(actor, id)).toSorted()
}

function mayUseSome(actor: Actor, provider: string): boolean {
  return actor.models?.some((model) => model.startsWith(`${provider}/`)) ?? true
}
