import { LRUCache } from 'lru-cache'
import { DeploymentState, type StateSettings } from './deployment-state.ts'
import type { Blocked, Called, DeploymentStates, StateChange } from './deployment-view.ts'

/** Of those that no virtual model has. */
const deploymentsMax = 10_000

export function createDeploymentStates(
  settings: StateSettings,
  options: { now?: () => number; onChange?: (change: StateChange) => void } = {},
): DeploymentStates {
  const { now = Date.now, onChange = () => {} } = options
  const kept = new Map<string, DeploymentState>()
  const latest = new LRUCache<string, DeploymentState>({ max: deploymentsMax })
  const cooldowns = new LRUCache<string, Blocked & { untilMs: number }>({ max: deploymentsMax })
  const down = new Set<string>()
  const shared = { settings, now, onChange, cooldowns, down }

  function made({ id, credential, provider }: Called): DeploymentState {
    return new DeploymentState({ deployment: id, provider: provider.id, credential }, shared)
  }

  function stateOf(deployment: Called): DeploymentState {
    const { id } = deployment
    let state = kept.get(id) ?? latest.get(id)
    if (!state) latest.set(id, (state = made(deployment)))
    return state
  }
  return {
    of: stateOf,
    kept: (deployment) => {
      const state = stateOf(deployment)
      kept.set(deployment.id, state)
      latest.delete(deployment.id)
      return state
    },
    begin: (deployment, tokens) => stateOf(deployment).begin(deployment.bounds, tokens),
    ofProvider: (provider) =>
      [...kept.values(), ...latest.values()]
        .filter((state) => state.provider === provider)
        .map((state) => state.status),
    learn: (change) => {
      const state = stateOf({ ...change, id: change.deployment, provider: { id: change.provider } })
      if (change.kind === 'breaker') {
        state.learn(change.openMs)
        return
      }
      const untilMs = Math.max(now() + change.ms, cooldowns.get(change.key)?.untilMs ?? 0)
      cooldowns.set(change.key, { reason: change.reason, untilMs })
    },
    markDown: (provider, isDown) => void (isDown ? down.add(provider) : down.delete(provider)),
  }
}
