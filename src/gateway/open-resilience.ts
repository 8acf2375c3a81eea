import type { Logger } from 'pino'
import { createConcurrency, type QueueSettings } from './concurrency.ts'
import { createDeploymentStates } from './deployment-states.ts'
import type { StateSettings } from './deployment-state.ts'
import type { GatewayDeps } from './deps.ts'
import { shareHealth, type HealthLink } from './health-share.ts'
import { startLoadShed, type ShedSettings } from './load-shed.ts'
import type { Metrics } from './metrics.ts'
import { createHealthWatch } from './health-watch.ts'
import { createHealthMonitor } from './provider-health.ts'

type Settings = GatewayDeps['resilience'] &
  StateSettings & { queue: QueueSettings; shed: ShedSettings | undefined }

type Parts = Pick<
  GatewayDeps,
  'health' | 'healthWatch' | 'states' | 'concurrency' | 'loadShed' | 'resilience'
>

/** What remembers how providers do; with `link` the instances share it. */
export function openResilience(
  settings: Settings,
  { link, metrics, logger }: { link: HealthLink | undefined; metrics: Metrics; logger: Logger },
): Parts & { close: () => void } {
  const share = link && shareHealth(link, logger)
  const states = createDeploymentStates(settings, share && { onChange: share.change })
  const health = createHealthMonitor({ states, ...(share && { onOutcome: share.outcome }) })
  // Not waited for: an instance can serve before it knows what others saw.
  void share?.join({ health, states })
  const loadShed = startLoadShed(settings.shed, {
    random: Math.random,
    onShed: (priority) => metrics.shed(priority),
    onChange: (delayMs) =>
      delayMs === undefined
        ? logger.info('this process keeps up with its work again')
        : logger.warn(
            { delayMs: Math.round(delayMs) },
            'behind with the work: requests are refused',
          ),
  })
  return {
    health,
    healthWatch: createHealthWatch(health),
    states,
    concurrency: createConcurrency(settings.queue),
    loadShed,
    resilience: settings,
    close: () => {
      loadShed.close()
      share?.close()
    },
  }
}
