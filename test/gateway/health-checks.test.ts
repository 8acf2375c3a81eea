import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import type { DeploymentStates } from '../../src/gateway/deployment-view.ts'
import { startHealthChecks } from '../../src/gateway/health-checks.ts'
import { createHealthMonitor, type HealthMonitor } from '../../src/gateway/provider-health.ts'
import type { ModelInfo, Provider } from '../../src/providers/provider.ts'
import { deploymentOf } from '../support/deployment.ts'

const deployment = deploymentOf('test/words')
const { provider } = deployment
const checked = {
  ...provider,
  healthCheckIntervalMs: 1_000,
  discover: async () => [],
}
let states: DeploymentStates
let health: HealthMonitor
let answer: () => Promise<ModelInfo[]>
let asked: number

beforeEach(() => {
  vi.useFakeTimers()
  states = createDeploymentStates({ breaker: undefined, cooldown: undefined })
  health = createHealthMonitor({ states })
  asked = 0
  answer = async () => []
})

afterEach(() => void vi.useRealTimers())

function start(providers: Provider[] = [checked]) {
  const upstreams = {
    discover: () => {
      asked += 1
      return answer()
    },
  }
  return startHealthChecks(providers, {
    health,
    states,
    upstreams,
    logger: pino({ level: 'silent' }),
  })
}

const unreachable = async () => {
  throw new GatewayError({ code: 'PROVIDER_UNAVAILABLE', message: 'nobody is there' })
}

describe('checks of a provider', () => {
  test('make it operational without any attempt', async () => {
    const checks = start()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(health.snapshot('test')).toMatchObject({ state: 'OPERATIONAL', successRate: 1 })
    checks.stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toBe(1)
  })

  test('have it passed over while it is down, and called again when it is back', async () => {
    states.begin(deployment).end({
      number: 1,
      provider: 'test',
      model: 'test/words',
      status: 'succeeded',
      startedAt: new Date(),
      latencyMs: 1,
    })
    const checks = start()
    answer = unreachable
    await vi.advanceTimersByTimeAsync(2_000)
    expect(states.of(deployment).blocked).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(states.of(deployment).blocked).toEqual({ reason: 'DOWN' })
    expect(health.snapshot('test')).toMatchObject({
      state: 'DOWN',
      reason: '3 of the last 3 attempts failed: PROVIDER_UNAVAILABLE',
      blocked: [{ deployment: 'test/words', reason: 'DOWN' }],
    })
    answer = async () => []
    await vi.advanceTimersByTimeAsync(2_000)
    expect(states.of(deployment).blocked).toBeUndefined()
    expect(health.snapshot('test').state).toBe('DEGRADED')
    checks.stop()
  })

  test('do not pile up behind one that takes long', async () => {
    const checks = start()
    const slow = Promise.withResolvers<ModelInfo[]>()
    answer = () => slow.promise
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toBe(1)
    slow.resolve([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(asked).toBe(2)
    checks.stop()
  })

  test('are of those alone that ask for it and have a list', async () => {
    const { discover: _list, ...withoutList } = checked
    const checks = start([withoutList, provider])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toBe(0)
    checks.stop()
  })
})
