import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGraphql, type TestServer } from './support.ts'
import { bytesOf, exchange, yogaHandler } from './yoga-twin.ts'

const persisted = { documents: new Map([['who', '{ viewer { id } }']]), only: false }
const usual = { protection: { persisted } }
const strict = {
  protection: {
    persisted: { ...persisted, only: true },
    suggestions: false,
    introspection: false,
    batchLimit: 2,
  },
}

let ours: TestServer
let yogas: TestServer
let ourStrict: TestServer
let yogasStrict: TestServer

beforeAll(async () => {
  ours = await startGraphql(usual)
  yogas = await startGraphql({ ...usual, handler: yogaHandler })
  ourStrict = await startGraphql(strict)
  yogasStrict = await startGraphql({ ...strict, handler: yogaHandler })
})

afterAll(() => Promise.all([ours, yogas, ourStrict, yogasStrict].map((server) => server.stop())))

/** `count` parts of a document. */
const list = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ')

const ourAnswer = (body: unknown, headers: object) => exchange(ours.url, bytesOf(body), headers)

const yogasAnswer = (body: unknown, headers: object) => exchange(yogas.url, bytesOf(body), headers)

const input = (model: string) => ({ model, messages: [{ role: 'USER', content: 'Hi — привет' }] })
const create = `mutation Create($input: CompletionInput!) { createCompletion(input: $input) {
  __typename
  ... on Completion { id model provider content finishReason toolCalls { id name arguments }
    choices { index content reasoning refusal } usage { inputTokens outputTokens } warnings
    attempts { number provider model status } }
  ... on CompletionError { code message retryable requestId retryAfterMs path }
} }`
const completion = (model: string) => ({ query: create, variables: { input: input(model) } })
const follow = `subscription ($input: CompletionInput!) { completion(input: $input) {
  __typename sequence ... on TextDelta { text } ... on CompletionFailed { error { code } } } }`
const who = { query: '{ viewer { id } }' }
const twoNamed = 'query A { viewer { id } } query B { __typename }'

/** What each limit and policy refuses or lets pass. */
const protectedOperations: [string, unknown][] = [
  ['the schema', { query: getIntrospectionQuery() }],
  ['too much depth', { query: `{ ${'a { '.repeat(20)} b ${'} '.repeat(20)} }` }],
  ['too many aliases', { query: `{ ${list(200, (n) => `a${n}: __typename`)} }` }],
  ['too many tokens', { query: `{ ${list(3_000, () => '__typename')} }` }],
  ['too many directives', { query: `{ viewer ${list(200, (n) => `@a${n}`)} { id } }` }],
  ['too much cost', { query: `{ ${list(20, (n) => `a${n}: models { id name }`)} }` }],
  [
    'a cost that its variables decide',
    {
      query: `query ($n: Int) { ${list(9, (n) => `a${n}: apiKeys(first: $n) { edges { node { id name } } }`)} }`,
      variables: { n: 100 },
    },
  ],
  ['a name that is like a known one', { query: '{ viewr { id } }' }],
  ['a document by its hash', { extensions: { persistedQuery: { version: 1, sha256Hash: 'who' } } }],
  [
    'a document by a hash that is unknown',
    { extensions: { persistedQuery: { version: 1, sha256Hash: 'nope' } } },
  ],
]

const operations: [string, unknown][] = [
  ['a query', who],
  ['a query with a name', { query: 'query Who { viewer { id } }', operationName: 'Who' }],
  ['one of two operations', { query: twoNamed, operationName: 'B' }],
  ['an alias and fragments', { query: '{ me: viewer { ...F } } fragment F on Viewer { id }' }],
  [
    'introspection',
    { query: '{ __schema { types { name kind } } __type(name: "Query") { name } }' },
  ],
  [
    'null for all that may be absent',
    { ...who, variables: null, operationName: null, extensions: null },
  ],
  ['extensions', { ...who, extensions: { tracing: true } }],
  ['variables that nothing asks for', { ...who, variables: { a: 1 } }],
  ['a mutation', completion('test/words')],
  ['a mutation that calls tools', completion('test/tools')],
  ['a mutation that is refused', completion('test/refuses')],
  ['a mutation that fails in the typed way', completion('test/fails')],
  ['a mutation that breaks off', completion('test/breaks')],
  ['a mutation for a model that is not there', completion('test/none')],
  ['a bug, masked', completion('test/bug')],
  [
    'a bug beside data, null up to the nearest nullable field',
    {
      query: `mutation ($a: CompletionInput!, $b: CompletionInput!) {
      a: createCompletion(input: $a) { __typename } b: createCompletion(input: $b) { __typename } }`,
      variables: { a: input('test/words'), b: input('test/bug') },
    },
  ],
  ['a syntax error', { query: '{' }],
  ['the same syntax error again', { query: '{' }],
  ['an empty text', { query: '' }],
  ['only a fragment', { query: 'fragment F on Viewer { id }' }],
  ['a field that is not there', { query: '{ nothing }' }],
  ['the same invalid operation again', { query: '{ nothing }' }],
  ['several validation errors', { query: '{ a: nothing b: nothing viewer { id(x: 1) } }' }],
  ['an unknown operation name', { query: twoNamed, operationName: 'C' }],
  ['no operation name where it is needed', { query: twoNamed }],
  ['a missing variable', { query: create }],
  ['a variable of a wrong type', { query: create, variables: { input: 7 } }],
  [
    'a variable with an unknown member',
    { query: create, variables: { input: { ...input('x'), y: 1 } } },
  ],
  [
    'a literal of a wrong type',
    { query: 'mutation { createCompletion(input: 7) { __typename } }' },
  ],
  ['a scope that is missing', { query: '{ requests(first: 1) { edges { node { id } } } }' }],
  [
    'an argument out of its range',
    { query: '{ models(first: 100000) { edges { node { id } } } }' },
  ],
  ...protectedOperations,
  ['no member at all', {}],
  ['no query', { variables: {} }],
  ['a query that is null', { query: null }],
  ['a query that is a number', { query: 7 }],
  ['a query that is an object', { query: {} }],
  ['an unknown member', { ...who, id: '1' }],
  ['an unknown member that is null', { ...who, id: null }],
  ['variables that are text', { ...who, variables: '{}' }],
  ['variables that are a list', { ...who, variables: [] }],
  ['extensions that are text', { ...who, extensions: 'x' }],
  ['an operation name that is a number', { ...who, operationName: 7 }],
  ['a member __proto__', '{"query":"{ viewer { id } }","__proto__":{"x":1}}'],
  ['members of a promise', '{"query":"{ viewer { id } }","then":1,"catch":{}}'],
  ['members of a promise that are null', '{"query":"{ viewer { id } }","then":null}'],
  ['a batch', [who, completion('test/words'), who]],
  ['a batch of one', [who]],
  ['an empty batch', []],
  [
    'a batch with failures',
    [who, { query: '{' }, { query: '{ nothing }' }, {}, completion('test/bug')],
  ],
  ['a batch with things that are no operations', [null, 7, 'text', [], who]],
  [
    'a batch with a subscription',
    [who, { query: follow, variables: { input: input('test/words') } }],
  ],
  ['ten operations', Array.from({ length: 10 }, () => who)],
  ['eleven operations', Array.from({ length: 11 }, () => who)],
  ['a subscription', { query: follow, variables: { input: input('test/words') } }],
  ['a subscription that fails', { query: follow, variables: { input: input('test/breaks') } }],
  ['a subscription that is invalid', { query: 'subscription { nothing }' }],
  ['a subscription without its variable', { query: follow }],
  ['null', 'null'],
  ['text', '"text"'],
  ['a number', '7'],
  ['true', 'true'],
  ['no JSON', '{"query": '],
  ['JSON with a rest', '{"query":"{ viewer { id } }"} x'],
  ['nothing', ''],
  ['white space', ' \n'],
  ['a byte order mark', '\uFEFF{"query":"{ viewer { id } }"}'],
  [
    'bytes that are no UTF-8 inside of text',
    Buffer.from('{"query":"{ viewer { id } } # \xFF"}', 'latin1'),
  ],
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
  ['UTF-16', Buffer.from('{"query":"{ viewer { id } }"}', 'utf16le')],
]

const accepts: [string, object][] = [
  ['application/json', { accept: 'application/json' }],
  ['GraphQL JSON', { accept: 'application/graphql-response+json' }],
  ['anything', { accept: '*/*' }],
]

describe.each(accepts)('to a client that takes %s', (_accept, headers) => {
  test.each(operations)('%s is answered as by Yoga', async (_operation, body) => {
    expect(await ourAnswer(body, headers)).toEqual(await yogasAnswer(body, headers))
  })
})

test.each([...protectedOperations, ['a batch over the limit', [who, who, who]] as const])(
  'under the strictest protection %s is answered as by Yoga',
  async (_operation, body) => {
    for (const [, headers] of accepts) {
      const answer = await exchange(ourStrict.url, bytesOf(body), headers)
      expect(answer).toEqual(await exchange(yogasStrict.url, bytesOf(body), headers))
    }
  },
)

describe('accept', () => {
  test.each([
    [undefined],
    [''],
    ['*'],
    ['application/*'],
    ['text/*'],
    ['text/html'],
    ['text/event-stream'],
    ['multipart/mixed'],
    ['text/event-stream, application/json'],
    ['application/json, text/event-stream'],
    ['text/event-stream, */*'],
    ['multipart/mixed, application/json'],
    ['application/graphql-response+json, application/json;q=0.9'],
    ['application/json;q=0.1, application/graphql-response+json'],
    [
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    ],
    ['APPLICATION/JSON'],
    ['application/json; charset=utf-8'],
    ['application/json; charset=latin1'],
    ['application/json; charset=latin1, application/graphql-response+json'],
    ['application/graphql+json'],
    [',,'],
    ['nonsense'],
  ])('%s', async (accept) => {
    const headers = accept === undefined ? {} : { accept }
    const bodies = [
      who,
      { query: '{ nothing }' },
      [who, who],
      { query: follow, variables: { input: input('test/words') } },
    ]
    for (const body of bodies) {
      expect(await ourAnswer(body, headers)).toEqual(await yogasAnswer(body, headers))
    }
  })
})

test.each([['application/json; charset=utf-8'], ['Application/JSON'], ['application/json ;x=y']])(
  'JSON by the name %s is served',
  async (contentType) => {
    const answer = await exchange(ours.url, JSON.stringify(who), { 'content-type': contentType })
    expect(answer).toMatchObject({ status: 200, body: '{"data":{"viewer":{"id":"key_admin"}}}' })
  },
)
