import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import type { DeploymentStates } from '../../src/gateway/deployment-view.ts'
import { createHealthWatch } from '../../src/gateway/health-watch.ts'
import { createHealthMonitor, type HealthMonitor } from '../../src/gateway/provider-health.ts'
import { deploymentOf } from '../support/deployment.ts'

let states: DeploymentStates
let health: HealthMonitor
let client: AbortController

beforeEach(() => {
  vi.useFakeTimers()
  client = new AbortController()
  states = createDeploymentStates({
    breaker: undefined,
    cooldown: { rateLimitMs: 5_000, authMs: 5_000, quotaMs: 5_000, maxMs: 60_000 },
  })
  health = createHealthMonitor({ states })
})

afterEach(() => void vi.useRealTimers())

const watch = (providers: string[]) => createHealthWatch(health).watch(providers, client.signal)
const fail = (provider: string) => health.note(provider, { fault: 'PROVIDER_TIMEOUT' })

function rateLimit(id: string, retryAfterMs: number): void {
  const error = new GatewayError({ code: 'PROVIDER_RATE_LIMITED', message: 'wait', retryAfterMs })
  const provider = id.split('/')[0] ?? ''
  const startedAt = new Date()
  states
    .begin(deploymentOf(id))
    .end({ number: 1, provider, model: id, status: 'failed', startedAt, latencyMs: 1 }, error)
}

describe('a watch over providers', () => {
  test('tells each at once, then each change', async () => {
    const watching = watch(['a', 'b'])
    expect((await watching.next()).value).toMatchObject({ provider: 'a', state: 'UNKNOWN' })
    expect((await watching.next()).value).toMatchObject({ provider: 'b', state: 'UNKNOWN' })
    const next = watching.next()
    for (let turn = 0; turn < 3; turn += 1) fail('b')
    await vi.advanceTimersByTimeAsync(100)
    expect((await next).value).toMatchObject({
      provider: 'b',
      state: 'DOWN',
      reason: '3 of the last 3 attempts failed: PROVIDER_TIMEOUT',
    })
    await watching.return(undefined)
  })

  test('tells of what time alone changes', async () => {
    rateLimit('a/x', 5_000)
    const watching = watch(['a'])
    expect((await watching.next()).value).toMatchObject({
      blocked: [{ deployment: 'a/x', reason: 'RATE_LIMITED', until: new Date(Date.now() + 5_000) }],
    })
    const next = watching.next()
    await vi.advanceTimersByTimeAsync(5_000)
    expect((await next).value).toMatchObject({ blocked: [] })
    await watching.return(undefined)
  })

  test('tells a slow reader the newest of each, in the order of the changes', async () => {
    const watching = watch(['a', 'b'])
    await watching.next()
    await watching.next()
    const slow = watching.next()
    for (const provider of ['a', 'b', 'a', 'a']) {
      fail(provider)
      await vi.advanceTimersByTimeAsync(100)
    }
    expect((await slow).value).toMatchObject({
      provider: 'a',
      reason: expect.stringMatching(/^1 /),
    })
    expect((await watching.next()).value).toMatchObject({ provider: 'b', state: 'DEGRADED' })
    expect((await watching.next()).value).toMatchObject({ provider: 'a', state: 'DOWN' })
    const quiet = watching.next()
    await vi.advanceTimersByTimeAsync(1_000)
    client.abort()
    expect(await quiet).toEqual({ value: undefined, done: true })
  })

  test('does nothing without readers', async () => {
    const watching = watch(['a'])
    await watching.next()
    expect(vi.getTimerCount()).toBe(1)
    await watching.return(undefined)
    expect(vi.getTimerCount()).toBe(0)
  })
})
