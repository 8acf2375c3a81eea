import { rateNames, type limitScopes, type LimitLevel, type Rates } from '../protocol/limit.ts'
import { deleteRateLimit, listRateLimits, setRateLimit } from '../services/rate-limits.ts'
import type { RateLimitRow } from '../services/rate-limits.ts'
import { listTiers, updateTier, type TierRow } from '../services/tiers.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'

/** What a list of limits counts with; most are shorter. */
const limitsExpected = 20

export const LimitScope = builder.enumType('LimitScope', {
  description: 'What a limit is put on.',
  values: {
    KEY: { value: 'key', description: 'An API key, by its id.' },
    USER: { value: 'user', description: 'An end user whom requests name.' },
    ORGANIZATION: { value: 'organization', description: 'All requests of the organisation.' },
    TAG: { value: 'tag', description: 'Requests with a tag, as `team=search`.' },
    PROVIDER: { value: 'provider', description: 'Calls of a provider.' },
    MODEL: { value: 'model', description: 'Calls of a model, `provider/model`.' },
  } as const satisfies Record<Uppercase<(typeof limitScopes)[number]>, object>,
})

const rateTexts = {
  requestsPerMinute: 'Requests in a minute; null = not limited.',
  requestsPerDay: 'Requests in a day; null = not limited.',
  tokensPerMinute: 'Tokens in a minute, of prompts and answers; null = not limited.',
  tokensPerDay: 'Tokens in a day, of prompts and answers; null = not limited.',
  concurrency: 'Requests under way at once; null = not limited.',
}

const RateNumbers = builder.objectRef<Rates>('Rates').implement({
  description: 'At most so many of each.',
  fields: (t) => {
    const rate = (name: keyof Rates) =>
      t.exposeInt(name, { nullable: true, description: rateTexts[name] })
    return {
      requestsPerMinute: rate('requestsPerMinute'),
      requestsPerDay: rate('requestsPerDay'),
      tokensPerMinute: rate('tokensPerMinute'),
      tokensPerDay: rate('tokensPerDay'),
      concurrency: rate('concurrency'),
    }
  },
})

const RatesInput = builder.inputType('RatesInput', {
  description: 'At most so many of each; what is left out is not limited.',
  fields: (t) => ({
    requestsPerMinute: t.int({ description: rateTexts.requestsPerMinute }),
    requestsPerDay: t.int({ description: rateTexts.requestsPerDay }),
    tokensPerMinute: t.int({ description: rateTexts.tokensPerMinute }),
    tokensPerDay: t.int({ description: rateTexts.tokensPerDay }),
    concurrency: t.int({ description: rateTexts.concurrency }),
  }),
})

const Tier = builder.objectRef<TierRow>('Tier').implement({
  description: 'What the API keys of a plan may at most.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'As keys have it in `tier`.' }),
    rates: t.field({ type: RateNumbers, description: 'Its numbers.', resolve: (row) => row }),
  }),
})

const RateLimit = builder.objectRef<RateLimitRow>('RateLimit').implement({
  description: 'A limit beside those of the tiers.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the limit.' }),
    scope: t.expose('scope', { type: LimitScope, description: 'What it is put on.' }),
    subject: t.exposeString('subject', { description: 'Whose it is; `*` = each by itself.' }),
    rates: t.field({ type: RateNumbers, description: 'Its numbers.', resolve: (row) => row }),
  }),
})

export const LimitLevelType = builder.objectRef<LimitLevel>('LimitLevel').implement({
  description: 'How a limit stands.',
  fields: (t) => ({
    scope: t.expose('scope', { type: LimitScope, description: 'What it is put on.' }),
    subject: t.exposeString('subject', { description: 'Whose it is.' }),
    kind: t.exposeString('kind', {
      description: '`requests`, `tokens`, or `concurrency` of requests under way.',
    }),
    periodSeconds: t.int({
      nullable: true,
      description: 'In which time it refills; null of requests under way.',
      resolve: ({ periodMs }) => (periodMs === undefined ? null : periodMs / 1000),
    }),
    limit: t.exposeInt('limit', { description: 'At most so many.' }),
    remaining: t.exposeInt('remaining', { description: 'How many are left now.' }),
    resetSeconds: t.float({
      description: 'Until it is whole again.',
      resolve: ({ resetMs }) => resetMs / 1000,
    }),
  }),
})

const UpdateTierInput = builder.inputType('UpdateTierInput', {
  description: 'Other numbers for a tier, in the own organisation.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The tier, as `pro`.' }),
    rates: t.field({ type: RatesInput, required: true, description: 'All of its numbers.' }),
  }),
})

const SetRateLimitInput = builder.inputType('SetRateLimitInput', {
  description: 'A limit to put on a subject; one that is there gets these numbers.',
  fields: (t) => ({
    scope: t.field({ type: LimitScope, required: true, description: 'What it is put on.' }),
    subject: t.string({
      required: true,
      description:
        'The id of a key, a user’s name, `team=search`, a provider, `provider/model`; `*` (`team=*`) for each by itself.',
    }),
    rates: t.field({ type: RatesInput, required: true, description: 'All of its numbers.' }),
  }),
})

builder.queryFields((t) => ({
  tiers: t.field({
    type: [Tier],
    authScopes: { scope: 'READ' },
    description: 'The tiers as they hold in the own organisation, by name.',
    complexity: { field: queryComplexity, multiplier: limitsExpected },
    resolve: (_root, _args, { services, actor }) => listTiers(services, actor),
  }),
  rateLimits: t.field({
    type: [RateLimit],
    authScopes: { scope: 'READ' },
    description: 'The limits of the own organisation, by scope and subject; at most 1000.',
    complexity: { field: queryComplexity, multiplier: limitsExpected },
    resolve: (_root, _args, { services, actor }) => listRateLimits(services, actor),
  }),
}))

builder.mutationFields((t) => ({
  updateTier: t.field({
    type: Tier,
    authScopes: { scope: 'ADMIN' },
    description: 'Gives a tier other numbers in the own organisation, on every instance at once.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: UpdateTierInput, required: true, description: 'What to change.' }),
    },
    resolve: (_root, { input: { name, rates } }, { services, actor }) =>
      updateTier(services, actor, { name, ...given(rates) }),
  }),
  setRateLimit: t.field({
    type: RateLimit,
    authScopes: { scope: 'MANAGE' },
    description:
      'Puts a limit on a subject, on every instance at once. Limits of keys need the scope ADMIN.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: SetRateLimitInput, required: true, description: 'What to set.' }),
    },
    resolve: (_root, { input: { scope, subject, rates } }, { services, actor }) =>
      setRateLimit(services, actor, { scope, subject, ...given(rates) }),
  }),
  deleteRateLimit: t.field({
    type: RateLimit,
    authScopes: { scope: 'MANAGE' },
    description: 'Takes a limit away, on every instance at once. The answer is what it was.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the limit.' }) },
    resolve: (_root, { id }, { services, actor }) => deleteRateLimit(services, actor, id),
  }),
}))

/** GraphQL sends null for what a client leaves out. */
function given(rates: Partial<Record<keyof Rates, number | null | undefined>>): Partial<Rates> {
  return Object.fromEntries(rateNames.map((name) => [name, rates[name] ?? null]))
}
