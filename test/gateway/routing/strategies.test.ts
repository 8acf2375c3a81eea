import { describe, expect, test } from 'vitest'
import type { Deployment } from '../../../src/gateway/catalogue.ts'
import type { RoutingHints } from '../../../src/gateway/call.ts'
import { explain } from '../../../src/gateway/route.ts'
import type { RoutingPolicy } from '../../../src/protocol/routing-policy.ts'
import { nothingBut } from '../../../src/protocol/features.ts'
import {
  ask,
  price,
  route,
  routeScene,
  succeed,
  upstream,
  virtual,
} from '../../support/route-scene.ts'

const local = { site: { region: undefined, dataPolicy: undefined, local: true } }

function scene(policy: Partial<RoutingPolicy>, parts: Parameters<typeof virtual>[1], seed = 1) {
  const providers = [
    upstream('a', [{ name: 'm', price: price('10', '10') }]),
    upstream('b', [{ name: 'm', price: price('1', '40') }]),
    upstream('c', [{ name: 'm', price: price('5', '5', 'RUB') }], local),
    upstream('d', ['m'], { support: nothingBut({}) }),
  ]
  const made = routeScene({ providers, models: [virtual('v', parts, policy)] }, seed)
  const deployment = (id: string): Deployment => made.deps.catalogue.resolve(`${id}/m`)
  const order = (hints: RoutingHints = {}, told: Parameters<typeof ask>[2] = {}): string =>
    route(made.deps, ask('v', hints, told))
      .candidates.map(({ deployment: { provider } }) => provider.id)
      .join('')
  /** How often each is first in so many requests. */
  const shares = (requests: number, query = () => ask('v')): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (let turn = 0; turn < requests; turn += 1) {
      const id = route(made.deps, query()).candidates[0].deployment.provider.id
      counts[id] = (counts[id] ?? 0) + 1
    }
    return counts
  }
  return { ...made, deployment, order, shares }
}

describe('weighted', () => {
  const parts = [
    { model: 'a/m', weight: 90, variant: 'control' },
    { model: 'b/m', weight: 10, variant: 'canary' },
  ]

  test('gives each its share, within what chance allows', () => {
    const { shares } = scene({ strategy: 'weighted' }, parts)
    const { b = 0 } = shares(10_000)
    // 1,000 are expected, with a standard deviation of 30.
    expect(Math.abs(b - 1_000)).toBeLessThan(4 * 30)
  })

  test('the same unit always falls to the same part, and the shares hold over the units', () => {
    const { shares, order } = scene({ strategy: 'weighted', stickyBy: 'user' }, parts)
    let user = 0
    const { b = 0 } = shares(10_000, () => ask('v', {}, { endUserId: `user-${user++}` }))
    expect(Math.abs(b - 1_000)).toBeLessThan(4 * 30)
    for (const name of ['user-1', 'user-2', 'user-3']) {
      const orders = Array.from({ length: 20 }, () => order({}, { endUserId: name }))
      expect(new Set(orders).size).toBe(1)
    }
  })

  test('a greater share takes over units and gives none back', () => {
    const before = scene({ strategy: 'weighted', stickyBy: 'user' }, parts)
    const [control, canary] = parts
    const more = [control ?? 'a/m', { ...canary, model: 'b/m', weight: 30 }]
    const after = scene({ strategy: 'weighted', stickyBy: 'user' }, more)
    let moved = 0
    for (let user = 0; user < 1_000; user += 1) {
      const told = { endUserId: `user-${user}` }
      const [was, is] = [before.order({}, told)[0], after.order({}, told)[0]]
      if (was === 'b') expect(is).toBe('b')
      if (was !== is) moved += 1
    }
    expect(moved).toBeGreaterThan(0)
  })

  test.each<[NonNullable<RoutingHints['stickyBy']>, RoutingHints, Parameters<typeof ask>[2]]>([
    ['key', {}, {}],
    ['session', { session: 's-1' }, {}],
    ['tag:team', {}, { tags: { team: 'search' } }],
  ])('may be sticky by %s', (stickyBy, hints, told) => {
    const { order } = scene({ strategy: 'weighted' }, ['a/m', 'b/m', 'c/m'])
    const orders = Array.from({ length: 30 }, () => order({ ...hints, stickyBy }, told))
    expect(new Set(orders).size).toBe(1)
  })

  test('without its unit chooses anew each time', () => {
    const { order } = scene({ strategy: 'weighted', stickyBy: 'session' }, ['a/m', 'b/m', 'c/m'])
    expect(new Set(Array.from({ length: 50 }, () => order())).size).toBeGreaterThan(3)
  })

  test('says the part of the experiment', () => {
    const { deps } = scene({ strategy: 'weighted', stickyBy: 'key' }, parts)
    const { decision, candidates } = route(deps, ask('v'))
    expect(decision?.variant).toBe(candidates[0].deployment.variant)
    expect(route(deps, ask('v', { strategy: 'ordered' })).decision?.variant).toBeUndefined()
  })
})

describe('least-latency', () => {
  test('the worst is never first; of two that are drawn the faster wins', () => {
    const made = scene({ strategy: 'least-latency' }, ['a/m', 'b/m', 'c/m'])
    succeed(made, made.deployment('a'), 100)
    succeed(made, made.deployment('b'), 900)
    succeed(made, made.deployment('c'), 200)
    const { a = 0, b = 0, c = 0 } = made.shares(3_000)
    expect(b).toBe(0)
    // Drawn are ab, ac, bc: a wins two of three.
    expect(Math.abs(a - 2_000)).toBeLessThan(150)
    expect(a + c).toBe(3_000)
  })

  test('what waits for its first token counts', () => {
    const made = scene({ strategy: 'least-latency' }, ['a/m', 'b/m'])
    succeed(made, made.deployment('a'), 100)
    succeed(made, made.deployment('b'), 250)
    expect(made.shares(50)).toEqual({ a: 50 })
    for (let turn = 0; turn < 2; turn += 1) made.deps.states.begin(made.deployment('a'))
    expect(made.shares(50)).toEqual({ b: 50 })
  })

  test('one that is not known is tried by one request at a time', () => {
    const made = scene({ strategy: 'least-latency' }, ['a/m', 'b/m'])
    succeed(made, made.deployment('a'), 5)
    expect(made.shares(20)).toEqual({ b: 20 })
    made.deps.states.begin(made.deployment('b'))
    expect(made.shares(20)).toEqual({ a: 20 })
  })
})

describe('the other strategies', () => {
  test('least-busy: the fewest attempts under way, by weight; equals share', () => {
    const made = scene({ strategy: 'least-busy' }, ['a/m', { model: 'b/m', weight: 4 }])
    made.deps.states.begin(made.deployment('a'))
    for (let turn = 0; turn < 3; turn += 1) made.deps.states.begin(made.deployment('b'))
    expect(made.order()).toBe('ba')
    const fresh = scene({ strategy: 'least-busy' }, ['a/m', 'b/m']).shares(100)
    expect(Object.keys(fresh).toSorted()).toEqual(['a', 'b'])
  })

  test('cheapest: by what this request would cost; without a price or in another currency last', () => {
    const { order } = scene({ strategy: 'cheapest' }, ['a/m', 'd/m', 'b/m', 'c/m'])
    const text = 'word '.repeat(20_000)
    const long = { messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text }] }] }
    expect(order({}, { ...long, maxTokens: 10 })).toBe('badc')
    expect(order({}, { maxTokens: 1_000 })).toBe('abdc')
  })

  test('headroom: who has most of its rate limit left', () => {
    const made = scene({ strategy: 'headroom' }, ['a/m', 'b/m'])
    const left = (remaining: number) => ({
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': String(remaining),
    })
    made.deps.headroom.note(made.deployment('a'), left(20))
    made.deps.headroom.note(made.deployment('b'), left(60))
    expect(made.order()).toBe('ba')
  })

  test('prefer-local: machines of one’s own first, else in order', () => {
    expect(scene({ strategy: 'prefer-local' }, ['a/m', 'b/m', 'c/m']).order()).toBe('cab')
  })

  test('scored: by a mix whose parts are shown', () => {
    const made = scene({ strategy: 'scored' }, ['a/m', 'b/m'])
    succeed(made, made.deployment('a'), 100)
    succeed(made, made.deployment('b'), 400)
    const weighing = (weights: RoutingHints['weights']) => ask('v', { weights }, { maxTokens: 100 })
    const { candidates } = explain(made.deps, weighing({ latency: 3, cost: 1 }))
    expect(candidates.map(({ deployment }) => deployment)).toEqual(['a/m', 'b/m'])
    expect(candidates[1]?.parts).toMatchObject({ latency: 0.25, busy: 1, headroom: 1, errors: 1 })
    const { cost = 0 } = candidates[1]?.parts ?? {}
    expect(cost).toBeLessThan(1)
    expect(candidates[1]?.score).toBeCloseTo(1 - (3 * 0.25 + cost) / 4, 5)
    expect(candidates[0]?.score).toBe(0)
  })

  test.each([
    ['race', { kind: 'race', parallel: 3, maxCosts: [] }],
    ['hedge', { kind: 'hedge', parallel: 3, afterMs: 250, maxCosts: [] }],
    ['ordered', { kind: 'ordered' }],
  ] as const)('%s is a way to call them', (strategy, mode) => {
    const { deps } = scene({ parallel: 3, hedgeAfterMs: 250 }, ['a/m', 'b/m'])
    expect(route(deps, ask('v', { strategy })).mode).toEqual(mode)
  })

  test('what bounds the attempts of a race together is said by the model, the request, or both', () => {
    const [own, asked] = [
      { currency: 'USD', nanos: 5n },
      { currency: 'USD', nanos: 3n },
    ]
    const { deps } = scene({ strategy: 'race', maxCost: own }, ['a/m', 'b/m'])
    expect(route(deps, ask('v')).mode).toMatchObject({ maxCosts: [own] })
    expect(route(deps, ask('v', { maxCost: asked })).mode).toMatchObject({ maxCosts: [own, asked] })
  })

  test('a race needs two', () => {
    const { deps } = scene({ strategy: 'race' }, ['a/m', 'b/m'])
    expect(route(deps, ask('v', { allowProviders: ['a'] })).mode).toEqual({ kind: 'ordered' })
  })
})
