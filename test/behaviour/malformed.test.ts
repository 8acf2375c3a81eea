import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

const bodyLimitBytes = 10_000

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[server]
     body_limit_bytes = ${bodyLimitBytes}
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

/** What each door says when it refuses a request as a whole. */
const doors = [
  {
    path: '/graphql',
    form: (code: string) => ({ errors: [{ message: expect.any(String), extensions: { code } }] }),
  },
  {
    path: '/v1/chat/completions',
    form: (code: string) => ({ error: { message: expect.any(String), code: code.toLowerCase() } }),
  },
]

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers = {},
): Promise<Response> {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.adminKey}`,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  })
}

test('a member that makes an object look like a promise is an unknown one', async () => {
  const response = await post('/graphql', '{"query": "{ viewer { id } }", "then": {}}')
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { errors: [{ message: expect.stringContaining('"then"') }] },
  ])
})

describe.each(doors)('$path refuses in its own form', ({ path, form }) => {
  test.each([
    ['a body over the limit', ' '.repeat(bodyLimitBytes + 1), {}, 413, 'REQUEST_TOO_LARGE'],
    ['no JSON', '{', {}, 400, 'INVALID_REQUEST'],
    ['an empty body', '', {}, 400, 'INVALID_REQUEST'],
    ['a compressed body', gzipSync('{}'), { 'content-encoding': 'gzip' }, 415, 'INVALID_REQUEST'],
    ['a body in a pretended coding', '{}', { 'content-encoding': 'br' }, 415, 'INVALID_REQUEST'],
    [
      'members that would reach every object',
      '{"__proto__": {"query": "x"}}',
      {},
      400,
      'INVALID_REQUEST',
    ],
  ])('%s', async (_case, body, headers, status, code) => {
    const response = await post(path, body, headers)
    expect([response.status, await response.json()]).toMatchObject([status, form(code)])
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
  })

  test('a body that hides its length and goes over the limit', async () => {
    const { host } = new URL(gateway.url)
    const outgoing = httpRequest(gateway.url + path, {
      method: 'POST',
      headers: {
        host,
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
      },
    })
    outgoing.on('error', () => {}) // it is cut off while it still sends
    outgoing.write('['.repeat(bodyLimitBytes + 1))
    const [response] = await once(outgoing, 'response')
    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await readText(response))).toMatchObject(form('REQUEST_TOO_LARGE'))
  })

  test('a host that is none', async () => {
    const outgoing = httpRequest(gateway.url + path, { headers: { host: 'a..b:99999' } }).end()
    const [response] = await once(outgoing, 'response')
    expect(response.statusCode).toBe(400)
    await readText(response)
  })
})

test.each([
  ['/graphql', 415],
  ['/v1/chat/completions', 400],
])('a form that is sent to %s is a %d', async (path, status) => {
  const contentType = 'application/x-www-form-urlencoded'
  const response = await post(path, 'query=x', { 'content-type': contentType })
  expect(response.status).toBe(status)
  expect(await response.text()).toContain('application/json')
})

test('identity is no compression', async () => {
  const response = await post('/graphql', '{"query": "{ viewer { id } }"}', {
    'content-encoding': 'identity',
  })
  expect(response.status).toBe(200)
})

test('JSON nested 4,000 levels deep is the client’s mistake', async () => {
  const deep = `${'['.repeat(4_000)}${']'.repeat(4_000)}`
  const body = `{"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], "extra": ${deep}}`
  const response = await post('/v1/chat/completions', body)
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { message: 'The body is nested deeper than 200 levels.', code: 'invalid_request' } },
  ])
})

test.each([
  ['other letters', 'openai/модель 1', 'openai/%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C%201'],
  ['half a character', 'openai/a\ud800', 'openai/a%EF%BF%BD'],
  ['a line break', 'openai/a\r\nset-cookie: b', 'openai/a%0D%0Aset-cookie:%20b'],
])('a model of %s keeps its name in the header, encoded', async (_case, model, named) => {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] })
  const response = await post('/v1/chat/completions', body)
  expect(response.status).toBe(404)
  expect(response.headers.get('x-xrouter-model')).toBe(named)
  expect(response.headers.get('set-cookie')).toBeNull()
  expect(await response.json()).toMatchObject({ error: { code: 'model_not_found' } })
})

describe('characters that the database cannot take', () => {
  const odd = ['a\u0000b', 'a\ud800b']

  test.each(odd)(
    'in a tag or the name of a model keep no request off the ledger: %j',
    async (text) => {
      const ask = `mutation ($model: String!, $tags: JSON) { createCompletion(input: {
      model: $model, messages: [{ role: USER, content: "Hi" }], tags: $tags }) {
      ... on Completion { id } ... on CompletionError { requestId code } } }`
      const tagged = await gateway.graphql<{ createCompletion: { id: string } }>(ask, {
        model: 'openai/gpt-4o-mini',
        tags: { [text]: text },
      })
      const named = await gateway.graphql<{ createCompletion: { requestId: string } }>(ask, {
        model: `openai/${text}`,
      })
      expect(named.data.createCompletion).toMatchObject({ code: 'MODEL_NOT_FOUND' })
      for (const id of [tagged.data.createCompletion.id, named.data.createCompletion.requestId]) {
        const found = await gateway.graphql('query ($id: ID!) { request(id: $id) { id } }', { id })
        expect(found.data).toEqual({ request: { id } })
      }
      expect(gateway.logs()).not.toContain('rejected.jsonl')
    },
  )

  test.each(odd)(
    'in what describes or names an API key are the client’s mistake: %j',
    async (text) => {
      for (const input of [{ name: text }, { name: 'a', models: [`openai/${text}`] }]) {
        const answer = await gateway.graphql(
          'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
          { input },
        )
        expect(answer.errors).toMatchObject([{ extensions: { code: 'INVALID_REQUEST' } }])
      }
      const revoke = 'mutation ($id: ID!) { revokeApiKey(id: $id) { id } }'
      const answer = await gateway.graphql(revoke, { id: text })
      expect(answer.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    },
  )
})

test('an answer in no media type that the client takes is a 406 with a reason', async () => {
  const response = await post('/graphql', '{"query": "{ viewer { id } }"}', { accept: 'image/png' })
  expect([response.status, await response.json()]).toMatchObject([
    406,
    { errors: [{ extensions: { code: 'INVALID_REQUEST' } }] },
  ])
})

test('OPTIONS that asks for nothing is answered', async () => {
  const response = await fetch(`${gateway.url}/v1/models`, { method: 'OPTIONS' })
  expect(response.status).toBe(204)
})

test.each([
  ['no HTTP', 'nonsense\r\n\r\n', 400],
  ['a length that is none', 'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}`, 431],
])('%s on the socket is answered once, and the connection ends', async (_case, bytes, status) => {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => {}) // it may be cut while it still sends
  socket.write(bytes)
  const answer = await readText(socket)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    error: { code: 'invalid_request', message: expect.any(String) },
  })
})

describe('bytes behind a request that are no request are answered after it', () => {
  const open = (): Socket => {
    const { hostname, port } = new URL(gateway.url)
    return connect({ host: hostname, port: Number(port) })
  }
  const head = (line: string, ...more: string[]): string =>
    [
      `${line} HTTP/1.1`,
      'host: a',
      `authorization: Bearer ${gateway.adminKey}`,
      ...more,
      '\r\n',
    ].join('\r\n')
  const statuses = (answers: string): string[] =>
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status ?? '')

  test('while a handler still works on the request', async () => {
    const socket = open()
    socket.write(`${head('GET /ready')}"a body that no header announced"`)
    const answers = await readText(socket)
    expect(statuses(answers)).toEqual(['200', '400'])
    expect(answers).toContain('"status":"ok"')
  })

  test('behind several requests', async () => {
    const socket = open()
    socket.write(`${head('GET /ready')}${head('DELETE /v1/models/x')}${head('GET /ready')}{}`)
    expect(statuses(await readText(socket))).toEqual(['200', '404', '200', '400'])
  })

  test('while an answer streams, into which nothing is written', async () => {
    const upstream = simulator.controlled()
    const socket = open()
    const body = JSON.stringify({
      model: 'openai/gpt-4o-mini',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const type = 'content-type: application/json'
    socket.write(head('POST /v1/chat/completions', type, `content-length: ${body.length}`) + body)
    await upstream.received
    upstream.text('Hel')
    const [first] = await once(socket, 'data')
    socket.write('[1]')
    socket.write('[2]')
    // Another connection's answer shows that the server has read them.
    await fetch(`${gateway.url}/ready`)
    upstream.text('lo')
    upstream.complete()
    const answers = `${first}${await readText(socket)}`
    expect(statuses(answers)).toEqual(['200', '400'])
    expect(answers).toMatch(/"content":"lo"[^]*\[DONE\]\s+0\r\n\r\nHTTP\/1\.1 400 /)
  })

  test('when they are in the place of its own body, an answer that streams already is cut off', async () => {
    const upstream = simulator.controlled()
    const query = `subscription { completion(input: {
      model: "openai/gpt-4o-mini", messages: [{ role: USER, content: "Hi" }] }) { sequence } }`
    const line = `GET /graphql?query=${encodeURIComponent(query)}`
    const socket = open()
    socket.write(head(line, 'accept: text/event-stream', 'transfer-encoding: chunked'))
    await upstream.received
    upstream.text('Hel')
    const [first] = await once(socket, 'data')
    socket.write('zz\r\n')
    const answers = `${first}${await readText(socket)}`
    expect(statuses(answers)).toEqual(['200'])
    expect(answers).not.toContain('event: complete')
    await upstream.closed
  })

  test('when they are in the place of its own body, the request has no other answer', async () => {
    const socket = open()
    const coding = 'transfer-encoding: chunked'
    socket.write(`${head('POST /graphql', 'content-type: application/json', coding)}zz\r\n`)
    expect(statuses(await readText(socket))).toEqual(['400'])
  })
})

test('a URL that cannot be decoded is a 400', async () => {
  const response = await fetch(`${gateway.url}/v1/models/%ff`, {
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  })
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { code: 'invalid_request' } },
  ])
})

test('a WebSocket message over the limit ends its socket, and no other', async () => {
  const open = (): WebSocket =>
    new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const [greedy, modest] = [open(), open()]
  await Promise.all([once(greedy, 'open'), once(modest, 'open')])
  greedy.send(' '.repeat(bodyLimitBytes + 1))
  const [code] = await once(greedy, 'close')
  expect(code).toBe(1009)
  expect(gateway.logs()).toContain('a WebSocket failed')
  modest.send('{"type":"ping"}')
  const [message] = await once(modest, 'message')
  expect(JSON.parse(String(message))).toEqual({ type: 'pong' })
  modest.close()
})
