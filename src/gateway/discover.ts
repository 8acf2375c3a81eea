import type { Logger } from 'pino'
import { GatewayError } from '../errors.ts'
import type { ModelInfo, Provider } from '../providers/provider.ts'
import type { Catalogue } from './catalogue.ts'
import type { Upstreams } from './upstream.ts'

interface DiscoverDeps {
  catalogue: Catalogue
  upstreams: Pick<Upstreams, 'discover'>
  logger: Logger
  /** Called when all have been asked. */
  onLearnt?: () => Promise<unknown>
}

/** How often the upstreams are asked again: models come and go without notice. */
const everyMsDefault = 3_600_000

/** Asks the upstreams for their models now, and again and again until stopped. */
export function startDiscovery(
  deps: DiscoverDeps,
  everyMs: number = everyMsDefault,
): { stop: () => void } {
  const look = (): void => {
    void discoverModels(deps)
      .then(deps.onLearnt)
      .catch((error: unknown) => deps.logger.warn({ err: error }, 'old lists of models may stay'))
  }
  look()
  const timer = setInterval(look, everyMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** Lets the catalogue learn what the upstreams list; one that does not answer is a line in the log. */
async function discoverModels(deps: DiscoverDeps): Promise<void> {
  const providers = [...deps.catalogue.providers.values()].filter(
    (provider) => provider.discoverModels !== false,
  )
  await Promise.all(providers.map((provider) => discoverOf(deps, provider)))
}

async function discoverOf(
  { catalogue, upstreams, logger }: DiscoverDeps,
  provider: Provider,
): Promise<void> {
  try {
    const listed = await upstreams.discover(provider)
    const usable = ({ features }: ModelInfo): boolean =>
      provider.embeddings !== undefined || !features?.includes('embeddings')
    catalogue.learn(provider, listed.filter(usable))
  } catch (error) {
    const level = error instanceof GatewayError ? 'warn' : 'error'
    logger[level]({ provider: provider.id, err: error }, 'the models could not be listed')
  }
}
