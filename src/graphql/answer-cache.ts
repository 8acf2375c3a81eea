import { invalidateCache } from '../services/answer-cache.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'

const InvalidateCacheInput = builder.inputType('InvalidateCacheInput', {
  description: 'Which kept answers of the own organisation are meant.',
  isOneOf: true,
  fields: (t) => ({
    all: t.boolean({ description: 'All of them: true.' }),
    model: t.string({ description: 'Those that this `provider/model` made.' }),
    apiKeyId: t.id({ description: 'Those that were made for this key.' }),
    namespace: t.string({ description: 'Those of this namespace.' }),
    tag: t.field({
      type: 'JSON',
      description: 'Those that were made for a request with this tag: `{"name": value}`.',
    }),
  }),
})

const InvalidatedCache = builder.objectRef<{ removed: number }>('InvalidatedCache').implement({
  description: 'What became of kept answers.',
  fields: (t) => ({
    removed: t.exposeInt('removed', {
      description:
        'How many were removed: of all instances where they are kept in Redis, else of this one; the others remove theirs as well.',
    }),
  }),
})

builder.mutationField('invalidateCache', (t) =>
  t.field({
    type: InvalidatedCache,
    authScopes: { scope: 'MANAGE' },
    rateLimit: { max: 60, windowMs: 60_000 },
    description:
      'Removes kept answers of the own organisation, on every instance. CONFLICT where none are kept.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: InvalidateCacheInput, required: true, description: 'Which ones.' }),
    },
    resolve: async (_root, { input }, { services, actor }) => ({
      removed: await invalidateCache(services, actor, input),
    }),
  }),
)
