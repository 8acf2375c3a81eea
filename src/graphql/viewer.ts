import { scopes, type Actor } from '../protocol/actor.ts'
import { builder } from './builder.ts'

export const Scope = builder.enumType('Scope', {
  description: 'What an API key may do.',
  values: {
    INFERENCE: { description: 'Call models.' },
    READ: { description: 'Read usage and the request log.' },
    MANAGE: { description: 'Manage keys and rules; includes READ.' },
    ADMIN: { description: 'Everything.' },
  } satisfies Record<(typeof scopes)[number], object>,
})

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
