import { beforeEach, describe, expect, test, vi } from 'vitest'
import { GatewayError, type ErrorCode } from '../../src/errors.ts'
import type { Deployment } from '../../src/gateway/catalogue.ts'
import type { DeploymentView } from '../../src/gateway/deployment-view.ts'
import { Lineup, type LineupOptions } from '../../src/gateway/lineup.ts'
import { retryClasses } from '../../src/gateway/retry.ts'
import { deploymentOf, orderOf } from '../support/deployment.ts'

const start = Date.UTC(2026, 10, 20)
const [a, b, c] = [deploymentOf('a/x'), deploymentOf('b/x'), deploymentOf('c/x')]
const healthy: DeploymentView = {
  inFlight: 0,
  ttftEwmaMs: undefined,
  ttftP95Ms: undefined,
  errorShare: 0,
  blocked: undefined,
  cachedShare: undefined,
  ownLeft: 1,
}
let now: number
let views: Record<string, Partial<DeploymentView>>
let full: Set<string>

beforeEach(() => {
  now = start
  views = {}
  full = new Set()
})

const retry = {
  triesMax: 2,
  on: new Set(retryClasses),
  baseMs: 100,
  waitMaxMs: 1_000,
  totalMaxMs: 500,
}

function lineup(options: Partial<LineupOptions> = {}, order = orderOf([a, b, c])): Lineup {
  return new Lineup(order, {
    states: { of: ({ id }) => ({ ...healthy, ...views[id] }) },
    concurrency: { isFree: ({ id }) => !full.has(id) },
    retry: undefined,
    ejectionShare: undefined,
    startedAtMs: start,
    now: () => now,
    random: () => 1,
    ...options,
  })
}

/** The ids of all that come, in their order. */
function all(line: Lineup): string[] {
  const ids: string[] = []
  for (let next = line.next(); next; next = line.next()) ids.push(next.id)
  return ids
}

const fail = (code: ErrorCode = 'PROVIDER_ERROR', facts: { retryAfterMs?: number } = {}) =>
  new GatewayError({ code, message: 'as the test wants it', ...facts })

describe('a line of deployments', () => {
  test('comes in its order, each once', () => {
    expect(all(lineup())).toEqual(['a/x', 'b/x', 'c/x'])
  })

  test('passes over what is blocked when its turn comes, and says why', () => {
    views['b/x'] = { blocked: { reason: 'RATE_LIMITED', untilMs: start + 5_000 } }
    const line = lineup()
    expect(all(line)).toEqual(['a/x', 'c/x'])
    expect(line.passedOver).toEqual([
      { deployment: b, reason: 'RATE_LIMITED', untilMs: start + 5_000 },
    ])
  })

  test('takes those first that need not be waited for', () => {
    full.add('a/x').add('c/x')
    expect(all(lineup())).toEqual(['b/x', 'a/x', 'c/x'])
    const line = lineup()
    expect([line.nextFree()?.id, line.nextFree()?.id]).toEqual(['b/x', undefined])
  })
})

describe('those after the first', () => {
  function asked() {
    const order = { first: a, others: vi.fn<() => Deployment[]>(() => [b, c]) }
    return { order, line: lineup({ ejectionShare: 0.8 }, order) }
  }

  test('are not asked for while it may be called', () => {
    const { order, line } = asked()
    expect(line.next()?.id).toBe('a/x')
    expect(order.others).not.toHaveBeenCalled()
    expect(all(line)).toEqual(['b/x', 'c/x'])
    expect([line.next(), order.others.mock.calls.length]).toEqual([undefined, 1])
  })

  test.each<[string, () => void, string[]]>([
    ['it is blocked', () => (views['a/x'] = { blocked: { reason: 'DOWN' } }), ['b/x', 'c/x']],
    ['it has no place', () => full.add('a/x'), ['b/x', 'c/x', 'a/x']],
    ['it fails more often', () => (views['a/x'] = { errorShare: 0.9 }), ['b/x', 'c/x', 'a/x']],
  ])('are asked for where %s', (_why, change, order) => {
    change()
    expect(all(asked().line)).toEqual(order)
  })

  test('are asked for to know whether there is another one', () => {
    const { order, line } = asked()
    line.next()
    expect([line.hasNext, order.others.mock.calls.length]).toEqual([true, 1])
  })
})

describe('an outlier', () => {
  test('comes last, and the reason is told', () => {
    views['a/x'] = { errorShare: 0.9 }
    views['b/x'] = { errorShare: 0.1 }
    const line = lineup({ ejectionShare: 0.8 })
    expect(all(line)).toEqual(['b/x', 'c/x', 'a/x'])
    expect(line.passedOver).toEqual([{ deployment: a, reason: 'OUTLIER' }])
  })

  test.each([
    ['all fail alike', { 'a/x': 0.9, 'b/x': 0.9, 'c/x': 0.85 }, 0.8],
    ['it fails too rarely for that', { 'a/x': 0.7 }, 0.8],
    ['it is switched off', { 'a/x': 1 }, undefined],
  ])('is none where %s', (_name, shares, ejectionShare) => {
    for (const [id, errorShare] of Object.entries(shares)) views[id] = { errorShare }
    expect(all(lineup({ ejectionShare }))).toEqual(['a/x', 'b/x', 'c/x'])
  })

  test('is told of only when its turn comes', () => {
    views['b/x'] = { errorShare: 0.9 }
    const line = lineup({ ejectionShare: 0.8 })
    expect([line.next()?.id, line.passedOver]).toEqual(['a/x', []])
    expect(all(line)).toEqual(['c/x', 'b/x'])
    expect(line.passedOver).toEqual([{ deployment: b, reason: 'OUTLIER' }])
  })

  test('is none where those that do better may not be called', () => {
    views['a/x'] = { errorShare: 0.9 }
    views['b/x'] = { blocked: { reason: 'DOWN' } }
    const line = lineup({ ejectionShare: 0.8 }, orderOf([a, b]))
    expect(all(line)).toEqual(['a/x'])
    expect(line.passedOver).toEqual([{ deployment: b, reason: 'DOWN' }])
  })

  test('has its turn at last where it was put back', () => {
    views['a/x'] = { errorShare: 0.9 }
    const line = lineup({ ejectionShare: 0.8 }, orderOf([a, b]))
    expect([line.next()?.id, line.next()?.id]).toEqual(['b/x', 'a/x'])
    line.putBack(a)
    line.putBack(b)
    expect(all(line)).toEqual(['b/x', 'a/x'])
    expect(line.passedOver).toEqual([{ deployment: a, reason: 'OUTLIER' }])
  })

  test('is none alone', () => {
    views['a/x'] = { errorShare: 1 }
    const line = lineup({ ejectionShare: 0.8 }, orderOf([a]))
    expect(all(line)).toEqual(['a/x'])
    expect(line.passedOver).toEqual([])
  })
})

describe('a deployment whose failure may pass', () => {
  test('comes again after its wait, the soonest first, as often as it may', () => {
    const line = lineup({ retry })
    all(line)
    line.failed(a, fail('PROVIDER_UNAVAILABLE', { retryAfterMs: 300 }))
    line.failed(b, fail())
    expect(line.again()).toEqual({ deployment: b, waitMs: 100 })
    now += 100
    line.failed(b, fail())
    expect(line.again()).toEqual({ deployment: b, waitMs: 200 })
    line.failed(b, fail())
    expect(line.again()).toEqual({ deployment: a, waitMs: 300 })
    expect(line.again()).toBeUndefined()
  })

  test('does not come after the time that a request may take', () => {
    const line = lineup({ retry })
    now += 401
    line.failed(a, fail())
    expect(line.again()).toBeUndefined()
  })

  test('does not come while it is blocked for longer than the wait', () => {
    const line = lineup({ retry })
    line.failed(a, fail())
    line.failed(b, fail('PROVIDER_RATE_LIMITED', { retryAfterMs: 200 }))
    views['a/x'] = { blocked: { reason: 'BREAKER_OPEN', untilMs: start + 5_000 } }
    views['b/x'] = { blocked: { reason: 'RATE_LIMITED', untilMs: start + 200 } }
    expect(line.again()).toEqual({ deployment: b, waitMs: 300 })
    expect(line.again()).toBeUndefined()
  })

  test('does not come where nothing is called twice', () => {
    const line = lineup()
    line.failed(a, fail())
    expect(line.again()).toBeUndefined()
  })
})

describe('a line in which all are blocked', () => {
  test.each(['AUTH', 'QUOTA', 'DOWN'] as const)(
    'tries one that is blocked by %s after all',
    (reason) => {
      views['a/x'] = { blocked: { reason: 'BREAKER_OPEN', untilMs: start + 9_000 } }
      views['b/x'] = { blocked: { reason, untilMs: start + 9_000 } }
      const line = lineup({}, orderOf([a, b]))
      expect(line.next()).toBeUndefined()
      expect(line.lastResort()).toBe(b)
      expect(line.passedOver).toMatchObject([{ deployment: a }])
      expect(line.lastResort()).toBeUndefined()
    },
  )

  test.each([
    ['RATE_LIMITED', 'PROVIDER_RATE_LIMITED'],
    ['BREAKER_OPEN', 'PROVIDER_UNAVAILABLE'],
  ] as const)('by %s refuses with %s and the shortest wait', (reason, code) => {
    views['a/x'] = { blocked: { reason, untilMs: start + 9_000 } }
    views['b/x'] = { blocked: { reason: 'BREAKER_OPEN', untilMs: start + 4_000 } }
    const line = lineup({}, orderOf([a, b]))
    expect(line.next()).toBeUndefined()
    expect(line.lastResort()).toBeUndefined()
    const refusal = line.refusal()
    expect(refusal).toMatchObject({ code, status: 503, retryAfterMs: 4_000 })
    expect(refusal.message).toMatch(/`a\/x`: .*`b\/x`: it failed too often lately/)
  })
})
