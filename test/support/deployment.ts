import type { CallOrder } from '../../src/gateway/attempt-plan.ts'
import type { Deployment } from '../../src/gateway/catalogue.ts'
import { deploymentsOf } from '../../src/gateway/deployments.ts'
import { nativeBut } from '../../src/protocol/features.ts'
import type { Provider } from '../../src/providers/provider.ts'

/** A deployment by its id, `provider/model` or `provider/model#credential`, of a provider that cannot be called. */
export function deploymentOf(id: string, told: Partial<Deployment> = {}): Deployment {
  const [modelId = '', credential] = id.split('#')
  const slash = modelId.indexOf('/')
  const provider: Provider = {
    id: modelId.slice(0, slash),
    baseUrl: 'http://127.0.0.1:9',
    authorize: (request) => request,
    support: nativeBut({}),
    models: [],
    openModels: true,
    ...(credential !== undefined && { credential }),
  }
  const model = modelId.slice(slash + 1)
  const [deployment] = deploymentsOf({
    provider,
    model,
    price: undefined,
    facts: undefined,
    bounds: undefined,
  })
  return { ...deployment, ...told }
}

/** These, in their order. */
export function orderOf([first, ...others]: readonly Deployment[]): CallOrder {
  if (!first) throw new Error('there is no deployment')
  return { first, others: () => others }
}
