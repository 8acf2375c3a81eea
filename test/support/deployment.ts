import type { Deployment } from '../../src/gateway/catalogue.ts'
import { nothingBut } from '../../src/protocol/features.ts'

/** A deployment by its id, `provider/model`, of a provider that cannot be called. */
export function deploymentOf(id: string): Deployment {
  const slash = id.indexOf('/')
  return {
    id,
    model: id.slice(slash + 1),
    price: undefined,
    provider: {
      id: id.slice(0, slash),
      baseUrl: 'http://127.0.0.1:9',
      authorize: (request) => request,
      support: nothingBut({}),
      models: [],
      openModels: true,
    },
  }
}
