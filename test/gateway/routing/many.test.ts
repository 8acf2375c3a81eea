import { describe, expect, test } from 'vitest'
import type { RoutingHints } from '../../../src/gateway/call.ts'
import { explain, type Route } from '../../../src/gateway/route.ts'
import { strategies, type Strategy } from '../../../src/protocol/routing.ts'
import { nothingBut } from '../../../src/protocol/features.ts'
import { managerOf } from '../../support/actors.ts'
import {
  ask,
  fail,
  price,
  route,
  routeScene,
  succeed,
  upstream,
  virtual,
} from '../../support/route-scene.ts'

const count = 200

/** Two hundred deployments, of which every fourth is in the east and the last one cannot use tools. */
function scene(strategy: Strategy = 'ordered') {
  const models = (side: number) =>
    Array.from({ length: count / 4 }, (_none, at) => ({
      name: `m${at}`,
      price: price(String(1 + ((at * 7 + side) % 50)), '2'),
      contextLength: at === 3 ? 50 : 1_000,
    }))
  const east = { site: { region: 'east', dataPolicy: undefined, local: false } }
  const sides = ['a', 'b', 'c', 'd'].map((id, side) =>
    upstream(id, models(side), {
      ...(id === 'd' && east),
      ...(id === 'c' && { support: nothingBut({}) }),
    }),
  )
  const parts = sides.flatMap(({ id, models: own }) => own.map(({ name }) => `${id}/${name}`))
  const made = routeScene({
    providers: [...sides, upstream('z', ['m'])],
    models: [virtual('v', parts, { strategy })],
  })
  const { deployments } = made.deps.catalogue.target('v')
  return { ...made, deployments }
}

/** All that may be tried, in their order. */
function all({ candidates: [first], others }: Pick<Route, 'candidates' | 'others'>) {
  return [first, ...others()]
}

function asking(hints: RoutingHints = {}, told: Parameters<typeof ask>[2] = {}) {
  return ask('v', hints, told)
}

const tools = { tools: [{ kind: 'function' as const, name: 'f', parameters: {} }] }

describe.each(strategies)('%s among two hundred', (strategy) => {
  test('tries as many as it may, none twice and none that is blocked, and explains all', () => {
    const made = scene(strategy)
    const blocked = new Set<string>()
    for (const [at, deployment] of made.deployments.entries()) {
      if (at % 2 > 0) succeed(made, deployment, 100 + at)
      else {
        for (let turn = 0; turn < 3; turn += 1) fail(made, deployment, 'PROVIDER_ERROR')
        blocked.add(deployment.id)
      }
    }
    for (let turn = 0; turn < 20; turn += 1) {
      const found = route(made.deps, asking({}, { maxTokens: 100 }))
      const ids = all(found).map(({ deployment }) => deployment.id)
      expect(new Set(ids).size).toBe(5)
      expect(ids.filter((id) => blocked.has(id) || id.endsWith('/m3'))).toEqual([])
      expect(found.decision?.candidates.map(({ deployment }) => deployment)).toEqual(ids)
    }
    const { candidates, excludedCount } = explain(made.deps, asking({}, { maxTokens: 100 }))
    const told = candidates.map(({ deployment }) => deployment)
    expect([new Set(told).size, excludedCount]).toEqual([96, 104])
  })
})

describe('who comes after the first of many that are drawn', () => {
  const ids = (list: readonly { deployment: { id: string } }[]) =>
    list.map(({ deployment }) => deployment.id)

  test('is left open: two are drawn, and the better one is called', () => {
    const made = scene('least-latency')
    for (const [at, each] of made.deployments.entries()) succeed(made, each, 100 + at)
    for (let turn = 0; turn < 50; turn += 1) {
      const { candidates, decision } = route(made.deps, asking())
      const [first = NaN, second = NaN] = ids(candidates).map((id) =>
        made.deployments.findIndex((each) => each.id === id),
      )
      expect([candidates.length, first < second]).toEqual([2, true])
      expect(decision?.candidates.map(({ score }) => score)).toEqual([100 + first, 100 + second])
    }
  })

  test('is ranked by what is known when that is asked for, once, and told', () => {
    const made = scene('least-latency')
    const found = route(made.deps, asking())
    const [{ deployment: first }] = found.candidates
    const left = new Set(made.deployments.slice(0, 20))
    for (const each of made.deployments)
      if (!left.has(each)) fail(made, each, 'PROVIDER_RATE_LIMITED')
    const others = found.others()
    expect([others.length, others.every(({ deployment }) => left.has(deployment))]).toEqual([
      4,
      true,
    ])
    expect(ids(others)).not.toContain(first.id)
    for (const each of left) fail(made, each, 'PROVIDER_RATE_LIMITED')
    expect(ids(found.others())).toEqual(ids(others))
    expect(ids(found.candidates)).toEqual([first.id, ...ids(others)])
    const { candidates, excluded, affinity } = found.decision ?? {}
    expect(candidates?.map(({ deployment }) => deployment)).toEqual(ids(found.candidates))
    expect(affinity).toBeUndefined()
    expect(excluded?.every(({ reason }) => reason === 'RATE_LIMITED')).toBe(true)
  })

  test('is not who served the session before, who came first', () => {
    const made = scene('least-latency')
    const hints: RoutingHints = { session: 's', stickiness: 'session' }
    const before = route(made.deps, asking(hints))
    const served = made.deployments[77]?.id ?? ''
    made.deps.affinity.note(before.affinity ?? [], served)
    const found = route(made.deps, asking(hints))
    expect(ids(all(found))[0]).toBe(served)
    expect(new Set(ids(found.candidates)).size).toBe(5)
    expect(found.decision).toMatchObject({ affinity: 'session', candidates: [{}, {}, {}, {}, {}] })
  })

  test('is known at once where all may be tried, or several are called at once', () => {
    const made = scene('least-latency')
    const few = upstream('few', ['m0', 'm1', 'm2', 'm3', 'm4'])
    const parts = few.models.map(({ name }) => `few/${name}`)
    const small = routeScene({
      providers: [few],
      models: [virtual('v', parts, { strategy: 'least-latency' })],
    })
    expect(route(small.deps, asking()).candidates).toHaveLength(5)
    for (const strategy of ['race', 'hedge'] as const) {
      expect(route(made.deps, asking({ strategy })).candidates).toHaveLength(5)
    }
  })

  test('comes before the fallbacks, which are known at once', () => {
    const made = scene('least-latency')
    const found = route(made.deps, asking({ fallbacks: ['z/m'] }))
    expect(ids(found.candidates)[2]).toBe('z/m')
    const last = all(found).at(-1)?.deployment.id
    expect([found.candidates.length, last]).toEqual([6, 'z/m'])
  })

  test('does not change where such a request may go', () => {
    const made = scene('least-latency')
    const reach = (hints: RoutingHints = {}) => new Set(route(made.deps, asking(hints)).reach())
    expect(reach()).toEqual(new Set(made.deployments))
    expect(reach({ denyProviders: ['a', 'b'] }).size).toBe(100)
    const [blocked] = made.deployments
    if (blocked) fail(made, blocked, 'PROVIDER_RATE_LIMITED')
    expect(reach()).toEqual(new Set(made.deployments.slice(1)))
  })
})

describe('what is put out of a decision', () => {
  test('for something lasting is counted in every one; what passes, where its turn came', () => {
    const made = scene('ordered')
    const [first, second] = made.deployments
    for (const each of [first, second, made.deployments[120]]) {
      if (each) fail(made, each, 'PROVIDER_RATE_LIMITED')
    }
    const { decision } = route(made.deps, asking({ denyProviders: ['d'] }))
    expect(decision?.excludedCount).toBe(50 + 2)
    expect(explain(made.deps, asking({ denyProviders: ['d'] })).excludedCount).toBe(50 + 3)
  })

  test('is told with its reason when nobody is left, all of them', () => {
    const made = scene('least-latency')
    const wishes = { regions: ['west'] }
    expect(() => route(made.deps, asking(wishes))).toThrow(
      /its region is unknown, not west.*and 180 more/s,
    )
    for (const each of made.deployments) fail(made, each, 'PROVIDER_AUTH')
    expect(() => route(made.deps, asking())).toThrow(/refuses the credential.*and 180 more/s)
  })

  test('of one request is not put out of the next one that wishes something else', () => {
    const made = scene('ordered')
    const providersOf = (hints: RoutingHints, told: Parameters<typeof ask>[2] = {}) => {
      const { candidates } = explain(made.deps, asking(hints, told))
      return [...new Set(candidates.map(({ model }) => model.split('/')[0]))].join('')
    }
    for (let turn = 0; turn < 2; turn += 1) {
      expect(providersOf({})).toBe('abcd')
      expect(providersOf({ denyProviders: ['a'] })).toBe('bcd')
      expect(providersOf({ allowProviders: ['a'] })).toBe('a')
      expect(providersOf({ regions: ['east'] })).toBe('d')
      expect(providersOf({}, tools)).toBe('abd')
      expect(providersOf({}, { temperature: 0.5 })).toBe('abcd')
      const actor = managerOf('org', { models: ['b/*', 'c/*'] })
      expect(providersOf({}, { actor })).toBe('bc')
      expect(providersOf({}, { actor, ...tools })).toBe('b')
      expect(() =>
        route(made.deps, asking({ maxPrice: { currency: 'USD', output: '1.5' } })),
      ).toThrow(/a million tokens cost/)
    }
  })

  test('more wishes than are remembered are all met', () => {
    const made = scene('ordered')
    for (let turn = 0; turn < 120; turn += 1) {
      const hints = { regions: ['east', `nowhere-${turn}`] }
      expect(route(made.deps, asking(hints)).candidates[0].deployment.provider.id).toBe('d')
    }
    const long = { regions: ['east', 'x'.repeat(5_000)] }
    expect(route(made.deps, asking(long)).candidates[0].deployment.provider.id).toBe('d')
  })

  test('is looked at anew when a provider is found to have learnt more', () => {
    const made = scene('ordered')
    const [first] = made.deployments
    const told = { maxTokens: 5_000 }
    expect(() => route(made.deps, asking({}, told))).toThrow(/takes 1000 tokens/)
    if (!first) throw new Error('there are deployments')
    made.deps.catalogue.learn(first.provider, [{ name: 'new', contextLength: 10_000 }])
    const found = route(made.deps, ask('a/new', { denyProviders: ['b'] }, told))
    expect(found.candidates[0].deployment.contextLength).toBe(10_000)
  })
})

describe('bounds of a deployment', () => {
  const bounds = { requestsPerMinute: 2, maxConcurrent: 1 }
  const [bounded, free] = [{ model: 'a/m0', bounds }, 'a/m1']
  function made(strategy: Strategy, parts = [bounded, free]) {
    const providers = [upstream('a', ['m0', 'm1', 'm2'])]
    return routeScene({ providers, models: [virtual('v', parts, { strategy, attemptsMax: 2 })] })
  }
  const idsOf = ({ deps }: ReturnType<typeof made>) =>
    route(deps, asking()).candidates.map(({ deployment }) => deployment.id)

  test.each(strategies)('%s: one without a place comes after those that have one', (strategy) => {
    const bound = made(strategy)
    bound.deps.states.begin(bound.deps.catalogue.resolve('a/m0'))
    expect(idsOf(bound)).toEqual(['a/m1', 'a/m0'])
  })

  test('is told as busy where enough others have one', () => {
    const bound = made('ordered', [bounded, free, 'a/m2'])
    bound.deps.states.begin(bound.deps.catalogue.resolve('a/m0'))
    expect(route(bound.deps, asking()).decision).toMatchObject({
      candidates: [{ deployment: 'a/m1' }, { deployment: 'a/m2' }],
      excluded: [{ deployment: 'a/m0', reason: 'BUSY', detail: 'all of its 1 places are taken' }],
    })
    expect(explain(bound.deps, asking()).candidates.at(-1)?.deployment).toBe('a/m0')
  })

  test('leave it out for the rest of its minute, by whatever name it was called, and it has no headroom', () => {
    const bound = made('headroom')
    expect(idsOf(bound)).toHaveLength(2)
    const direct = bound.deps.catalogue.resolve('a/m0')
    succeed(bound, direct, 10)
    // Half of its minute is used up.
    for (let turn = 0; turn < 10; turn += 1) expect(idsOf(bound)).toEqual(['a/m1', 'a/m0'])
    succeed(bound, direct, 10)
    expect(route(bound.deps, asking()).decision?.excluded).toEqual([
      {
        deployment: 'a/m0',
        reason: 'REQUESTS_PER_MINUTE',
        detail:
          'its requests of this minute are used up; it is tried again at 2026-01-01T00:01:00.000Z',
      },
    ])
    bound.clock.ms += 60_000
    expect(idsOf(bound)).toHaveLength(2)
  })
})

describe('the order', () => {
  test('of lower priority numbers comes first, also where few of them are left', () => {
    const providers = [upstream('a', ['m0', 'm1', 'm2', 'm3'])]
    const parts = ['a/m0', 'a/m1', 'a/m2', 'a/m3'].map((model, at) => ({
      model,
      priority: at < 2 ? 5 : 1,
    }))
    const made = routeScene({ providers, models: [virtual('v', parts, { strategy: 'weighted' })] })
    const broken = made.deps.catalogue.resolve('a/m3')
    for (let turn = 0; turn < 3; turn += 1) fail(made, broken, 'PROVIDER_ERROR')
    for (let turn = 0; turn < 10; turn += 1) {
      const ids = route(made.deps, asking()).candidates.map(({ deployment }) => deployment.id)
      expect(ids[0]).toBe('a/m2')
      expect(ids.slice(1).toSorted()).toEqual(['a/m0', 'a/m1'])
    }
  })

  test('of prices goes across currencies where there is a rate, and puts the others last', () => {
    const providers = [
      upstream('rub', [{ name: 'm', price: price('80', '80', 'RUB') }]),
      upstream('usd', [{ name: 'm', price: price('2', '2') }]),
      upstream('cny', [{ name: 'm', price: price('0.1', '0.1', 'CNY') }]),
    ]
    const models = [virtual('v', ['cny/m', 'usd/m', 'rub/m'], { strategy: 'cheapest' })]
    const rate = { from: 'USD', to: 'RUB', rate: '90', validFrom: '2025-01-01', source: 'test' }
    const accounting = { accountingCurrency: 'RUB', rates: [rate] }
    const order = (made: ReturnType<typeof routeScene>, strategy: Strategy) =>
      route(made.deps, asking({ strategy, weights: { cost: 1 } })).candidates.map(
        ({ deployment: { provider } }) => provider.id,
      )
    const exchanging = routeScene({ providers, models, accounting })
    // Two dollars are 180 roubles.
    expect(order(exchanging, 'cheapest')).toEqual(['rub', 'usd', 'cny'])
    expect(order(exchanging, 'scored')).toEqual(['rub', 'usd', 'cny'])
    // Without rates the first currency is the one that is compared.
    expect(order(routeScene({ providers, models }), 'cheapest')).toEqual(['cny', 'usd', 'rub'])
  })
})
