import { invalidRequest } from '../errors.ts'
import { decodeDecision } from '../protocol/stored-decision.ts'
import { entriesOfRequests } from '../services/ledger-entries.ts'
import {
  apiKeysById,
  attemptsOfRequests,
  listRequests,
  requestsById,
  type RequestRow,
} from '../services/requests.ts'
import { ApiKey } from './api-key.ts'
import { Attempt, attemptOfRow, attemptsExpected } from './attempt.ts'
import { builder } from './builder.ts'
import { entriesExpected, LedgerEntry } from './ledger-entry.ts'
import { CacheStatus } from './cache-status.ts'
import { pageComplexity, queryComplexity } from './field-complexity.ts'
import { ErrorCode } from './error-code.ts'
import { decodeCursor, pageOf, pageSize } from './page.ts'
import { RoutingDecision } from './routing-decision.ts'
import { Usage, usageOfRow } from './usage.ts'

const statuses = [
  'succeeded',
  'failed',
  'cancelled',
  'interrupted',
] as const satisfies RequestRow['status'][]

const Request = builder.objectRef<RequestRow>('Request').implement({
  description: 'One completion in the log.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The `x-request-id`, as it is.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it arrived.' }),
    model: t.string({
      description: 'The model that answered, as `provider/model`; else the one asked for.',
      resolve: (row) => row.model ?? row.requestedModel,
    }),
    requestedModel: t.exposeString('requestedModel', {
      description: 'The model that the client asked for, in its words.',
    }),
    provider: t.exposeString('provider', {
      nullable: true,
      description: 'The provider that answered; null when none did.',
    }),
    status: t.exposeString('status', {
      description:
        '`succeeded`, `failed`, `cancelled`, or `interrupted` when the gateway died in the middle.',
    }),
    stream: t.exposeBoolean('stream', { description: 'Whether the answer was streamed.' }),
    latencyMs: t.exposeFloat('latencyMs', {
      nullable: true,
      description: 'Milliseconds from its arrival to its end.',
    }),
    timeToFirstTokenMs: t.exposeFloat('timeToFirstTokenMs', {
      nullable: true,
      description: 'Milliseconds from its arrival to the first content; null when there was none.',
    }),
    usage: t.field({
      type: Usage,
      nullable: true,
      description: 'Tokens and cost; null when the provider reported none.',
      resolve: usageOfRow,
    }),
    attempts: t.loadableList({
      type: Attempt,
      description: 'The calls of providers that were made for it, in their order.',
      complexity: { multiplier: attemptsExpected },
      load: async (ids: string[], { services, actor }) =>
        (await attemptsOfRequests(services, actor, ids)).map((rows) => rows.map(attemptOfRow)),
      resolve: (row) => row.id,
    }),
    decision: t.field({
      type: RoutingDecision,
      nullable: true,
      description: 'How it was routed; null where there was nothing to decide.',
      resolve: ({ decision }) => decision && decodeDecision(decision),
    }),
    ledgerEntries: t.loadableList({
      type: LedgerEntry,
      description:
        'Its money as it was booked, oldest first; the sum is its cost, with corrections.',
      complexity: { multiplier: entriesExpected },
      load: (ids: string[], { services, actor }) => entriesOfRequests(services, actor, ids),
      resolve: (row) => row.id,
    }),
    cache: t.field({
      type: CacheStatus,
      description: 'Whether it got a kept answer to an equal request.',
      resolve: ({ cache }) => cache ?? 'off',
    }),
    errorCode: t.expose('errorCode', {
      type: ErrorCode,
      nullable: true,
      description: 'Why it failed; null when it did not.',
    }),
    apiKey: t.loadable({
      type: ApiKey,
      nullable: true,
      description: 'The key that made it; null for the master key.',
      load: (ids: string[], { services, actor }) => apiKeysById(services, actor, ids),
      resolve: (row) => row.apiKeyId,
    }),
  }),
})

const RequestConnection = builder.connectionObject(
  { type: Request, name: 'RequestConnection', description: 'A page of the request log.' },
  { name: 'RequestEdge', description: 'A request and its place in the log.' },
)

builder.queryFields((t) => ({
  requests: t.field({
    type: RequestConnection,
    rateLimit: { max: 600, windowMs: 60_000 },
    authScopes: { scope: 'READ' },
    description: "The organisation's request log, newest first.",
    complexity: pageComplexity,
    args: {
      first: t.arg.int({ description: 'How many: 20 unless told, at most 100.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
      model: t.arg.string({ description: 'Only those answered by this `provider/model`.' }),
      provider: t.arg.string({ description: 'Only those answered by this provider.' }),
      from: t.arg({ type: 'DateTime', description: 'Only those that arrived then or later.' }),
      to: t.arg({ type: 'DateTime', description: 'Only those that arrived before then.' }),
      status: t.arg.string({
        description: 'Only `succeeded`, `failed`, `cancelled` or `interrupted` ones.',
      }),
    },
    resolve: async (_root, { first, after, status, ...filter }, { services, actor }) => {
      const size = pageSize(first)
      const rows = await listRequests(services, actor, {
        limit: size + 1,
        after: after == null ? undefined : decodeCursor(after),
        filter: {
          from: filter.from ?? undefined,
          to: filter.to ?? undefined,
          model: filter.model ?? undefined,
          provider: filter.provider ?? undefined,
          status: status == null ? undefined : parseStatus(status),
        },
      })
      return pageOf(rows, size, {
        after,
        position: (row) => ({ createdAtMs: row.createdAt.getTime(), id: row.id }),
      })
    },
  }),
  request: t.loadable({
    type: Request,
    nullable: true,
    authScopes: { scope: 'READ' },
    description: 'One request of the organisation; null when there is none of that id.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The `x-request-id`, as it is.' }) },
    load: (ids: string[], { services, actor }) => requestsById(services, actor, ids),
    resolve: (_root, { id }) => id,
  }),
}))

function parseStatus(word: string): RequestRow['status'] {
  const status = statuses.find((known) => known === word)
  if (status) return status
  throw invalidRequest('status', `\`status\` must be one of ${statuses.join(', ')}.`)
}
