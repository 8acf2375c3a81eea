import { rotateApiKey } from '../services/api-key-rotate.ts'
import { createApiKey, listApiKeys, revokeApiKey, updateApiKey } from '../services/api-keys.ts'
import type { ApiKeyRow } from '../services/requests.ts'
import { builder } from './builder.ts'
import { pageComplexity, queryComplexity } from './field-complexity.ts'
import { decodeCursor, pageOf, pageSize } from './page.ts'
import { Scope } from './scope.ts'

export const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description: 'An API key, without the key itself.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the key, never the key.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the key.' }),
    tier: t.exposeString('tier', {
      description: 'The plan that it belongs to: `free`, `pro` or `enterprise`.',
    }),
    scopes: t.expose('scopes', { type: [Scope], description: 'What it may do.' }),
    models: t.exposeStringList('models', {
      nullable: true,
      description: 'The models that it may use, as `provider/model` or `provider/*`; null = all.',
    }),
    allowedIps: t.exposeStringList('allowedIps', {
      nullable: true,
      description: 'The addresses and networks that it may be used from; null = all.',
    }),
    tags: t.expose('tags', {
      type: 'JSON',
      nullable: true,
      description: 'Tags of each of its requests that does not say otherwise; null = none.',
    }),
    metadata: t.expose('metadata', {
      type: 'JSON',
      nullable: true,
      description: 'What you keep with it; the gateway does not look into it.',
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
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was disabled; null while it is enabled.',
    }),
    previousSecretExpiresAt: t.expose('previousExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the secret before the last rotation stops or stopped working; null if it was never rotated.',
    }),
  }),
})

const CreatedApiKey = builder
  .objectRef<{ apiKey: ApiKeyRow; secret: string }>('CreatedApiKey')
  .implement({
    description: 'A key that was just created, or was just given another secret.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'What is kept of it.' }),
      secret: t.exposeString('secret', {
        description: 'The key itself. It is shown this once and cannot be shown again.',
      }),
    }),
  })

const allowedIpsText =
  'The addresses and networks (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`) that it may be used from; null = all.'
const tagsText =
  'Tags of each of its requests that does not say otherwise: an object of strings, numbers and booleans.'
const metadataText = 'An object to keep with it, at most 16384 characters of JSON.'

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A key to create in the own organisation.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What people call it, 1 to 100 characters.' }),
    tier: t.string({
      description: '`free` (unless told), `pro` or `enterprise`; never above the creator’s own.',
    }),
    scopes: t.field({
      type: [Scope],
      description: 'What it may do, INFERENCE unless told; never more than the creator may.',
    }),
    models: t.stringList({
      description: 'The models that it may use, as `provider/model` or `provider/*`; null = all.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; null = never.' }),
    allowedIps: t.stringList({ description: allowedIpsText }),
    tags: t.field({ type: 'JSON', description: tagsText }),
    metadata: t.field({ type: 'JSON', description: metadataText }),
  }),
})

const UpdateApiKeyInput = builder.inputType('UpdateApiKeyInput', {
  description: 'What to change of a key of the own organisation. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the key.' }),
    name: t.string({ description: 'What people call it, 1 to 100 characters.' }),
    tier: t.string({ description: '`free`, `pro` or `enterprise`; never above the own one.' }),
    scopes: t.field({
      type: [Scope],
      description: 'What it may do, in place of what it might; never more than the caller may.',
    }),
    models: t.stringList({
      description: 'The models that it may use, as `provider/model` or `provider/*`; null = all.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; null = never.' }),
    allowedIps: t.stringList({ description: allowedIpsText }),
    tags: t.field({ type: 'JSON', description: tagsText }),
    metadata: t.field({ type: 'JSON', description: metadataText }),
    disabled: t.boolean({ description: 'Whether it is refused until it is enabled again.' }),
    force: t.boolean({ description: 'Whether a key may shut itself out by this change.' }),
  }),
})

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'A key of the own organisation that gets another secret.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the key.' }),
    overlapSeconds: t.int({
      required: true,
      description:
        'How long the secret before works on: 0 to 2592000 (30 days); 0 ends it at once.',
    }),
  }),
})

const ApiKeyConnection = builder.connectionObject(
  { type: ApiKey, name: 'ApiKeyConnection', description: 'A page of API keys.' },
  { name: 'ApiKeyEdge', description: 'An API key and its place in the list.' },
)

builder.queryFields((t) => ({
  apiKeys: t.field({
    type: ApiKeyConnection,
    rateLimit: { max: 240, windowMs: 60_000 },
    authScopes: { scope: 'MANAGE' },
    description: "The organisation's API keys, newest first, revoked ones included.",
    complexity: pageComplexity,
    args: {
      first: t.arg.int({ description: 'How many: 20 unless told, at most 100.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
    },
    resolve: async (_root, { first, after }, { services, actor }) => {
      const size = pageSize(first)
      const rows = await listApiKeys(services, actor, {
        limit: size + 1,
        after: after == null ? undefined : decodeCursor(after),
      })
      return pageOf(rows, size, {
        after,
        position: (row) => ({ createdAtMs: row.createdAt.getTime(), id: row.id }),
      })
    },
  }),
}))

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreatedApiKey,
    rateLimit: { max: 120, windowMs: 60_000 },
    authScopes: { scope: 'MANAGE' },
    description: 'Creates an API key in the own organisation.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: CreateApiKeyInput, required: true, description: 'What to create.' }),
    },
    resolve: (_root, { input }, { services, actor }) =>
      createApiKey(services, actor, {
        name: input.name,
        tier: input.tier ?? 'free',
        scopes: input.scopes ?? ['INFERENCE'],
        models: input.models ?? null,
        allowedIps: input.allowedIps,
        tags: input.tags,
        metadata: input.metadata,
        expiresAt: input.expiresAt ?? undefined,
      }),
  }),
  updateApiKey: t.field({
    type: ApiKey,
    rateLimit: { max: 240, windowMs: 60_000 },
    authScopes: { scope: 'MANAGE' },
    description:
      'Changes an API key of the own organisation, on every instance at once. A revoked one is a CONFLICT.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: UpdateApiKeyInput, required: true, description: 'What to change.' }),
    },
    resolve: (_root, { input }, { services, actor, address }) =>
      updateApiKey(services, actor, { ...input, address: address() }),
  }),
  rotateApiKey: t.field({
    type: CreatedApiKey,
    rateLimit: { max: 120, windowMs: 60_000 },
    authScopes: { scope: 'MANAGE' },
    description:
      'Gives an API key of the own organisation another secret, on every instance at once; the one before may work on for a while.',
    args: {
      input: t.arg({ type: RotateApiKeyInput, required: true, description: 'What to rotate.' }),
    },
    resolve: (_root, { input }, { services, actor }) => rotateApiKey(services, actor, input),
  }),
  revokeApiKey: t.field({
    type: ApiKey,
    rateLimit: { max: 240, windowMs: 60_000 },
    authScopes: { scope: 'MANAGE' },
    description: 'Ends an API key of the own organisation at once and for good, on every instance.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the key.' }) },
    resolve: (_root, { id }, { services, actor }) => revokeApiKey(services, actor, id),
  }),
}))
