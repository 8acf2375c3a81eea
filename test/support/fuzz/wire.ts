import fc from 'fast-check'
import { graphqlDocument } from './graphql.ts'
import { damage, jsonText, nearly } from './json.ts'
import { graphqlBodies, restCompletions } from './samples.ts'

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
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)) },
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
