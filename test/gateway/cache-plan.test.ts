import { describe, expect, test } from 'vitest'
import { cacheNames, cacheSchema } from '../../src/config-cache.ts'
import type { CacheWishes } from '../../src/gateway/call.ts'
import { placeOf, type CacheKeyParts } from '../../src/gateway/cache-key.ts'
import { planOf } from '../../src/gateway/cache-plan.ts'
import type { CacheSettings } from '../../src/gateway/cache-settings.ts'
import type { Deployment } from '../../src/gateway/catalogue.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import { deploymentOf } from '../support/deployment.ts'

function settingsOf(table: object = {}): CacheSettings {
  const settings = cacheNames(cacheSchema.parse({ enabled: true, ...table }))
  if (!settings) throw new Error('the cache is enabled')
  return settings
}

const actor: Actor = {
  kind: 'api-key',
  id: 'key_1',
  organization: 'org_1',
  tier: 'free',
  scopes: new Set(['INFERENCE']),
  models: null,
}
const request: ChatRequest = {
  model: 'a/b',
  stream: false,
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hello' }] }],
}
const tools: ChatRequest['tools'] = [{ kind: 'function', name: 'f' }]

const plan = (
  table: object,
  wishes?: CacheWishes,
  further: Partial<ChatRequest> = {},
): ReturnType<typeof planOf> =>
  planOf(settingsOf(table), { ...request, ...further }, { actor, cache: wishes })

describe('what the cache does for a request', () => {
  test('without one: nothing, whatever is wished', () => {
    expect(planOf(undefined, request, { actor })).toBe('off')
    expect(planOf(undefined, request, { actor, cache: { mode: 'on' } })).toBe('off')
    expect(cacheNames(cacheSchema.parse({}))).toBeUndefined()
  })

  test.each<[object, CacheWishes | undefined, 'used' | 'off']>([
    [{}, undefined, 'used'],
    [{}, { mode: 'off' }, 'off'],
    [{ mode: 'on_request' }, undefined, 'off'],
    [{ mode: 'on_request' }, { mode: 'on' }, 'used'],
    [{ mode: 'off' }, { mode: 'on' }, 'off'],
    [{ mode: 'off', organizations: { org_1: 'on' } }, undefined, 'used'],
    [{ organizations: { org_1: 'off' } }, { mode: 'on' }, 'off'],
    [{ organizations: { org_2: 'off' } }, undefined, 'used'],
  ])('with %j and %j it is %s', (table, wishes, expected) => {
    const planned = plan(table, wishes)
    expect(typeof planned === 'object' ? 'used' : planned).toBe(expected)
  })

  test('reads and writes as a request says', () => {
    expect(plan({})).toEqual({
      read: true,
      write: true,
      maxAgeMs: Infinity,
      onlyIfCached: false,
      ttlMs: 3_600_000,
      namespace: 'default',
    })
    expect(plan({}, { noCache: true })).toMatchObject({ read: false, write: true })
    expect(plan({}, { noStore: true })).toMatchObject({ read: true, write: false })
    expect(plan({}, { ttlMs: 0 })).toMatchObject({ read: true, write: false })
    expect(plan({}, { noStore: true, noCache: true })).toBe('bypass')
    expect(plan({ ttl_seconds: 100, ttl_max_seconds: 10 })).toMatchObject({ ttlMs: 10_000 })
    expect(plan({}, { ttlMs: 5_000, maxAgeMs: 7, namespace: 'n' })).toMatchObject({
      ttlMs: 5_000,
      maxAgeMs: 7,
      namespace: 'n',
    })
  })

  test('requests with tools pass it by, unless they or the configuration say otherwise', () => {
    expect(plan({}, undefined, { tools })).toBe('bypass')
    expect(plan({}, { tools: true }, { tools })).toMatchObject({ read: true })
    expect(plan({ tools: true }, undefined, { tools })).toMatchObject({ read: true })
    expect(plan({}, undefined, { tools: [] })).toMatchObject({ read: true })
    const searching = { dialect: 'd', members: { web_search_options: {} } }
    expect(plan({}, undefined, { passthrough: searching })).toBe('bypass')
  })

  test('who wants nothing but a kept answer is told why there can be none', () => {
    const wishes = { onlyIfCached: true }
    const notCached = expect.objectContaining({ code: 'NOT_CACHED' })
    expect(() => planOf(undefined, request, { actor, cache: wishes })).toThrow(notCached)
    expect(() => plan({ mode: 'off' }, wishes)).toThrow(notCached)
    expect(() => plan({}, wishes, { tools })).toThrow(notCached)
  })
})

describe('the place of an answer', () => {
  const deployment = (id: string, baseUrl = 'https://a.example'): Deployment =>
    deploymentOf(id, { provider: { ...deploymentOf(id).provider, baseUrl } })

  interface Change extends Partial<Omit<CacheKeyParts, 'call'>> {
    table?: object
    call?: Partial<CacheKeyParts['call']>
  }

  function digest({ table, call, ...parts }: Change = {}): string {
    return placeOf(settingsOf(table), Buffer.alloc(32), {
      request,
      deployments: [deployment('a/b'), deployment('a/c')],
      namespace: 'default',
      ...parts,
      call: { actor, ...call },
    }).digest
  }

  const asked = (further: Partial<ChatRequest>): Change => ({ request: { ...request, ...further } })

  test.each<[string, Change]>([
    ['stream', asked({ stream: true })],
    ['the end user', asked({ endUserId: 'somebody' })],
    ['a member that is not there', asked({ seed: undefined })],
    ['the order of deployments', { deployments: [deployment('a/c'), deployment('a/b')] }],
    [
      'the credentials of a model',
      { deployments: ['a/b#one', 'a/b#two', 'a/c'].map((id) => deployment(id)) },
    ],
    ['the key', { call: { actor: { ...actor, id: 'key_2' } } }],
    ['the price', { deployments: [deployment('a/b'), deployment('a/c')] }],
    [
      'a mark for the provider’s cache',
      asked({
        messages: [
          { role: 'user', parts: [{ type: 'text', text: 'hello', cache: { ttl: '1h' } }] },
        ],
      }),
    ],
  ])('is the same with another %s', (_what, change) => {
    expect(digest(change)).toBe(digest())
  })

  test.each<[string, Change]>([
    ['organisation', { call: { actor: { ...actor, organization: 'org_2' } } }],
    ['namespace', { namespace: 'n' }],
    ['word', asked({ messages: [{ role: 'user', parts: [{ type: 'text', text: 'hello!' }] }] })],
    ['role', asked({ messages: [{ role: 'system', parts: [{ type: 'text', text: 'hello' }] }] })],
    ['temperature', asked({ temperature: 0 })],
    ['response format', asked({ responseFormat: { type: 'json_object' } })],
    ['model', asked({ model: 'a/c' })],
    ['set of deployments', { deployments: [deployment('a/b')] }],
    ['address of a provider', { deployments: [deployment('a/b', 'https://b'), deployment('a/c')] }],
    ['member of the dialect', asked({ passthrough: { dialect: 'd', members: { top_a: 1 } } })],
    ['revision', { table: { revision: '2' } }],
    ['revision of a model', { table: { revisions: { 'a/c': '2' } } }],
  ])('is another with another %s', (_what, change) => {
    expect(digest(change)).not.toBe(digest())
  })

  test('is each key’s own where the configuration says so', () => {
    const table = { owner: 'key' }
    const other = { actor: { ...actor, id: 'key_2' } }
    expect(digest({ table })).not.toBe(digest({ table, call: other }))
    expect(digest({ table })).not.toBe(digest())
  })

  test('leaves out what the configuration says does not matter', () => {
    const table = { ignored_paths: ['passthrough.members.trace'] }
    const traced = (trace: string): Change => ({
      table,
      ...asked({ passthrough: { dialect: 'd', members: { trace, kept: 1 } } }),
    })
    expect(digest(traced('1'))).toBe(digest(traced('2')))
    const kept = asked({ passthrough: { dialect: 'd', members: { trace: '1', kept: 2 } } })
    expect(digest({ table, ...kept })).not.toBe(digest(traced('1')))
  })

  test('cannot be computed without the secret', () => {
    const parts = { request, call: { actor }, deployments: [], namespace: 'n' }
    const one = placeOf(settingsOf(), Buffer.alloc(32, 1), parts)
    expect(placeOf(settingsOf(), Buffer.alloc(32, 2), parts).digest).not.toBe(one.digest)
  })
})
