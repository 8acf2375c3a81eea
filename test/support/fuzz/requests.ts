import fc from 'fast-check'
import type { OutgoingHttpHeaders } from 'node:http'
import type { FuzzRequest } from './gateway.ts'
import { bodyLimitBytes } from './gateway.ts'
import { graphqlDocument } from './graphql.ts'
import { damage, jsonText, nearly } from './json.ts'

const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: '2' },
  { role: 'user', content: 'one two three' },
]
const tools = [
  {
    type: 'function',
    function: {
      name: 'f',
      description: 'd',
      parameters: { type: 'object', properties: { a: { type: 'number' } } },
      strict: true,
    },
  },
]

/** Completions that are answered with 200 when nothing is changed. */
export const restCompletions: readonly object[] = ['demo/echo', 'openai/gpt-4o-mini'].flatMap(
  (model) => [
    { model, messages: [{ role: 'user', content: 'Hello there' }] },
    {
      model,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hello there' }],
    },
    {
      model,
      max_tokens: 5,
      n: 2,
      messages: messages.filter(({ role }) => role !== 'tool' && role !== 'assistant'),
      xrouter: { tags: { team: 'a', n: 1 }, fallbacks: ['demo/echo'] },
    },
  ],
)

/** Valid ones of which the demo refuses a part: it calls no tools. */
const richCompletions = [
  ...restCompletions,
  {
    model: 'openai/gpt-4o-mini',
    messages,
    tools,
    tool_choice: 'auto',
    temperature: 0.5,
    top_p: 0.9,
    stop: ['x'],
    seed: 1,
    logprobs: true,
    top_logprobs: 2,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'n', schema: { type: 'object' } },
    },
    metadata: { a: 'b' },
  },
  { model: 'demo/echo', messages, tools, stream: true },
]

const input = {
  model: 'demo/echo',
  messages: [
    { role: 'USER', content: 'Hello' },
    { role: 'USER', parts: [{ text: 'there' }] },
  ],
  temperature: 1,
  maxTokens: 9,
  tags: { a: 1 },
  stop: ['x'],
  routing: { denyProviders: ['none'] },
}

/** GraphQL bodies that are answered without an error when nothing is changed. */
export const graphqlBodies: readonly object[] = [
  {
    query:
      '{ viewer { id kind scopes } models(provider: "demo") { id prices { perMillion { amount } } } }',
  },
  {
    query:
      'query Q($first: Int = 3, $after: String) { requests(first: $first, after: $after) { edges { cursor node { id attempts { usage { cost { amount } } } apiKey { id } } } pageInfo { endCursor } } }',
    variables: { first: 2 },
    operationName: 'Q',
  },
  {
    query:
      'mutation ($input: CompletionInput!) { createCompletion(input: $input) { __typename ... on Completion { content } ... on CompletionError { code message } } }',
    variables: { input },
  },
  {
    query:
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }',
    variables: {
      input: {
        name: 'a',
        scopes: ['READ'],
        models: ['demo/echo'],
        expiresAt: '2030-01-01T00:00:00Z',
      },
    },
  },
  {
    query: '{ __type(name: "Query") { fields { name args { name type { name } } } } }',
    extensions: { a: 1 },
  },
]

const contentTypes = [
  ...Array.from({ length: 8 }, () => 'application/json'),
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/graphql',
  'application/octet-stream',
  '',
  'nonsense',
  'application/json, text/plain',
]
const accepts = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  '*/*',
  'multipart/mixed',
  'text/html',
  'application/xml',
  '',
  ';;',
  'application/json;q=nope',
]
const oddHeaders: readonly OutgoingHttpHeaders[] = [
  ...Array.from({ length: 12 }, () => ({})),
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br, deflate' },
  { authorization: 'Bearer' },
  { authorization: 'Basic YTpi' },
  { authorization: `Bearer xr-free-${'a'.repeat(4000)}` },
  { authorization: 'Bearer xr-free-0000000000000000000000000000000000000000-00000000' },
  { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  { 'x-forwarded-for': '::ffff:1.2.3.4, nonsense', 'x-forwarded-proto': 'gopher' },
  { 'x-request-id': '\u00e9'.repeat(300), te: 'trailers', 'transfer-encoding': 'chunked' },
  { cookie: 'a=b;;; =', 'if-none-match': '*', range: 'bytes=0-' },
  { 'apollo-require-preflight': 'true', 'x-graphql-yoga-csrf': '1' },
  { host: 'a..b:99999' },
]

function headersOf(key: string, body: fc.Arbitrary<unknown>): fc.Arbitrary<OutgoingHttpHeaders> {
  return fc
    .tuple(
      fc.constantFrom(...contentTypes),
      fc.constantFrom(...accepts),
      fc.constantFrom(...oddHeaders),
      body,
    )
    .map(([type, accept, odd]) => ({
      authorization: `Bearer ${key}`,
      ...(type !== '' && { 'content-type': type }),
      ...(accept !== '' && { accept }),
      ...odd,
    }))
}

function posts(key: string, path: string, text: fc.Arbitrary<string>): fc.Arbitrary<FuzzRequest> {
  return fc
    .tuple(text, damage, headersOf(key, fc.constant(0)), fc.nat(150))
    .map(([body, damaged, headers, size]) => ({
      method: 'POST',
      path,
      headers,
      body: size === 0 ? Buffer.alloc(bodyLimitBytes + 1, '[') : damaged(body),
    }))
}

/** Requests for the REST door's completions. */
export function restPosts(key: string): fc.Arbitrary<FuzzRequest> {
  const text = fc.oneof(
    { weight: 6, arbitrary: nearly(richCompletions) },
    { weight: 1, arbitrary: jsonText },
  )
  return posts(key, '/v1/chat/completions', text)
}

/** Requests for GraphQL over POST: bodies near to valid ones, batches, and documents by the grammar. */
export function graphqlPosts(key: string): fc.Arbitrary<FuzzRequest> {
  const document = graphqlDocument.map((query) =>
    JSON.stringify({ query, variables: { first: 5 } }),
  )
  const body = fc.oneof(
    { weight: 3, arbitrary: nearly(graphqlBodies) },
    { weight: 5, arbitrary: document },
  )
  const batch = fc.array(body, { maxLength: 12 }).map((bodies) => `[${bodies.join(',')}]`)
  return posts(
    key,
    '/graphql',
    fc.oneof(
      { weight: 14, arbitrary: body },
      { weight: 1, arbitrary: batch },
      { weight: 1, arbitrary: jsonText },
    ),
  )
}

/** Requests for GraphQL over GET, with parameters that are near to valid ones. */
export function graphqlGets(key: string): fc.Arbitrary<FuzzRequest> {
  const query = fc.oneof(
    graphqlDocument,
    fc.string({ unit: 'binary' }),
    fc.constant('{ viewer { id } }'),
  )
  return fc
    .tuple(query, fc.option(jsonText), fc.option(jsonText), headersOf(key, fc.constant(0)))
    .map(([document, variables, extensions, headers]) => {
      const parameters = new URLSearchParams({
        query: document.toWellFormed(),
        ...(variables !== null && { variables: variables.toWellFormed() }),
        ...(extensions !== null && { extensions: extensions.toWellFormed() }),
      })
      return { method: 'GET', path: `/graphql?${parameters}`.slice(0, 12_000), headers }
    })
}

const paths = [
  '/v1/models',
  '/v1/models/demo/echo',
  '/v1/models/',
  '/v1/models/%ff',
  '/v1/models/..%2f..',
  '/v1/models/a%00b',
  '/v1/chat/completions/',
  '/v1/chat/completions',
  '/v1',
  '/v1/embeddings',
  '/health',
  '/ready',
  '/metrics',
  '/graphql',
  '/graphql/',
  '//graphql',
  '/',
  '/__proto__',
  '/%',
  '/a?b=%',
  `/v1/models/${'m'.repeat(3000)}`,
  '*',
]
const methods = [
  'GET',
  'GET',
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
]

/** Requests for every other route and for none, with every method. */
export function otherRequests(key: string): fc.Arbitrary<FuzzRequest> {
  const path = fc.oneof(
    fc.constantFrom(...paths),
    fc.webPath().map((text) => `/v1/models${text || '/x'}`),
    fc.webQueryParameters().map((text) => `/v1/models?${text}`),
  )
  return fc
    .tuple(fc.constantFrom(...methods), path, headersOf(key, fc.constant(0)), fc.option(jsonText))
    .map(([method, place, headers, body]) => ({
      method,
      path: place,
      headers,
      body:
        body === null || method === 'GET' || method === 'HEAD' || method === 'TRACE'
          ? undefined
          : Buffer.from(body),
    }))
}

/** Frames for a WebSocket: messages of the protocol, messages near to them, and noise. */
export const frames: fc.Arbitrary<(string | Buffer)[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(graphqlDocument, fc.nat(3)).map(([query, id]) =>
        JSON.stringify({
          id: `${id}`,
          type: 'subscribe',
          payload: { query, variables: { first: 2 } },
        }),
      ),
    },
    {
      weight: 2,
      arbitrary: nearly(graphqlBodies.map((payload) => ({ id: 'n', type: 'subscribe', payload }))),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '{"type":"ping"}',
        '{"id":"1","type":"complete"}',
        '{"id":"0","type":"complete"}',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.oneof(
        jsonText,
        nearly([
          { type: 'ping', payload: { a: 1 } },
          { id: '1', type: 'complete' },
          { type: 'connection_init' },
        ]),
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  ),
  { minLength: 5, maxLength: 5 },
)

/** Bytes for a bare socket: HTTP with damage, and what is hardly HTTP at all. */
export function bytes(key: string): fc.Arbitrary<Buffer> {
  const body = JSON.stringify(restCompletions[0])
  const head = (lines: readonly string[]): string => [...lines, '', ''].join('\r\n')
  const usual = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: a',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
  ]
  const text = fc.constantFrom(
    `${head([...usual, `content-length: ${body.length}`])}${body}`,
    `${head([...usual, 'transfer-encoding: chunked'])}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `${head([...usual, 'transfer-encoding: chunked'])}zz\r\nnonsense\r\n`,
    `${head([...usual, 'transfer-encoding: chunked'])}ffffffffffffffff\r\n`,
    `${head([...usual, 'content-length: 5', 'transfer-encoding: chunked'])}0\r\n\r\n`,
    `${head([...usual, 'content-length: 10', 'content-length: 20'])}${body}`,
    `${head([...usual, 'content-length: -1'])}${body}`,
    `${head([...usual, 'content-length: 99999999999999999999'])}${body}`,
    `${head([...usual, 'content-length: 1000'])}${body}`,
    head([
      'GET /graphql HTTP/1.1',
      'host: a',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 99',
    ]),
    head(['GET /v1/models HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: h2c']),
    head(['GET /v1/models HTTP/9.9', 'host: a']),
    head(['GET /v1/models HTTP/1.1']),
    head(['GET /v1/models HTTP/1.1', 'host: a', 'expect: 200-maybe']),
    head(['GET /v1/models HTTP/1.1', 'host: a', `x: ${'y'.repeat(40_000)}`]),
    head(['CONNECT a:1 HTTP/1.1', 'host: a']),
    head(['GET /v1/models HTTP/1.1', 'host: a', 'x y: z']),
    head(['PRI * HTTP/2.0']),
    '\u0016\u0003\u0001\u0002\u0000\u0001',
  )
  return fc.oneof(
    { weight: 5, arbitrary: fc.tuple(text, damage).map(([whole, damaged]) => damaged(whole)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }).map((noise) => Buffer.from(noise)) },
  )
}
