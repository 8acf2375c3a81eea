import type { Logger } from 'pino'
import { GatewayError } from '../errors.ts'
import type { Provider } from '../providers/provider.ts'
import type { GatewayDeps } from './deps.ts'
import type { Upstreams } from './upstream.ts'

type CheckDeps = Pick<GatewayDeps, 'health' | 'states'> & {
  upstreams: Pick<Upstreams, 'discover'>
  logger: Logger
}

/** Asks providers with a `health_check_interval_ms` for their list of models again and again: that costs nothing. */
export function startHealthChecks(
  providers: Iterable<Provider>,
  deps: CheckDeps,
): { stop: () => void } {
  const timers = [...providers].flatMap((provider) => {
    const { healthCheckIntervalMs: everyMs } = provider
    if (everyMs === undefined || !provider.discover) return []
    let running = false
    const check = async (): Promise<void> => {
      if (running) return
      running = true
      await checkOnce(provider, deps)
      running = false
    }
    return [setInterval(() => void check(), everyMs).unref()]
  })
  return { stop: () => timers.forEach((timer) => clearInterval(timer)) }
}

/** Counts as an attempt; while checks and attempts together say DOWN, the provider is passed over. */
async function checkOnce(
  provider: Provider,
  { health, states, upstreams, logger }: CheckDeps,
): Promise<void> {
  try {
    await upstreams.discover(provider)
    health.note(provider.id, {})
  } catch (error) {
    if (error instanceof GatewayError) health.note(provider.id, { fault: error.code })
    else logger.error({ provider: provider.id, err: error }, 'bug in the check of a provider')
  }
  states.markDown(provider.id, health.snapshot(provider.id).state === 'DOWN')
}
