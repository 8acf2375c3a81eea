import { describe, expect, test } from 'vitest'
import type { CacheWishes } from '../../src/gateway/call.ts'
import { bodyWishes, cacheMember, withCacheControl } from '../../src/rest/cache-wishes.ts'

const nothing = { noCache: false, noStore: false, maxAgeMs: undefined, onlyIfCached: false }

describe('the header `cache-control`', () => {
  test.each<[string, CacheWishes]>([
    ['no-cache', { noCache: true }],
    ['No-Store , max-age=60', { noStore: true, maxAgeMs: 60_000 }],
    ['only-if-cached', { onlyIfCached: true }],
    ['max-age="5"', { maxAgeMs: 5_000 }],
    ['max-age=0', { maxAgeMs: 0 }],
    ['max-age=soon', {}],
    ['max-age=-1', {}],
    ['max-stale=5, no-transform', {}],
    ['', {}],
  ])('%j', (header, wishes) => {
    expect(withCacheControl(undefined, header)).toEqual({ ...nothing, ...wishes })
  })

  test('is not there: the body alone counts', () => {
    expect(withCacheControl(undefined, undefined)).toBeUndefined()
    const wishes = { noCache: true }
    expect(withCacheControl(wishes, undefined)).toBe(wishes)
  })

  test('and the body: the stricter word counts', () => {
    const wishes = { maxAgeMs: 10_000, noStore: true, namespace: 'n' }
    const both = { ...nothing, noStore: true, namespace: 'n' }
    expect(withCacheControl(wishes, 'max-age=60')).toEqual({ ...both, maxAgeMs: 10_000 })
    expect(withCacheControl(wishes, 'max-age=1, no-cache')).toEqual({
      ...both,
      noCache: true,
      maxAgeMs: 1_000,
    })
  })
})

test('the member of a body has its times in seconds', () => {
  const member = cacheMember.parse({ max_age: 1.5, ttl: 60, mode: 'on', no_cache: true })
  expect(bodyWishes(member)).toMatchObject({
    maxAgeMs: 1_500,
    ttlMs: 60_000,
    mode: 'on',
    noCache: true,
  })
})
