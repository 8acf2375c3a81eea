import { ownLimits } from '../gateway/limits/own-limits.ts'
import { scopes, type Actor } from '../protocol/actor.ts'
import { readOwnKey } from '../services/own-key.ts'
import { ApiKey } from './api-key.ts'
import { BudgetLevelType } from './budget.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'
import { LimitLevelType } from './limit.ts'
import { Scope } from './scope.ts'

const limitsExpected = 5

const Viewer = builder.objectRef<Actor>('Viewer').implement({
  description: 'Who makes this request.',
  fields: (t) => ({
    kind: t.exposeString('kind', {
      description: '`api-key`, or `system` for the master key.',
    }),
    id: t.exposeID('id', { description: 'The id of the key, never the key.' }),
    organization: t.exposeString('organization', {
      description: 'The organisation that the key belongs to.',
    }),
    scopes: t.field({
      type: [Scope],
      description: 'What the key may do.',
      resolve: (actor) => scopes.filter((scope) => actor.scopes.has(scope)),
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'What is known of the own key; null for the master key.',
      resolve: (actor, _args, { services }) => readOwnKey(services, actor),
    }),
    limits: t.field({
      type: [LimitLevelType],
      description: 'How the limits stand that hold for each of its requests.',
      complexity: { field: queryComplexity, multiplier: limitsExpected },
      resolve: async (actor, _args, { gateway }) => (await ownLimits(gateway, actor)).limits,
    }),
    budgets: t.field({
      type: [BudgetLevelType],
      description: 'How the budgets stand that hold for each of its requests.',
      complexity: { field: queryComplexity, multiplier: limitsExpected },
      resolve: async (actor, _args, { gateway }) => (await ownLimits(gateway, actor)).budgets,
    }),
    tier: t.exposeString('tier', {
      description: 'The plan of the key; `system` for the master key.',
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    authScopes: { anyActor: true },
    description: 'Who makes this request.',
    resolve: (_root, _args, { actor }) => actor,
  }),
)
