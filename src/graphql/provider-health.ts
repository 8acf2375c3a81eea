import type { ProviderHealth as Health } from '../gateway/provider-health.ts'
import { builder } from './builder.ts'

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

export const ProviderHealth = builder.objectRef<Health>('ProviderHealth').implement({
  description:
    'How a provider does, by the attempts that this instance of the gateway saw: the last hundred, none older than five minutes.',
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
    since: t.expose('since', { type: 'DateTime', description: 'When the state began.' }),
    checkedAt: t.expose('checkedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the last attempt that counts ended, however long ago; null if there was none.',
    }),
  }),
})
