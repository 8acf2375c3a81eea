import type { BreakerState as Breaker } from '../gateway/breaker.ts'
import type { BlockReason as Reason } from '../protocol/routing.ts'
import type { HealthFigures as Figures } from '../gateway/health-window.ts'
import type {
  BlockedDeployment as Blocked,
  ProviderHealth as Health,
} from '../gateway/provider-health.ts'
import { builder } from './builder.ts'
import { ErrorCode } from './error-code.ts'

const HealthState = builder.enumType('HealthState', {
  description:
    "How a provider does, by its attempts of the last five minutes. What is the client's fault does not count, nor what the client cancelled.",
  values: {
    OPERATIONAL: { description: 'Fewer than a tenth of its last twenty attempts failed.' },
    DEGRADED: { description: 'At least a tenth of its last twenty attempts failed.' },
    DOWN: {
      description:
        'At least four of its last five attempts failed, or all of the last three or four.',
    },
    UNKNOWN: { description: 'There was none.' },
  } satisfies Record<Health['state'], object>,
})

const BreakerState = builder.enumType('BreakerState', {
  description: 'Whether attempts go through.',
  values: {
    CLOSED: { description: 'All do.' },
    OPEN: { description: 'None does: there were too many failures.' },
    HALF_OPEN: { description: 'A few do, to see whether they succeed.' },
  } satisfies Record<Breaker, object>,
})

const BlockReason = builder.enumType('BlockReason', {
  description: 'Why a deployment is passed over.',
  values: {
    REQUESTS_PER_MINUTE: { description: 'The requests are used up that it may get in a minute.' },
    TOKENS_PER_MINUTE: { description: 'The tokens are used up that it may take in a minute.' },
    RATE_LIMITED: { description: 'Its provider asked to wait.' },
    AUTH: { description: 'Its provider refused the credential.' },
    QUOTA: { description: 'The account at its provider cannot pay.' },
    BREAKER_OPEN: { description: 'It failed too often lately.' },
    DOWN: { description: 'The checks of its provider fail.' },
  } satisfies Record<Reason, object>,
})

const ProviderErrorCount = builder
  .objectRef<Health['errors'][number]>('ProviderErrorCount')
  .implement({
    description: 'A kind of failure and how often it came.',
    fields: (t) => ({
      code: t.expose('code', { type: ErrorCode, description: 'The kind of failure.' }),
      count: t.exposeInt('count', { description: 'How often it came.' }),
    }),
  })

const HealthWindow = builder.objectRef<Figures>('HealthWindow').implement({
  description: 'What the attempts of a span of time say.',
  fields: (t) => ({
    seconds: t.exposeInt('seconds', { description: 'The span, back from now.' }),
    attempts: t.exposeInt('attempts', { description: 'Those that count.' }),
    successRate: t.exposeFloat('successRate', {
      nullable: true,
      description: 'The share that succeeded, from 0 to 1; null when there was none.',
    }),
    latencyP50Ms: t.exposeFloat('latencyP50Ms', {
      nullable: true,
      description: 'Half of those that succeeded took no longer.',
    }),
    latencyP95Ms: t.exposeFloat('latencyP95Ms', {
      nullable: true,
      description: 'Of twenty that succeeded nineteen took no longer.',
    }),
    timeToFirstTokenP50Ms: t.exposeFloat('timeToFirstTokenP50Ms', {
      nullable: true,
      description: 'Half of those that succeeded had their first content no later.',
    }),
    timeToFirstTokenP95Ms: t.exposeFloat('timeToFirstTokenP95Ms', {
      nullable: true,
      description: 'Of twenty that succeeded nineteen had their first content no later.',
    }),
  }),
})

const BlockedDeployment = builder.objectRef<Blocked>('BlockedDeployment').implement({
  description: 'A deployment that requests pass over.',
  fields: (t) => ({
    deployment: t.exposeString('deployment', { description: 'Its id.' }),
    reason: t.expose('reason', { type: BlockReason, description: 'Why.' }),
    until: t.expose('until', {
      type: 'DateTime',
      nullable: true,
      description: 'Until when; null where that is not a matter of time.',
    }),
  }),
})

/** What is counted for the lists of one provider. */
const expectedErrors = 3
const expectedBlocked = 3

export const ProviderHealth = builder.objectRef<Health>('ProviderHealth').implement({
  description:
    'How a provider does, by the attempts that this instance of the gateway and those beside it saw: the last hundred, none older than five minutes.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'The name of the provider.' }),
    state: t.expose('state', { type: HealthState, description: 'In one word.' }),
    reason: t.exposeString('reason', {
      nullable: true,
      description:
        'What speaks against it, as `5 of the last 20 attempts failed: PROVIDER_TIMEOUT`; null while it is operational.',
    }),
    successRate: t.exposeFloat('successRate', {
      nullable: true,
      description: 'The share of attempts that succeeded, from 0 to 1; null when there was none.',
    }),
    latencyP50Ms: t.exposeFloat('latencyP50Ms', {
      nullable: true,
      description: 'Half of the successful attempts took no longer than these milliseconds.',
    }),
    latencyP95Ms: t.exposeFloat('latencyP95Ms', {
      nullable: true,
      description: 'Of twenty successful attempts nineteen took no longer than these milliseconds.',
    }),
    timeToFirstTokenP50Ms: t.exposeFloat('timeToFirstTokenP50Ms', {
      nullable: true,
      description:
        'Half of the successful attempts had their first content within these milliseconds.',
    }),
    errors: t.expose('errors', {
      type: [ProviderErrorCount],
      complexity: { multiplier: expectedErrors },
      description: 'How often each kind of failure came, the most frequent first.',
    }),
    windows: t.expose('windows', {
      type: [HealthWindow],
      complexity: { multiplier: 2 },
      description: 'The figures of the last minute and of the last five.',
    }),
    breaker: t.expose('breaker', {
      type: BreakerState,
      description: 'The circuit breaker: of its deployments the one that lets least through.',
    }),
    blocked: t.expose('blocked', {
      type: [BlockedDeployment],
      complexity: { multiplier: expectedBlocked },
      description: 'What requests pass over now.',
    }),
    since: t.expose('since', { type: 'DateTime', description: 'When the state began.' }),
    checkedAt: t.expose('checkedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the last attempt that counts ended, however long ago; null if there was none.',
    }),
  }),
})
