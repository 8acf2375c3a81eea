import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolvePersistedDocument } from '../../src/graphql/persisted-documents.ts'
import { startGraphql, type TestServer } from './support.ts'

const listed = 'query Who { viewer { id } }'
const other = '{ viewer { kind } }'
const documents = new Map([
  ['abc', listed],
  ['sub', 'subscription ($input: CompletionInput!) { completion(input: $input) { sequence } }'],
])
const byHash = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })
const answer = { data: { viewer: { id: 'key_admin' } } }

let closed: TestServer
let open: TestServer

beforeAll(async () => {
  closed = await startGraphql({ protection: { persisted: { documents, only: true } } })
  open = await startGraphql({ protection: { persisted: { documents, only: false } } })
})

afterAll(() => Promise.all([closed.stop(), open.stop()]))

interface Request {
  query?: string
  documentId?: string
  extensions?: Record<string, unknown>
}

/** Each way for an operation to arrive. */
const transports: [string, (server: TestServer, request: Request) => Promise<unknown>][] = [
  ['POST', async (server, request) => (await server.post(request)).json()],
  [
    'a batch',
    async (server, request) => {
      const answers: unknown[] = await (await server.post([request])).json()
      return answers[0]
    },
  ],
  [
    'GET',
    async (server, { extensions, ...rest }) => {
      const parameters = new URLSearchParams({
        ...rest,
        ...(extensions && { extensions: JSON.stringify(extensions) }),
      })
      const headers = { authorization: 'Bearer admin' }
      return (await fetch(`${server.url}?${parameters}`, { headers })).json()
    },
  ],
  ['WebSocket', overWebSocket],
]

async function overWebSocket(server: TestServer, request: Request): Promise<unknown> {
  const payload = { query: '', ...request }
  const results: unknown[] = []
  try {
    for await (const result of server.client().iterate(payload)) results.push(result)
  } catch (errors) {
    return { errors }
  }
  return results[0]
}

describe.each(transports)('over %s', (_name, ask) => {
  // Yoga reads no member of that name from a URL.
  const ids: Request[] =
    ask === transports[2]?.[1] ? [] : [{ documentId: 'abc' }, { documentId: 'sha256:abc' }]

  test('the id of a listed document stands for it', async () => {
    for (const request of [{ extensions: byHash('abc') }, ...ids]) {
      expect(await ask(closed, request)).toEqual(answer)
      expect(await ask(open, request)).toEqual(answer)
    }
  })

  test('the text of a listed document runs', async () => {
    expect(await ask(closed, { query: listed })).toEqual(answer)
  })

  test('an unknown id is refused', async () => {
    for (const server of [open, closed]) {
      expect(await ask(server, { extensions: byHash('nope') })).toMatchObject({
        errors: [
          {
            message:
              'There is no persisted document `nope` here; it must be in the list of graphql.persisted_documents.',
            extensions: { code: 'INVALID_REQUEST', retryable: false },
          },
        ],
      })
    }
  })

  test('another document runs where that is allowed, and nowhere else', async () => {
    expect(await ask(open, { query: other })).toEqual({ data: { viewer: { kind: 'api-key' } } })
    const refused = {
      errors: [
        {
          message: expect.stringContaining('Only persisted documents run here'),
          extensions: { code: 'INVALID_REQUEST' },
        },
      ],
    }
    expect(await ask(closed, { query: other })).toMatchObject(refused)
    expect(await ask(closed, { query: other, extensions: byHash('abc') })).toMatchObject(refused)
  })
})

test('a subscription by its id, over SSE', async () => {
  const input = { model: 'test/words', messages: [{ role: 'USER', content: 'Hi' }] }
  const body = { extensions: byHash('sub'), variables: { input } }
  const response = await closed.post(body, { accept: 'text/event-stream' })
  expect(await response.text()).toContain('"sequence":0')
})

test('a refused document is a 400 where the media type has a status', async () => {
  const response = await closed.post(
    { query: other },
    { accept: 'application/graphql-response+json' },
  )
  expect(response.status).toBe(400)
})

test.each([null, 7, 'text', undefined])(
  'parameters that are %j are left to whoever checks them',
  (params) => {
    const persisted = { documents, only: true }
    expect(resolvePersistedDocument(persisted, params as never)).toBe(params)
  },
)

describe('the list that the code generator writes', () => {
  const list = new URL('../clients/gql/persisted-documents.json', import.meta.url)
  const generated = new Map<string, string>(
    Object.entries(JSON.parse(readFileSync(list, 'utf8'))).map(([id, text]) => [id, String(text)]),
  )
  let server: TestServer

  beforeAll(async () => {
    server = await startGraphql({ protection: { persisted: { documents: generated, only: true } } })
  })

  afterAll(() => server.stop())

  test('is found by its ids with the name of the hash and without, and is within the limits', async () => {
    expect(generated.size).toBeGreaterThan(0)
    for (const id of generated.keys()) {
      for (const hash of [id, id.replace('sha256:', '')]) {
        const response = await server.post({ extensions: byHash(hash) })
        const text = await response.text()
        // Variables are missing, and some documents are subscriptions: neither is said of a refused one.
        expect(text).not.toMatch(/persisted|limit of/i)
      }
    }
  })
})

test('without a list nothing changes', () => {
  const params = { documentId: 'abc' }
  expect(resolvePersistedDocument(undefined, params)).toBe(params)
})
