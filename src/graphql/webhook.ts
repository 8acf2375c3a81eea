import { webhookEvents } from '../protocol/gateway-event.ts'
import {
  createEndpoint,
  deleteEndpoint,
  listEndpoints,
  rotateSecret,
  updateEndpoint,
  type EndpointRow,
} from '../services/webhooks/endpoints.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'

const endpointsExpected = 5
const perMinute = (max: number) => ({ max, windowMs: 60_000 })

const texts = {
  url: 'Where events are sent by POST, an `https://` URL of the public Internet.',
  events: `What it is told of: ${webhookEvents.map((event) => `\`${event}\``).join(', ')}.`,
  description: 'What people call it, at most 500 characters.',
}

const WebhookEndpoint = builder.objectRef<EndpointRow>('WebhookEndpoint').implement({
  description: 'Who is told of events.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the endpoint.' }),
    url: t.exposeString('url', { description: texts.url }),
    events: t.exposeStringList('events', { description: texts.events }),
    description: t.exposeString('description', { description: texts.description }),
    enabled: t.exposeBoolean('enabled', {
      description: 'Whether anything is sent to it; what waits is sent when it is enabled again.',
    }),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description:
        'Why the gateway itself disabled it: `gone`, it answered 410; `failing`, it failed for days.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when nothing arrived; null where the last message did.',
    }),
    previousSecretExpiresAt: t.expose('previousExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when messages are also signed with the secret before the last rotation.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When it was changed last.',
    }),
  }),
})

const SecretOfEndpoint = builder
  .objectRef<{ endpoint: EndpointRow; secret: string }>('CreatedWebhookEndpoint')
  .implement({
    description: 'An endpoint and its new secret.',
    fields: (t) => ({
      endpoint: t.expose('endpoint', { type: WebhookEndpoint, description: 'The endpoint.' }),
      secret: t.exposeString('secret', {
        description:
          'Verifies the signatures of messages, as `whsec_…`; shown here and nowhere else.',
      }),
    }),
  })

const CreateWebhookEndpointInput = builder.inputType('CreateWebhookEndpointInput', {
  description: 'An endpoint of the own organisation.',
  fields: (t) => ({
    url: t.string({ required: true, description: texts.url }),
    events: t.stringList({ required: true, description: texts.events }),
    description: t.string({ description: texts.description }),
  }),
})

const UpdateWebhookEndpointInput = builder.inputType('UpdateWebhookEndpointInput', {
  description: 'What to change of an endpoint. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the endpoint.' }),
    url: t.string({ description: texts.url }),
    events: t.stringList({ description: texts.events }),
    description: t.string({ description: texts.description }),
    enabled: t.boolean({ description: 'Whether anything is sent to it.' }),
  }),
})

const RotateWebhookSecretInput = builder.inputType('RotateWebhookSecretInput', {
  description: 'Which endpoint gets another secret.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the endpoint.' }),
    overlapSeconds: t.int({
      required: true,
      description: 'For how long messages are signed with both secrets; at most 30 days.',
    }),
  }),
})

builder.queryField('webhookEndpoints', (t) =>
  t.field({
    type: [WebhookEndpoint],
    authScopes: { scope: 'READ' },
    description: 'Who is told of events of the own organisation, newest first; at most 50.',
    complexity: { field: queryComplexity, multiplier: endpointsExpected },
    resolve: (_root, _args, { services, actor }) => listEndpoints(services, actor),
  }),
)

builder.mutationFields((t) => ({
  createWebhookEndpoint: t.field({
    type: SecretOfEndpoint,
    rateLimit: perMinute(60),
    authScopes: { scope: 'MANAGE' },
    description: 'Has events of the own organisation sent to a URL.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: CreateWebhookEndpointInput, required: true, description: 'Where to.' }),
    },
    resolve: (_root, { input }, { services, actor }) =>
      createEndpoint(services, actor, { ...input, description: input.description ?? '' }),
  }),
  updateWebhookEndpoint: t.field({
    type: WebhookEndpoint,
    rateLimit: perMinute(240),
    authScopes: { scope: 'MANAGE' },
    description: 'Changes an endpoint; one that was disabled can be enabled again.',
    complexity: queryComplexity,
    args: {
      input: t.arg({
        type: UpdateWebhookEndpointInput,
        required: true,
        description: 'What to change.',
      }),
    },
    resolve: (_root, { input }, { services, actor }) => {
      const { id, url, events, description, enabled } = input
      return updateEndpoint(services, actor, {
        id,
        ...(url != null && { url }),
        ...(events && { events }),
        ...(description != null && { description }),
        ...(enabled != null && { enabled }),
      })
    },
  }),
  deleteWebhookEndpoint: t.field({
    type: WebhookEndpoint,
    rateLimit: perMinute(240),
    authScopes: { scope: 'MANAGE' },
    description: 'Takes an endpoint away, with its deliveries. The answer is what it was.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the endpoint.' }) },
    resolve: (_root, { id }, { services, actor }) => deleteEndpoint(services, actor, id),
  }),
  rotateWebhookSecret: t.field({
    type: SecretOfEndpoint,
    rateLimit: perMinute(60),
    authScopes: { scope: 'MANAGE' },
    description: 'Gives an endpoint another secret; both may sign for a while.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: RotateWebhookSecretInput, required: true, description: 'Which one.' }),
    },
    resolve: (_root, { input }, { services, actor }) => rotateSecret(services, actor, input),
  }),
}))
