import type { Logger } from 'pino'
import { GatewayError } from '../errors.ts'
import type { Provider } from '../providers/provider.ts'
import type { Catalogue } from './catalogue.ts'
import type { Upstreams } from './upstream.ts'

interface DiscoverDeps {
  catalogue: Catalogue
  upstreams: Pick<Upstreams, 'discover'>
  logger: Logger
}

/** Adds to the catalogue what the upstreams list beyond it; one that does not answer is a line in the log. */
export async function discoverModels(deps: DiscoverDeps): Promise<void> {
  const providers = [...deps.catalogue.providers.values()]
  await Promise.all(providers.map((provider) => discoverOf(deps, provider)))
}

async function discoverOf(
  { catalogue, upstreams, logger }: DiscoverDeps,
  provider: Provider,
): Promise<void> {
  try {
    catalogue.learn(provider, await upstreams.discover(provider))
  } catch (error) {
    const level = error instanceof GatewayError ? 'warn' : 'error'
    logger[level]({ provider: provider.id, err: error }, 'the models could not be listed')
  }
}
