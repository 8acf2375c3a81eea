import { visibleModels } from '../gateway/catalogue.ts'
import type { Actor } from '../protocol/actor.ts'
import { builder } from './builder.ts'
import { Model } from './model.ts'

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
  }),
})

builder.queryField('providers', (t) =>
  t.field({
    type: [Provider],
    authScopes: { anyActor: true },
    description: 'The providers of which the caller may use a model, sorted by name.',
    complexity: { multiplier: 10 },
    resolve: (_root, _args, { gateway, actor }) =>
      [...gateway.catalogue.providers.keys()]
        .filter((id) => mayUseSome(actor, id))
        .toSorted()
        .map((id) => ({ id })),
  }),
)

function mayUseSome(actor: Actor, provider: string): boolean {
  return actor.models?.some((model) => model.startsWith(`${provider}/`)) ?? true
}
