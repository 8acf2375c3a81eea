import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cacheTimes } from '../../src/graphql/cache-option.ts'
import { forgetReads, neverKept, sessionOf } from '../../src/graphql/read-cache.ts'
import { schema } from '../../src/graphql/schema.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import { startGraphql, testKeys, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql({ reads: true })
})

afterAll(() => server.stop())

interface Models {
  models: { name: string }[]
}

const models = '{ models { name } }'
const appeared: { name: string }[] = []

/** A model that appears behind the back of the cache. */
function appear(): string {
  const name = `appeared-${appeared.length + 1}`
  appeared.push({ name })
  const [provider] = server.scripts.providers
  if (!provider) throw new Error('there is no provider')
  server.catalogue.learn(provider, appeared)
  return name
}

interface Way {
  name: string
  ask: (query: string, key?: string, headers?: Record<string, string>) => Promise<Models>
}

const ways: Way[] = [
  {
    name: 'JSON over POST',
    ask: async (query, key = 'admin', headers = {}) =>
      answerOf(await post({ query }, key, headers)),
  },
  {
    name: 'GET',
    ask: async (query, key = 'admin', headers = {}) => {
      const url = `${server.url}?query=${encodeURIComponent(query)}`
      return answerOf(await fetch(url, { headers: { authorization: `Bearer ${key}`, ...headers } }))
    },
  },
  {
    name: 'WebSocket',
    ask: async (query, key = 'admin') => {
      const client = server.client(key)
      const results = client.iterate<Models>({ query })
      const { value } = await results.next()
      await client.dispose()
      if (!value?.data) throw new Error(JSON.stringify(value))
      return value.data
    },
  },
]

function post(body: object, key: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(body),
  })
}

async function answerOf(response: Response): Promise<Models> {
  const { data, errors } = (await response.json()) as { data?: Models; errors?: unknown }
  if (!data) throw new Error(JSON.stringify(errors))
  return data
}

const namesOf = ({ models: list }: Models): string[] => list.map(({ name }) => name)

describe.each(ways)('over $name', ({ ask }) => {
  beforeEach(() => forgetReads(server.reads, { typename: 'Model' }))

  test('an answer is kept until its type is forgotten', async () => {
    const before = await ask(models)
    const name = appear()
    expect(await ask(models)).toEqual(before)
    await forgetReads(server.reads, { typename: 'Model' })
    expect(namesOf(await ask(models))).toContain(name)
  })

  test('an answer is kept for one key alone', async () => {
    const all = await ask(models)
    const narrow = await ask(models, 'narrow')
    expect(namesOf(narrow)).toEqual(['words'])
    expect(namesOf(all).length).toBeGreaterThan(1)
    expect(await ask(models)).toEqual(all)
  })

  test('a key that is changed sees nothing of before', async () => {
    const { narrow } = testKeys
    if (!narrow) throw new Error('there is no such key')
    const { models: usual } = narrow
    await ask(models, 'narrow')
    narrow.models = []
    try {
      expect(namesOf(await ask(models, 'narrow'))).toEqual([])
    } finally {
      narrow.models = usual
    }
  })

  test('a key that is revoked gets nothing', async () => {
    await ask(models, 'caller')
    server.revoked.add('caller')
    await expect(ask(models, 'caller')).rejects.toThrow()
    server.revoked.delete('caller')
  })

  test('what is forgotten for one key is kept for others', async () => {
    const [mine, other] = [await ask(models), await ask(models, 'caller')]
    const name = appear()
    await forgetReads(server.reads, { actorId: 'key_caller' })
    expect(await ask(models)).toEqual(mine)
    const now = namesOf(await ask(models, 'caller'))
    expect(now).toHaveLength(namesOf(other).length + 1)
    expect(now).toContain(name)
  })

  test.each([
    ['who asks', '{ models { name } viewer { id } }'],
    ['who asks, under another name', '{ models { name } me: viewer { id } }'],
    ['in a fragment', '{ models { name } ...mine } fragment mine on Query { x: viewer { id } }'],
    ['how providers do', '{ models { name } providers { health { state } } }'],
    ['how providers do, at the root', '{ models { name } providerHealth { state } }'],
    ['the schema', '{ models { name } __schema { queryType { name } } }'],
  ])('nothing is kept that tells %s', async (_what, query) => {
    await ask(query)
    const name = appear()
    expect(namesOf(await ask(query))).toContain(name)
  })
})

test('a client that wants what is true now gets it, over both paths of HTTP', async () => {
  await forgetReads(server.reads, { typename: 'Model' })
  for (const { ask } of ways.slice(0, 2)) {
    await ask(models)
    const name = appear()
    expect(namesOf(await ask(models, 'admin', { 'cache-control': 'no-cache' }))).toContain(name)
  }
})

test('other variables, another operation of the document and another text are other answers', async () => {
  const query = 'query A($p: String) { models(provider: $p) { name } } query B { models { name } }'
  const ask = async (body: object): Promise<string[]> =>
    namesOf(await answerOf(await post({ query, ...body }, 'admin')))
  const all = await ask({ operationName: 'B' })
  expect(await ask({ operationName: 'A', variables: { p: 'nobody' } })).toEqual([])
  expect(await ask({ operationName: 'A', variables: { p: 'test' } })).not.toEqual([])
  expect(await ask({ operationName: 'B' })).toEqual(all)
})

test('a failed answer is not kept', async () => {
  const query = '{ models { name } }'
  const response = await post({ query, operationName: 'nothing' }, 'admin')
  expect(await response.json()).toHaveProperty('errors')
  const [first, second] = [await post({ query }, 'admin'), await post({ query }, 'admin')]
  expect(await first.json()).toEqual(await second.json())
})

describe('the times', () => {
  const times = cacheTimes(schema)

  test('every field of Query has one, and few are kept at all', () => {
    const fields = Object.keys(schema.getQueryType()?.getFields() ?? {})
    const atRoot = Object.keys(times).filter((coordinate) => coordinate.startsWith('Query.'))
    expect(atRoot.toSorted(byText)).toEqual(fields.map((name) => `Query.${name}`).toSorted(byText))
    const kept = atRoot.filter((coordinate) => (times[coordinate] ?? 0) > 0)
    expect(kept.toSorted(byText)).toEqual([
      'Query.model',
      'Query.models',
      'Query.providers',
      'Query.usage',
    ])
    for (const coordinate of kept) expect(times[coordinate]).toBeLessThanOrEqual(60_000)
  })

  test('what is live has none, and types of secrets exist under their names', () => {
    expect(times['Provider.health']).toBe(0)
    for (const name of neverKept) expect(schema.getType(name)).toBeDefined()
  })
})

describe('the session of an actor', () => {
  const actor: Actor = {
    kind: 'api-key',
    id: 'key_1',
    organization: 'org_1',
    tier: 'free',
    scopes: new Set(['READ', 'INFERENCE']),
    models: null,
  }

  test.each<[string, Partial<Actor>]>([
    ['organisation', { organization: 'org_2' }],
    ['key', { id: 'key_2' }],
    ['tier', { tier: 'pro' }],
    ['scopes', { scopes: new Set(['READ']) }],
    ['models', { models: [] }],
    ['tags', { tags: { team: 'a' } }],
  ])('is another with another %s', (_what, change) => {
    expect(sessionOf({ ...actor, ...change } as Actor)).not.toBe(sessionOf(actor))
  })

  test('is the same whatever the order of the scopes', () => {
    const turned: Actor = { ...actor, scopes: new Set(['INFERENCE', 'READ']) }
    expect(sessionOf(turned)).toBe(sessionOf(actor))
  })
})

function byText(one: string, other: string): number {
  return one < other ? -1 : 1
}
