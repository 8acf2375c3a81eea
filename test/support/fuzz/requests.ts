import fc from 'fast-check'
import type { OutgoingHttpHeaders } from 'node:http'
import type { FuzzRequest } from './gateway.ts'
import { bodyLimitBytes } from './gateway.ts'
import { graphqlDocument } from './graphql.ts'
import { damage, jsonText, nearly } from './json.ts'
import { graphqlBodies, richRestBodies } from './samples.ts'

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
const otherAccepts = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  '*/*',
  'multipart/mixed',
  'application/xml',
  '',
  ';;',
  'application/json;q=nope',
]
/** GraphiQL's page has nine megabytes. */
const accepts = ['text/html', ...otherAccepts, ...otherAccepts, ...otherAccepts]
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

/** Requests for every REST route that takes a body. */
export function restPosts(key: string): fc.Arbitrary<FuzzRequest> {
  const routes = Object.entries(richRestBodies).map(([path, bodies]) => ({
    weight: bodies.length,
    arbitrary: posts(
      key,
      path,
      fc.oneof({ weight: 6, arbitrary: nearly(bodies) }, { weight: 1, arbitrary: jsonText }),
    ),
  }))
  return fc.oneof(...routes)
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
