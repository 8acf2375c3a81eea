import {
  listDeliveries,
  redeliver,
  sendTest,
  type DeliveryRow,
} from '../services/webhooks/deliveries.ts'
import { builder } from './builder.ts'
import { pageComplexity, queryComplexity } from './field-complexity.ts'
import { decodeCursor, pageOf, pageSize } from './page.ts'

const perMinute = (max: number) => ({ max, windowMs: 60_000 })

const WebhookDeliveryState = builder.enumType('WebhookDeliveryState', {
  description: 'How far a message has come.',
  values: {
    PENDING: { value: 'pending', description: 'It is to be sent, or sent again.' },
    DELIVERED: { value: 'delivered', description: 'The endpoint has taken it.' },
    FAILED: { value: 'failed', description: 'It is not tried any more; `redeliverWebhook` does.' },
  } as const satisfies Record<Uppercase<DeliveryRow['state']>, object>,
})

const WebhookDelivery = builder.objectRef<DeliveryRow>('WebhookDelivery').implement({
  description: 'A message for an endpoint.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The `webhook-id`, the same for every attempt.' }),
    endpointId: t.exposeID('endpointId', { description: 'The endpoint that it is for.' }),
    eventType: t.exposeString('eventType', { description: 'As `budget.threshold`.' }),
    payload: t.exposeString('payload', { description: 'The body, to the byte; it is JSON.' }),
    state: t.expose('state', { type: WebhookDeliveryState, description: 'How far it has come.' }),
    attempts: t.exposeInt('attempts', { description: 'How often it was sent.' }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is sent again, unless it arrives before; null where it is not.',
    }),
    lastStatus: t.exposeInt('lastStatus', {
      nullable: true,
      description: 'The HTTP status of the last attempt; null where there was no answer.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'What was wrong with the last attempt; null where nothing was.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written.' }),
    deliveredAt: t.expose('deliveredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the endpoint took it.',
    }),
  }),
})

const WebhookDeliveryConnection = builder.connectionObject(
  {
    type: WebhookDelivery,
    name: 'WebhookDeliveryConnection',
    description: 'A page of the deliveries.',
  },
  { name: 'WebhookDeliveryEdge', description: 'A delivery and its place among them.' },
)

builder.queryField('webhookDeliveries', (t) =>
  t.field({
    type: WebhookDeliveryConnection,
    rateLimit: perMinute(240),
    authScopes: { scope: 'READ' },
    description: 'Messages for the endpoints of the own organisation, newest first.',
    complexity: pageComplexity,
    args: {
      first: t.arg.int({ description: 'How many: 20 unless told, at most 100.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
      endpointId: t.arg.id({ description: 'Only those for this endpoint.' }),
      state: t.arg({ type: WebhookDeliveryState, description: 'Only those that are so far.' }),
    },
    resolve: async (_root, { first, after, endpointId, state }, { services, actor }) => {
      const size = pageSize(first)
      const rows = await listDeliveries(services, actor, {
        limit: size + 1,
        after: after == null ? undefined : decodeCursor(after),
        filter: { endpointId: endpointId ?? undefined, state: state ?? undefined },
      })
      return pageOf(rows, size, {
        after,
        position: (row) => ({ createdAtMs: row.createdAt.getTime(), id: row.id }),
      })
    },
  }),
)

builder.mutationFields((t) => ({
  sendTestWebhook: t.field({
    type: WebhookDelivery,
    rateLimit: perMinute(60),
    authScopes: { scope: 'MANAGE' },
    description: 'Sends a message `webhook.test` to an endpoint, whatever it listens to.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the endpoint.' }) },
    resolve: (_root, { id }, { services, actor }) => sendTest(services, actor, id),
  }),
  redeliverWebhook: t.field({
    type: WebhookDelivery,
    rateLimit: perMinute(240),
    authScopes: { scope: 'MANAGE' },
    description: 'Sends a message again that was delivered or failed, under the same id.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the delivery.' }) },
    resolve: (_root, { id }, { services, actor }) => redeliver(services, actor, id),
  }),
}))
