import { invalidRequest } from '../errors.ts'
import { visibleModels, visibleProviders } from '../gateway/visible-models.ts'
import { abortable } from '../lib/abortable.ts'
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
    resolve: (_root, _args, context) => seenBy(context).map((id) => ({ id })),
  }),
  providerHealth: t.field({
    type: [ProviderHealth],
    authScopes: { anyActor: true },
    description: 'How the providers do of which the caller may use a model, sorted by name.',
    complexity: { multiplier: 10 },
    resolve: (_root, _args, context) =>
      seenBy(context).map((id) => context.gateway.health.snapshot(id)),
  }),
}))

builder.subscriptionField('providerHealth', (t) =>
  t.field({
    type: ProviderHealth,
    authScopes: { anyActor: true },
    description:
      'How each provider does, at once, and then every change of its state, its reason, its breaker or what is blocked, also of those that another instance saw. Who reads slowly misses what came between, never the newest.',
    args: {
      providers: t.arg.stringList({
        description: 'Their names; all of which the caller may use a model unless told.',
      }),
    },
    subscribe: (_root, { providers }, context) => {
      const wanted = wantedOf(seenBy(context), providers)
      return abortable([context.signal], (signal) =>
        context.gateway.healthWatch.watch(wanted, signal),
      )
    },
    resolve: (health) => health,
  }),
)

function seenBy({ gateway, actor }: GraphqlContext): string[] {
  return visibleProviders(gateway.catalogue, actor)
}

/** A misspelt name would never be heard of. */
function wantedOf(visible: readonly string[], names: readonly string[] | null | undefined) {
  if (!names) return visible
  const index = names.findIndex((name) => !visible.includes(name))
  if (index < 0) return [...new Set(names)]
  throw invalidRequest(
    `providers[${index}]`,
    `There is no provider named \`${names[index]?.slice(0, 100)}\` that this key may use; it may use: ${visible.join(', ')}.`,
  )
}
