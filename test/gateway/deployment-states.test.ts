import { expect, test } from 'vitest'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'
import { deploymentOf } from '../support/deployment.ts'

const record: AttemptRecord = {
  number: 1,
  provider: 'open',
  model: 'open/x',
  status: 'succeeded',
  startedAt: new Date(0),
  latencyMs: 1,
  usage: { estimated: false, inputTokens: 300, outputTokens: 100 },
}
const now = Date.UTC(2026, 10, 30)

function statesOf() {
  return createDeploymentStates({ breaker: undefined, cooldown: undefined }, { now: () => now })
}

test('names that clients type are forgotten, those of virtual models never', () => {
  const states = statesOf()
  const [lasting, typed] = [deploymentOf('open/lasting'), deploymentOf('open/typed')]
  const view = states.kept(lasting)
  for (const deployment of [lasting, typed]) states.begin(deployment)
  expect([view.inFlight, states.of(typed).inFlight]).toEqual([1, 1])
  for (let turn = 0; turn < 10_001; turn += 1) states.of(deploymentOf(`open/typed-${turn}`))
  expect(states.ofProvider('open')).toHaveLength(10_001)
  expect(states.of(typed).inFlight).toBe(0)
  expect(states.of(lasting)).toBe(view)
  expect(view.inFlight).toBe(1)
})

test('one that was typed first and then became part of a virtual model keeps what is known of it', () => {
  const states = statesOf()
  const deployment = deploymentOf('open/x')
  states.begin(deployment)
  expect(states.kept(deployment).inFlight).toBe(1)
  expect(states.ofProvider('open')).toHaveLength(1)
})

test('bounds of a minute block, counted by what was expected and then by what was used', () => {
  const states = statesOf()
  const bounds = { requestsPerMinute: 3, tokensPerMinute: 1_000 }
  const bounded = deploymentOf('open/bounded', { bounds })
  expect([states.of(bounded).blocked, states.of(bounded).ownLeft]).toEqual([undefined, 1])
  const running = states.begin(bounded, () => 1_500)
  expect(states.of(bounded).blocked?.reason).toBe('TOKENS_PER_MINUTE')
  running.end(record)
  expect(states.of(bounded).blocked).toBeUndefined()
  expect(states.of(bounded).ownLeft).toBeCloseTo(0.6)
  states.begin(bounded, () => 1)
  states.begin(bounded, () => 1)
  expect(states.of(bounded).blocked?.reason).toBe('REQUESTS_PER_MINUTE')
  const unbounded = deploymentOf('open/unbounded')
  states.begin(unbounded, () => {
    throw new Error('nobody needs to know')
  })
  expect(states.of(unbounded).ownLeft).toBe(1)
})
