import { describe, expect, test } from 'vitest'
import type { RoutingHints } from '../../src/gateway/call.ts'
import { explain, type Route } from '../../src/gateway/route.ts'
import type { RouteQuery } from '../../src/gateway/routing/query.ts'
import { nothingBut } from '../../src/protocol/features.ts'
import { managerOf } from '../support/actors.ts'
import {
  ask,
  fail,
  price,
  route,
  routeScene,
  type RouteScene,
  upstream,
  virtual,
} from '../support/route-scene.ts'

const one = upstream('one', [{ name: 'small', contextLength: 100, price: price('1', '2') }, 'bare'])
const two = upstream(
  'two',
  [{ name: 'large', contextLength: 100_000, maxOutputTokens: 50, price: price('3', '6') }],
  { site: { region: 'eu', dataPolicy: 'no-training', local: false } },
)
const three = upstream('three', [{ name: 'plain', price: price('90', '90', 'RUB') }], {
  support: nothingBut({}),
  site: { region: 'ru', dataPolicy: 'no-retention', local: true },
})

const models = [
  virtual('smart', [
    { model: 'one/small', tags: ['fast'] },
    'two/large',
    { model: 'three/plain', tags: ['fast', 'home'] },
  ]),
  virtual('backup', ['three/plain', 'one/bare']),
]

function scene(fallbacks: Record<string, string[]> = {}): RouteScene {
  return routeScene({ providers: [one, two, three], models, fallbacks })
}

function idsOf({ candidates }: Pick<Route, 'candidates'>): string[] {
  return candidates.map(({ deployment }) => deployment.id)
}

function reasonsOf(query: RouteQuery, { deps } = scene()): Record<string, string> {
  return Object.fromEntries(
    explain(deps, query).excluded.map(({ deployment, reason }) => [deployment, reason]),
  )
}

describe('where a request goes', () => {
  test('one deployment of which nothing is asked is no decision', () => {
    const { candidates, mode, decision } = route(scene().deps, ask('one/small'))
    expect(candidates).toMatchObject([{ deployment: { id: 'one/small' }, namedBy: 'client' }])
    expect(mode).toEqual({ kind: 'ordered' })
    expect(decision).toBeUndefined()
  })

  test('a virtual model is its deployments in order, then the client’s fallbacks, then the configured', () => {
    const { deps } = scene({ smart: ['backup'] })
    const routed = route(deps, ask('smart', { fallbacks: ['bare'] }))
    expect(idsOf(routed)).toEqual(['one/small', 'two/large', 'three/plain', 'one/bare'])
    expect(routed.candidates.map(({ namedBy }) => namedBy)).toEqual([
      'configuration',
      'configuration',
      'configuration',
      'client',
    ])
    expect(routed.decision).toMatchObject({
      model: 'smart',
      strategy: 'ordered',
      rules: [],
      candidates: [
        { deployment: 'one/small', source: 'model', cost: { currency: 'USD' } },
        { deployment: 'two/large', source: 'model' },
        { deployment: 'three/plain', source: 'model', cost: { currency: 'RUB' } },
        { deployment: 'one/bare', source: 'client', cost: undefined },
      ],
      excluded: [],
      excludedCount: 0,
    })
  })

  test('no more of a model are tried than it says, and one of a higher priority number comes last', () => {
    const parts = [{ model: 'one/small', priority: 1 }, 'two/large', 'three/plain']
    const { deps } = routeScene({
      providers: [one, two, three],
      models: [virtual('few', parts, { attemptsMax: 2 }), virtual('all', parts)],
    })
    expect(idsOf(route(deps, ask('few')))).toEqual(['two/large', 'three/plain'])
    expect(idsOf(route(deps, ask('all')))).toEqual(['two/large', 'three/plain', 'one/small'])
  })

  test('a name that means nothing is an error with its place', () => {
    const { deps } = scene()
    expect(() => route(deps, ask('smart', { fallbacks: ['bare', 'none'] }))).toThrow(
      expect.objectContaining({ code: 'MODEL_NOT_FOUND', path: 'fallbacks[1]' }),
    )
    expect(() => route(deps, ask('smart', { denyProviders: ['tow'] }))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', path: 'deny_providers[0]' }),
    )
  })
})

describe('who is left out, and why', () => {
  const eu = { 'one/small': 'REGION', 'three/plain': 'REGION' }
  test.each<[string, RoutingHints, Record<string, string>]>([
    [
      'all but the allowed providers',
      { allowProviders: ['one'] },
      { 'two/large': 'PROVIDER_NOT_ALLOWED', 'three/plain': 'PROVIDER_NOT_ALLOWED' },
    ],
    ['denied providers', { denyProviders: ['two'] }, { 'two/large': 'PROVIDER_DENIED' }],
    ['other regions and unknown ones', { regions: ['eu', 'us'] }, eu],
    ['who promises less', { dataPolicy: 'no-training' }, { 'one/small': 'DATA_POLICY' }],
    [
      'who does not keep the strictest promise',
      { dataPolicy: 'no-retention' },
      { 'one/small': 'DATA_POLICY', 'two/large': 'DATA_POLICY' },
    ],
    ['nobody who promises nothing, where anything will do', { dataPolicy: 'any' }, {}],
    [
      'who has not all of the tags',
      { deploymentTags: ['fast', 'home'] },
      { 'one/small': 'TAG', 'two/large': 'TAG' },
    ],
    [
      'who costs more or in another currency',
      { maxPrice: { currency: 'USD', input: '2' } },
      { 'two/large': 'PRICE_TOO_HIGH', 'three/plain': 'PRICE_CURRENCY' },
    ],
    [
      'whose answers cost more',
      { maxPrice: { currency: 'USD', output: '5.5' } },
      { 'two/large': 'PRICE_TOO_HIGH', 'three/plain': 'PRICE_CURRENCY' },
    ],
    [
      'whose price is unknown',
      { maxPrice: { currency: 'USD' }, fallbacks: ['bare'] },
      { 'three/plain': 'PRICE_CURRENCY', 'one/bare': 'PRICE_UNKNOWN' },
    ],
  ])('%s', (_case, hints, reasons) => {
    expect(reasonsOf(ask('smart', hints))).toEqual(reasons)
  })

  test('who cannot express the request, with the features in words', () => {
    const query = ask('smart', {}, { tools: [{ kind: 'function', name: 'f' }] })
    expect(explain(scene().deps, query).excluded).toEqual([
      { deployment: 'three/plain', reason: 'FEATURE', detail: 'it cannot express tools' },
    ])
  })

  test('whose context the request does not fit, and whose answers are too short', () => {
    const text = 'word '.repeat(200)
    const long = { messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text }] }] }
    expect(reasonsOf(ask('smart', {}, long))).toEqual({ 'one/small': 'CONTEXT_LENGTH' })
    expect(reasonsOf(ask('smart', {}, { maxTokens: 51 }))).toEqual({ 'two/large': 'OUTPUT_LENGTH' })
    expect(reasonsOf(ask('smart', {}, { maxTokens: 99 }))).toEqual({
      'one/small': 'CONTEXT_LENGTH',
      'two/large': 'OUTPUT_LENGTH',
    })
  })

  test('what the key may not use, unless it may use the virtual model as such', () => {
    const key = (allowed: string[]) => ({ actor: managerOf('org', { models: allowed }) })
    expect(reasonsOf(ask('smart', {}, key(['two/*'])))).toEqual({
      'one/small': 'KEY_NOT_ALLOWED',
      'three/plain': 'KEY_NOT_ALLOWED',
    })
    expect(reasonsOf(ask('smart', {}, key(['smart'])))).toEqual({})
    const { deps } = scene({ smart: ['bare'] })
    const routed = route(deps, ask('smart', {}, key(['smart'])))
    expect(idsOf(routed)).toEqual(['one/small', 'two/large', 'three/plain'])
  })

  test('who has the weight 0 in a weighted choice', () => {
    const { deps } = routeScene({
      providers: [one, two],
      models: [virtual('ab', [{ model: 'one/small', weight: 0 }, 'two/large'])],
    })
    expect(idsOf(route(deps, ask('ab')))).toEqual(['one/small', 'two/large'])
    expect(idsOf(route(deps, ask('ab', { strategy: 'weighted' })))).toEqual(['two/large'])
    expect(explain(deps, ask('ab', { strategy: 'weighted' })).excluded).toMatchObject([
      { deployment: 'one/small', reason: 'WEIGHT_ZERO' },
    ])
  })

  test('who rests or fails, until when', () => {
    const seen = scene()
    const { catalogue } = seen.deps
    fail(seen, catalogue.resolve('one/small'), 'PROVIDER_RATE_LIMITED')
    for (let turn = 0; turn < 3; turn += 1) {
      fail(seen, catalogue.resolve('two/large'), 'PROVIDER_TIMEOUT')
    }
    expect(explain(seen.deps, ask('smart')).excluded).toEqual([
      {
        deployment: 'one/small',
        reason: 'RATE_LIMITED',
        detail: 'its provider limits the rate; it is tried again at 2026-01-01T00:00:05.000Z',
      },
      {
        deployment: 'two/large',
        reason: 'BREAKER_OPEN',
        detail: 'it failed again and again; it is tried again at 2026-01-01T00:00:05.000Z',
      },
    ])
    seen.clock.ms += 5_000
    expect(reasonsOf(ask('smart'), seen)).toEqual({})
  })

  test('a long list is counted, and told in part', () => {
    const names = Array.from({ length: 60 }, (_, index) => `m${index}`)
    const { deps } = routeScene({
      providers: [upstream('many', names)],
      models: [virtual('wide', names)],
    })
    const { excluded, excludedCount, candidates } = explain(deps, ask('wide', { regions: ['eu'] }))
    expect([excluded.length, excludedCount, candidates]).toEqual([20, 60, []])
  })
})

describe('where nobody is left', () => {
  test('the error says why each was not', () => {
    const { deps } = scene()
    const query = ask('smart', { regions: ['eu'], denyProviders: ['two'] })
    expect(() => route(deps, query)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message:
          'No deployment is left for this request. `one/small`: its region is unknown, not eu; ' +
          '`two/large`: the provider `two` is denied; `three/plain`: its region is ru, not eu. ' +
          'Widen what you ask for or add a fallback.',
      }),
    )
  })

  test.each<[string, RouteQuery, string]>([
    [
      'nobody can express it',
      ask('three/plain', { fallbacks: ['three/plain'] }, { logprobs: true }),
      'UNSUPPORTED_FEATURE',
    ],
    [
      'it fits nowhere',
      ask('one/small', { fallbacks: ['small'] }, { maxTokens: 1_000 }),
      'CONTEXT_LENGTH_EXCEEDED',
    ],
    [
      'the key may use none',
      ask('smart', {}, { actor: managerOf('org', { models: ['one/bare'] }) }),
      'PERMISSION_DENIED',
    ],
  ])('%s: %s', (_case, query, code) => {
    expect(() => route(scene().deps, query)).toThrow(expect.objectContaining({ code }))
  })

  test('for a while, the error says when to come back', () => {
    const seen = scene()
    const { deps, clock } = seen
    for (const deployment of deps.catalogue.target('smart').deployments) {
      fail(seen, deployment, 'PROVIDER_RATE_LIMITED')
    }
    clock.ms += 1_000
    expect(() => route(deps, ask('smart'))).toThrow(
      expect.objectContaining({ code: 'PROVIDER_UNAVAILABLE', retryAfterMs: 4_000 }),
    )
  })
})
