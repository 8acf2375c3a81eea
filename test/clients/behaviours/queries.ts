import { Ask, ModelList, ModelName, RequestCost, RequestPage, WhoAmI } from '../documents.ts'
import type { Behaviour } from '../scene.ts'
import type { TypedClient } from '../typed-client.ts'

const pageSize = 2

export const queries: Behaviour[] = [
  {
    name: 'a query is typed, and its request id can be read',
    run: async ({ open, traffic }) => {
      const { data, failures } = await open().query(WhoAmI, {})
      const { id, kind, scopes } = data?.viewer ?? {}
      const prefixes = [id?.slice(0, 4), traffic.requestId?.slice(0, 4)]
      return { kind, scopes, prefixes, failures }
    },
    expected: { kind: 'api-key', scopes: ['ADMIN'], prefixes: ['key_', 'req_'], failures: [] },
  },
  {
    name: 'a model of the list is in the cache under its raw id',
    run: async ({ open, traffic }) => {
      const client = open()
      const { data } = await client.query(ModelList, { provider: 'openai' })
      const model = await client.cached(ModelName, { id: 'openai/gpt-4o' })
      const list = await client.cached(ModelList, { provider: 'openai' })
      return {
        name: model?.model?.name,
        requests: traffic.requests,
        prices: data?.models.find(({ id }) => id === 'openai/gpt-4o')?.prices.length !== 0,
        isKept: JSON.stringify(list) === JSON.stringify(data),
      }
    },
    expected: { name: 'gpt-4o', requests: 1, prices: true, isKept: true },
  },
  {
    name: 'an alias leads to the model of the same id',
    run: async ({ open }) => {
      const client = open()
      const { data } = await client.query(ModelName, { id: 'fast' })
      const cached = await client.cached(ModelName, { id: 'fast' })
      const direct = await client.cached(ModelName, { id: 'openai/gpt-4o' })
      return [data, cached, direct].map((answer) => answer?.model?.id)
    },
    expected: ['openai/gpt-4o', 'openai/gpt-4o', 'openai/gpt-4o'],
  },
  {
    name: 'the pages of a connection become one list',
    run: async ({ open, traffic }) => {
      await fillLog(open(), ['openai/gpt-4o', 'openai/gpt-4o-mini', 'openai/gpt-4o'])
      const client = open()
      const pages = await readPages(client)
      const { requests } = traffic
      const merged = await client.cached(RequestPage, { first: pageSize })
      const edges = merged?.requests.edges ?? []
      const ids = edges.map(({ node }) => node.id)
      return {
        pages: pages.length > 1,
        isWhole: JSON.stringify(ids) === JSON.stringify(pages.flat()),
        hasDoubles: new Set(ids).size < ids.length,
        hasNextPage: merged?.requests.pageInfo.hasNextPage,
        requests: traffic.requests - requests,
        // An attempt has no id: it stays with its own request.
        attemptsStay: edges.every(({ node }) =>
          node.attempts.every((attempt) => attempt.model === node.model),
        ),
      }
    },
    expected: {
      pages: true,
      isWhole: true,
      hasDoubles: false,
      hasNextPage: false,
      requests: 0,
      attemptsStay: true,
    },
  },
  {
    name: 'a filtered connection is a list of its own',
    run: async ({ open }) => {
      await fillLog(open(), ['openai/gpt-4o', 'openai/gpt-4o-mini'])
      const client = open()
      await client.query(RequestPage, { first: pageSize })
      const model = 'openai/gpt-4o-mini'
      await client.query(RequestPage, { first: pageSize, model })
      const all = await client.cached(RequestPage, { first: pageSize })
      const some = await client.cached(RequestPage, { first: pageSize, model })
      return {
        all: new Set(all?.requests.edges.map(({ node }) => node.model)).size,
        some: [...new Set(some?.requests.edges.map(({ node }) => node.model))],
      }
    },
    expected: { all: 2, some: ['openai/gpt-4o-mini'] },
  },
  {
    name: 'two selections of one request complete each other',
    run: async ({ open }) => {
      await fillLog(open(), ['openai/gpt-4o'])
      const client = open()
      const { data } = await client.query(RequestPage, { first: 1 })
      const node = data?.requests.edges[0]?.node
      await client.query(RequestCost, { id: node?.id ?? '' })
      const page = await client.cached(RequestPage, { first: 1 })
      const cost = await client.cached(RequestCost, { id: node?.id ?? '' })
      return {
        outputTokens:
          page?.requests.edges[0]?.node.usage?.outputTokens === node?.usage?.outputTokens,
        currency: cost?.request?.usage?.cost?.currency,
      }
    },
    expected: { outputTokens: true, currency: 'USD' },
  },
]

async function fillLog(client: TypedClient, models: string[]): Promise<void> {
  for (const model of models) {
    await client.mutate(Ask, { input: { model, messages: [{ role: 'USER', content: 'hello' }] } })
  }
}

async function readPages(client: TypedClient): Promise<string[][]> {
  const pages: string[][] = []
  const seen = new Set<string>()
  const next = async (after: string | null): Promise<string | null> => {
    const { data } = await client.query(RequestPage, { first: pageSize, after })
    const ids = data?.requests.edges.map(({ node }) => node.id) ?? []
    pages.push(ids.filter((id) => !seen.has(id))) // some clients answer with the whole list so far
    for (const id of ids) seen.add(id)
    const { hasNextPage = false, endCursor = null } = data?.requests.pageInfo ?? {}
    return hasNextPage ? endCursor : null
  }
  let cursor = await next(null)
  while (cursor !== null) cursor = await next(cursor)
  return pages
}
