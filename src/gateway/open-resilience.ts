import type { Logger } from 'pino'
import { createConcurrency, type QueueSettings } from './concurrency.ts'
import { createDeploymentStates } from './deployment-states.ts'
import type { StateSettings } from './deployment-state.ts'
import type { GatewayDeps } from './deps.ts'
import { shareHealth, type HealthLink } from './health-share.ts'
import { createHealthWatch } from './health-watch.ts'
import { createHealthMonitor } from './provider-health.ts'

type Settings = GatewayDeps['resilience'] & StateSettings & { queue: QueueSettings }

type Parts = Pick<GatewayDeps, 'health' | 'healthWatch' | 'states' | 'concurrency' | 'resilience'>

/** What remembers how providers do; with `link` the instances share it. */
export function openResilience(
  settings: Settings,
  { link, logger }: { link: HealthLink | undefined; logger: Logger },
): Parts & { close: () => void } {
  const share = link && shareHealth(link, logger)
  const states = createDeploymentStates(settings, share && { onChange: share.change })
  const health = createHealthMonitor({ states, ...(share && { onOutcome: share.outcome }) })
  // Not waited for: an instance can serve before it knows what others saw.
  void share?.join({ health, states })
  return {
    health,
    healthWatch: createHealthWatch(health),
    states,
    concurrency: createConcurrency(settings.queue),
    resilience: settings,
    close: () => share?.close(),
  }
}
