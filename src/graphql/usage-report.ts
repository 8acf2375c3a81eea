import { percentile } from '../lib/histogram.ts'
import { apiKeysById } from '../services/requests.ts'
import type { UsageDimension } from '../services/usage-query.ts'
import { readUsage, type UsageRow } from '../services/usage.ts'
import { ApiKey } from './api-key.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'
import { Money } from './usage.ts'

const dimensionEnum = builder.enumType('UsageDimension', {
  description: 'What usage can be divided by.',
  values: {
    MODEL: { value: 'model', description: 'By model: `{"model": "provider/model"}`.' },
    PROVIDER: { value: 'provider', description: 'By provider: `{"provider": "name"}`.' },
    API_KEY: {
      value: 'apiKey',
      description: 'By API key: `{"apiKeyId": "key_…"}`, null for the master key.',
    },
    USER: {
      value: 'user',
      description: 'By user, as the client names its own: `{"user": "…"}`, null where it does not.',
    },
    TAG: {
      value: 'tag',
      description:
        'By tag: `{"tag": {"name": value}}`. A request counts under each of its tags; one without tags is left out.',
    },
  } as const,
})

const granularityEnum = builder.enumType('Granularity', {
  description: 'How usage is divided by time.',
  values: {
    TOTAL: { value: 'total', description: 'Not at all.' },
    MINUTE: {
      value: 'minute',
      description:
        'By minute; minutes are kept for some days only (`[retention] usage_minute_days`).',
    },
    HOUR: { value: 'hour', description: 'By hour.' },
    DAY: { value: 'day', description: 'By day, in UTC.' },
  } as const,
})

const UsageFilter = builder.inputType('UsageFilter', {
  description: 'Which usage is meant.',
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      required: true,
      description:
        'The first hour is that which begins here or next; the first minute, where it is divided by minutes.',
    }),
    to: t.field({
      type: 'DateTime',
      required: true,
      description:
        'Hours or minutes that begin here or later are left out; at most 400 days after `from`.',
    }),
    model: t.string({ description: 'Only this `provider/model`.' }),
    provider: t.string({ description: 'Only this provider.' }),
    apiKeyId: t.id({ description: 'Only requests made with this key.' }),
    user: t.string({ description: 'Only requests of this user, as the client names its own.' }),
    tag: t.string({ description: 'Only requests that have a tag of this name.' }),
  }),
})

const Percentiles = builder.objectRef<readonly number[]>('DurationPercentiles').implement({
  description: 'Milliseconds that a share of all were not above; at most 4.4 % off, from one on.',
  fields: (t) => ({
    p50Ms: t.float({
      nullable: true,
      description: 'Half of them. Null where there was none.',
      resolve: (counts) => percentile(counts, 0.5),
    }),
    p95Ms: t.float({
      nullable: true,
      description: '95 of a hundred. Null where there was none.',
      resolve: (counts) => percentile(counts, 0.95),
    }),
    p99Ms: t.float({
      nullable: true,
      description: '99 of a hundred. Null where there was none.',
      resolve: (counts) => percentile(counts, 0.99),
    }),
  }),
})

const UsageRowType = builder.objectRef<UsageRow & { key: object }>('UsageRow').implement({
  description:
    'Sums over requests. Tokens and cost are those of every call of a provider, the failed ones included.',
  fields: (t) => ({
    time: t.expose('time', {
      type: 'DateTime',
      nullable: true,
      description: 'When the minute, hour or day begins; null in a total.',
    }),
    key: t.expose('key', {
      type: 'JSON',
      description:
        'The value of each dimension that was asked for, as `{"model": "provider/model"}`.',
    }),
    apiKey: t.loadable({
      type: ApiKey,
      nullable: true,
      description: 'The key, where API_KEY was asked for; null for the master key.',
      load: (ids: string[], { services, actor }) => apiKeysById(services, actor, ids),
      resolve: (row) => row.apiKeyId,
    }),
    requests: t.expose('requests', {
      type: 'BigInt',
      description: 'Requests, each under the provider and the model that it was last sent to.',
    }),
    errors: t.expose('errors', {
      type: 'BigInt',
      description: 'Requests of these that failed or were interrupted; cancelled ones did not.',
    }),
    attempts: t.expose('attempts', {
      type: 'BigInt',
      description: 'Calls of providers, several for a request that failed over.',
    }),
    unpricedAttempts: t.expose('unpricedAttempts', {
      type: 'BigInt',
      description: 'Calls that used tokens at an unknown price: `cost` is without them.',
    }),
    inputTokens: t.expose('inputTokens', {
      type: 'BigInt',
      description:
        'Prompt tokens that were neither read from nor written to a cache, as far as reported.',
    }),
    cachedInputTokens: t.expose('cachedInputTokens', {
      type: 'BigInt',
      description: "Prompt tokens read from the providers' caches, as far as reported.",
    }),
    cacheWriteTokens: t.expose('cacheWriteTokens', {
      type: 'BigInt',
      description: "Prompt tokens written to the providers' caches, as far as reported.",
    }),
    outputTokens: t.expose('outputTokens', {
      type: 'BigInt',
      description: 'Generated tokens without reasoning, as far as reported.',
    }),
    reasoningTokens: t.expose('reasoningTokens', {
      type: 'BigInt',
      description: 'Tokens spent on reasoning, as far as reported.',
    }),
    totalTokens: t.expose('totalTokens', {
      type: 'BigInt',
      description: 'Everything sent and generated, as far as reported.',
    }),
    cacheHits: t.expose('cacheHits', {
      type: 'BigInt',
      description: 'Requests of these that the response cache answered.',
    }),
    cacheHitRate: t.float({
      description: 'The share of requests that the response cache answered, 0 to 1.',
      resolve: ({ cacheHits, requests }) =>
        requests === 0n ? 0 : Number(cacheHits) / Number(requests),
    }),
    latency: t.expose('latency', {
      type: Percentiles,
      description: 'From arrival to end, of requests that succeeded.',
    }),
    timeToFirstToken: t.expose('timeToFirstToken', {
      type: Percentiles,
      description: 'From arrival to the first content, of requests that had any.',
    }),
    accountingCost: t.expose('accountingCost', {
      type: [Money],
      description:
        'The known cost in the accounting currency, as far as there was a rate; several amounts where that currency was changed.',
      complexity: { multiplier: 2 },
    }),
    cost: t.expose('cost', {
      type: [Money],
      description: 'The known cost, one amount for each currency; empty when none is known.',
      complexity: { multiplier: 2 },
    }),
  }),
})

builder.queryField('usage', (t) =>
  t.field({
    type: [UsageRowType],
    authScopes: { scope: 'READ' },
    cache: { ttlMs: 5_000 },
    rateLimit: { max: 240, windowMs: 60_000 },
    description:
      'What the organisation used, oldest first; hours, days and groups without use are left out. At most 10000 rows.',
    // It sums up; most reports have some dozen groups or days.
    complexity: { field: 10 * queryComplexity, multiplier: 200 },
    args: {
      filter: t.arg({ type: UsageFilter, required: true, description: 'Which usage is meant.' }),
      groupBy: t.arg({
        type: [dimensionEnum],
        description: 'What to divide it by; nothing unless told.',
      }),
      granularity: t.arg({
        type: granularityEnum,
        description: 'How to divide it by time; TOTAL unless told.',
      }),
    },
    resolve: async (_root, { filter, groupBy, granularity }, { services, actor }) => {
      const dimensions = groupBy ?? []
      const { from, to, model, provider, apiKeyId, user, tag } = filter
      const rows = await readUsage(services, actor, {
        from,
        to,
        model: model ?? undefined,
        provider: provider ?? undefined,
        apiKeyId: apiKeyId ?? undefined,
        user: user ?? undefined,
        tag: tag ?? undefined,
        groupBy: dimensions,
        granularity: granularity ?? 'total',
      })
      return rows.map((row) => ({ ...row, key: keyOf(row, dimensions) }))
    },
  }),
)

function keyOf(row: UsageRow, dimensions: readonly UsageDimension[]): object {
  const { model, provider, apiKeyId, user, tag } = row
  return {
    ...(dimensions.includes('model') && { model }),
    ...(dimensions.includes('provider') && { provider }),
    ...(dimensions.includes('apiKey') && { apiKeyId }),
    ...(dimensions.includes('user') && { user }),
    ...(tag && { tag: { [tag.name]: tag.value } }),
  }
}
