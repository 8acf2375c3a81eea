import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/graphql/engine.ts'
import { pino } from 'pino'
import { startGraphql, usualProtection, type Answer, type TestServer } from './support.ts'

let usual: TestServer
let strict: TestServer
let production: TestServer

beforeAll(async () => {
  usual = await startGraphql()
  strict = await startGraphql({
    protection: {
      maxDepth: 3,
      maxAliases: 2,
      maxTokens: 40,
      maxDirectives: 2,
      maxComplexity: 100,
      batchLimit: 2,
    },
  })
  production = await startGraphql({ protection: { suggestions: false, introspection: false } })
})

afterAll(() => Promise.all([usual.stop(), strict.stop(), production.stop()]))

interface Request {
  query: string
  variables?: Record<string, unknown>
}

/** Each way for an operation to arrive; all of them answer with the errors alone. */
const transports: [string, (server: TestServer, request: Request) => Promise<Answer>][] = [
  ['HTTP', async (server, request) => (await server.post(request)).json()],
  [
    'SSE',
    async (server, request) => {
      const response = await server.post(request, { accept: 'text/event-stream' })
      const data = /^data: (.+)$/m.exec(await response.text())?.[1] ?? ''
      return JSON.parse(data)
    },
  ],
  [
    'WebSocket',
    async (server, request) => {
      try {
        for await (const result of server.client().iterate(request)) return result as Answer
      } catch (errors) {
        return { errors: errors as NonNullable<Answer['errors']> }
      }
      return {}
    },
  ],
]

const list = 'requests(first: $n) { edges { cursor } }'
const tooMuch: [string, Request, string][] = [
  [
    'depth',
    { query: '{ a { b { c { d } } } }' },
    'Query depth limit of 3 exceeded, found 4 (graphql.max_depth).',
  ],
  [
    'depth through fragments',
    { query: '{ a { ...F } } fragment F on A { b { ...G } } fragment G on B { c { d } }' },
    'Query depth limit of 3 exceeded, found 4 (graphql.max_depth).',
  ],
  [
    'aliases',
    { query: '{ a: viewer { id } b: viewer { id } c: viewer { id } }' },
    'Aliases limit of 2 exceeded, found 3 (graphql.max_aliases).',
  ],
  [
    'tokens',
    { query: `{ ${'viewer { id } '.repeat(20)} }` },
    'Token limit of 40 exceeded (graphql.max_tokens).',
  ],
  [
    'directives',
    { query: '{ viewer @a { id @b @c } }' },
    'Directives limit of 2 exceeded, found 3 (graphql.max_directives).',
  ],
  [
    'cost',
    { query: '{ models { id } }' },
    'Complexity limit of 100 exceeded, found 201 (graphql.max_complexity).',
  ],
  [
    'cost by its variables',
    { query: `query ($n: Int) { ${list} }`, variables: { n: 50 } },
    'Complexity limit of 100 exceeded, found 110 (graphql.max_complexity).',
  ],
  [
    'cost of a subscription',
    {
      query: 'subscription { completion(input: {model: "test/words", messages: []}) { sequence } }',
    },
    'Complexity limit of 100 exceeded, found 1001 (graphql.max_complexity).',
  ],
  [
    'cost of a mutation',
    {
      query:
        'mutation { createCompletion(input: {model: "test/words", messages: []}) { __typename } }',
    },
    'Complexity limit of 100 exceeded, found 1001 (graphql.max_complexity).',
  ],
]

describe.each(transports)('over %s', (_name, ask) => {
  test.each(tooMuch)(
    'too much %s says the limit, the value and the setting',
    async (_case, request, message) => {
      const calls = strict.scripts.requests.length
      const { errors, data } = await ask(strict, request)
      expect(errors).toEqual([
        expect.objectContaining({
          message,
          extensions: { code: 'INVALID_REQUEST', retryable: false },
        }),
      ])
      expect(data).toBeUndefined()
      expect(strict.scripts.requests.length).toBe(calls)
    },
  )

  test('a cost by variables is counted anew each time', async () => {
    const query = `query ($n: Int) { ${list} }`
    const fits = await ask(strict, { query, variables: { n: 101 - 100 } })
    expect(fits.errors?.[0]?.message ?? '').not.toContain('Complexity')
    const exceeds = await ask(strict, { query, variables: { n: 60 } })
    expect(exceeds.errors?.[0]?.message).toContain('Complexity')
  })

  test.each([
    ['a field', { query: '{ viewr { id } }' }],
    ['an argument', { query: '{ models(provder: "x") { id } }' }],
    [
      'a value',
      { query: 'mutation { createApiKey(input: {name: "x", scopes: [REED]}) { secret } }' },
    ],
    ['a fragment', { query: '{ viewer { ... on Viewr { id } } }' }],
    [
      'a member of a variable',
      {
        query: 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
        variables: { input: { name: 'x', scops: [] } },
      },
    ],
  ])(
    'the name of %s that is like a known one is suggested in development alone',
    async (_case, request) => {
      const [shown, hidden] = [await ask(usual, request), await ask(production, request)]
      expect(shown.errors?.[0]?.message).toContain('Did you mean')
      expect(hidden.errors?.[0]?.message).toMatch(/\w/)
      expect(JSON.stringify(hidden)).not.toContain('Did you mean')
    },
  )

  test('the schema is not read where introspection is off', async () => {
    const request = { query: '{ __schema { types { name } } }' }
    expect((await ask(usual, request)).data).toHaveProperty('__schema')
    expect(await ask(production, request)).toMatchObject({
      errors: [{ extensions: { code: 'INVALID_REQUEST' } }, expect.anything()],
    })
  })
})

test.each(['application/json', 'application/graphql-response+json'])(
  'a limit in %s has the status that the media type asks for',
  async (accept) => {
    for (const [, request] of tooMuch) {
      const response = await strict.post(request, { accept })
      expect(response.status).toBe(accept === 'application/json' ? 200 : 400)
    }
  },
)

test('more operations at once than allowed', async () => {
  const who = { query: '{ viewer { id } }' }
  const response = await strict.post([who, who, who])
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: 'Batching is limited to 2 operations per request.',
        extensions: { code: 'INVALID_REQUEST' },
      },
    ],
  })
})

describe('what usual clients send is within the limits', () => {
  const everything =
    'query ($first: Int) { requests(first: $first) { edges { cursor node { ...R } } pageInfo { endCursor hasNextPage } } }' +
    ' fragment R on Request { id createdAt model requestedModel provider status stream latencyMs timeToFirstTokenMs errorCode' +
    ' usage { ...U } attempts { number provider model status httpStatus errorCode latencyMs usage { ...U } } apiKey { id name prefix } }' +
    ' fragment U on Usage { inputTokens cachedInputTokens cacheWriteTokens outputTokens reasoningTokens totalTokens estimated cost { ...M } }' +
    ' fragment M on Money { currency amount amountNanos }'

  test('the introspection of tools, with everything in it', async () => {
    const query = getIntrospectionQuery({
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
    })
    expect((await usual.run(query)).errors).toBeUndefined()
  })

  test('the largest page of the log with every field', async () => {
    const { errors } = await usual.run(everything, { first: 100 })
    // There is no database here: it was reached, so the limits let it pass.
    expect(errors?.map((error) => error.extensions?.['code'])).toEqual(['INTERNAL_ERROR'])
  })

  test('all models of all providers', async () => {
    const query =
      '{ providers { id models { id provider name contextLength maxOutputTokens inputModalities features supportedParameters prices { tokenClass perMillion { amount currency amountNanos } } } } }'
    expect((await usual.run(query)).errors).toBeUndefined()
  })
})

describe('values of the client’s own scalars', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const tagged =
    'mutation ($tags: JSON) { createCompletion(input: {model: "test/words", messages: [{role: USER, content: "Hi"}], tags: $tags}) { __typename } }'

  test.each([
    ['JSON nested 100,000 levels deep', tagged, `{"tags": ${deep}}`, '200 levels'],
    [
      'a list nested 100,000 levels deep',
      'mutation ($input: CompletionInput!) { createCompletion(input: $input) { __typename } }',
      `{"input": {"model": "x", "messages": ${deep}}}`,
      'MessageInput',
    ],
    [
      'a text that is no date',
      'mutation ($at: DateTime) { createApiKey(input: {name: "x", expiresAt: $at}) { secret } }',
      '{"at": "soon"}',
      'DateTime',
    ],
  ])('%s is the client’s mistake', async (_case, query, variables, message) => {
    const response = await usual.post(
      `{"query": ${JSON.stringify(query)}, "variables": ${variables}}`,
    )
    expect(await response.json()).toMatchObject({
      errors: [
        { message: expect.stringContaining(message), extensions: { code: 'INVALID_REQUEST' } },
      ],
    })
  })

  test('null for an argument that cannot be null is the client’s mistake, and the rest is answered', async () => {
    const query = 'query ($id: ID = "x") { model(id: $id) { id } viewer { id } }'
    const answer = await usual.run(query, { id: null })
    expect(answer).toMatchObject({
      data: { model: null, viewer: { id: 'key_admin' } },
      errors: [{ path: ['model'], extensions: { code: 'INVALID_REQUEST' } }],
    })
  })
})

describe('GET', () => {
  const get = (search: string): Promise<Response> =>
    fetch(`${usual.url}?${search}`, { headers: { authorization: 'Bearer admin' } })

  test.each(['variables', 'extensions'])(
    'with %s that are no JSON is the client’s mistake',
    async (name) => {
      const response = await get(`query={viewer{id}}&${name}=[1`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'INVALID_REQUEST' } }],
      })
    },
  )
})

describe('requests that a browser sends to other sites without asking', () => {
  const engine = createEngine({
    logger: pino({ level: 'silent' }),
    protection: usualProtection,
  })
  const send = (headers: Record<string, string>, init: RequestInit = {}): Promise<number> =>
    Promise.resolve(
      engine.fetch('http://localhost/graphql?query={__typename}', { ...init, headers }),
    ).then((response) => response.status)

  test.each([
    ['GET', {}, {}],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { method: 'POST', body: 'query={__typename}' },
    ],
    [
      'text',
      { 'content-type': 'text/plain' },
      { method: 'POST', body: '{"query":"{__typename}"}' },
    ],
  ])('%s is refused', async (_case, headers, init) => {
    expect(await send(headers, init)).toBe(403)
  })

  test.each(['authorization', 'apollo-require-preflight', 'x-graphql-yoga-csrf'])(
    'with the header %s they would have asked',
    async (header) => {
      expect(await send({ [header]: 'Bearer admin' })).toBe(200)
    },
  )
})

test('texts of documents are not kept without a bound', async () => {
  const engine = createEngine({
    logger: pino({ level: 'silent' }),
    protection: usualProtection,
  })
  const padding = '#'.repeat(1_000_000)
  for (let at = 0; at < 50; at += 1) {
    const { parse } = engine.getEnveloped({ params: {} })
    expect(parse(`{ viewer { id } } ${padding}${at}`).kind).toBe('Document')
  }
  const first = engine.getEnveloped({ params: {} }).parse(`{ viewer { id } } ${padding}0`)
  const again = engine.getEnveloped({ params: {} }).parse(`{ viewer { id } } ${padding}0`)
  expect(first).not.toBe(again)
})
