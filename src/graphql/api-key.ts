import type { ApiKeyRow } from '../services/requests.ts'
import { builder } from './builder.ts'
import { Scope } from './viewer.ts'

export const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description: 'An API key, without the key itself.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the key, never the key.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the key.' }),
    tier: t.exposeString('tier', { description: 'The tier, the second part of the key.' }),
    scopes: t.expose('scopes', { type: [Scope], description: 'What it may do.' }),
    models: t.exposeStringList('models', {
      nullable: true,
      description: 'The models that it may use, as `provider/model` or `provider/*`; null = all.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used; null if never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null if it was not.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null if never.',
    }),
  }),
})
