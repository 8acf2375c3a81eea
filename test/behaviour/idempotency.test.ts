import { and, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idempotencyKeys } from '../../src/db/schema/idempotency-key.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { geminiKey, startGeminiSimulator } from '../support/simulators/gemini.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
let count = 0

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.demo]
     token_delay_ms = 0`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const freshKey = () => `client-key-${(count += 1)}`
const chat = '/v1/chat/completions'
const hello = { model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'hello there' }] }

interface Post {
  key: string
  path?: string
  secret?: string
  signal?: AbortSignal
}

function post(body: unknown, { key, path = chat, secret = gateway.adminKey, signal }: Post) {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
    signal: signal ?? null,
  })
}

/** An answer as a client sees it, without what differs with the connection. */
async function seen(response: Response) {
  const names = /^(content-type|x-request-id|request-id|x-xrouter-.*)$/
  const headers = [...response.headers].filter(([name]) => names.test(name))
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    text: await response.text(),
  }
}

const replayMark = { 'x-xrouter-idempotent-replay': 'true' }

/** The second answer is the first one, marked; and the provider was called once. */
async function expectReplay(body: object, options: Omit<Post, 'key'> = {}) {
  const key = freshKey()
  const calls = simulator.requests.length
  const first = await seen(await post(body, { key, ...options }))
  const called = simulator.requests.length - calls
  const second = await seen(await post(body, { key, ...options }))
  expect(second).toEqual({ ...first, headers: { ...first.headers, ...replayMark } })
  expect(first.headers).not.toHaveProperty('x-xrouter-idempotent-replay')
  expect(simulator.requests.length - calls).toBe(called)
  return { key, first, called }
}

const rowOf = async (key: string) => {
  const rows = await gateway.running.db
    .select()
    .from(idempotencyKeys)
    .where(eq(idempotencyKeys.key, key))
  return rows[0]
}

describe('a repetition with the same Idempotency-Key', () => {
  test.each<[string, object, Omit<Post, 'key'>, number]>([
    ['a completion', hello, {}, 1],
    ['a stream', { ...hello, stream: true }, {}, 1],
    ['a response', { model: hello.model, input: 'hello there' }, { path: '/v1/responses' }, 1],
    [
      'a streamed response',
      { model: hello.model, input: 'hello there', stream: true },
      { path: '/v1/responses' },
      1,
    ],
    [
      'a legacy completion',
      { model: hello.model, prompt: 'hello there' },
      { path: '/v1/completions' },
      1,
    ],
    ['a message of Anthropic’s door', { ...hello, max_tokens: 50 }, { path: '/v1/messages' }, 1],
  ])('gets the same answer without another call: %s', async (_name, body, options, calls) => {
    const { first, called } = await expectReplay(body, options)
    expect(first.status).toBe(200)
    expect(first.text).toContain('hello')
    expect(called).toBe(calls)
  })

  test('is the same request in whatever order its members are', async () => {
    const key = freshKey()
    const first = await seen(await post(hello, { key }))
    const turned = { messages: [{ content: 'hello there', role: 'user' }], model: hello.model }
    expect((await seen(await post(turned, { key }))).text).toBe(first.text)
  })

  test('leaves one row on the ledger, under the id that both answers carry', async () => {
    const { first } = await expectReplay(hello)
    const { id } = JSON.parse(first.text)
    expect(first.headers['x-request-id']).toBe(id)
    expect(await requestOf(gateway, id)).toMatchObject({ status: 'succeeded' })
    const all = await gateway.graphql<{ requests: { edges: object[] } }>(
      '{ requests(first: 2) { edges { node { id } } } }',
    )
    expect(JSON.stringify(all.data.requests.edges).split(id)).toHaveLength(2)
  })

  test('is a stream frame by frame, to the official client too', async () => {
    const key = freshKey()
    const text = async () => {
      const stream = await gateway.openai().chat.completions.create(
        {
          model: 'demo/echo',
          messages: [{ role: 'user', content: 'one two three' }],
          stream: true,
        },
        { headers: { 'idempotency-key': key } },
      )
      const deltas: string[] = []
      for await (const { choices } of stream) deltas.push(choices[0]?.delta.content ?? '')
      return deltas
    }
    const first = await text()
    expect(first.join('')).toBe('one two three')
    expect(await text()).toEqual(first)
  })

  test('without the header runs again', async () => {
    const ask = () => gateway.openai().chat.completions.create({ model: 'demo/echo', messages: [] })
    await expect(ask()).rejects.toMatchObject({ status: 400 })
    const calls = simulator.requests.length
    for (const key of [freshKey(), freshKey()]) await (await post(hello, { key })).text()
    expect(simulator.requests.length).toBe(calls + 2)
  })

  test('is 409 while the first one runs, and says when to ask again', async () => {
    const key = freshKey()
    const upstream = simulator.controlled()
    const first = post(hello, { key })
    await upstream.received
    const second = await post(hello, { key })
    expect(second.status).toBe(409)
    expect(second.headers.get('retry-after')).toBe('1')
    expect(await second.json()).toMatchObject({
      error: { code: 'conflict', message: expect.stringContaining('still runs') },
    })
    await upstream.answer()
    const answer = await (await first).text()
    expect(await (await post(hello, { key })).text()).toBe(answer)
  })

  test('of another body, another route or another stream is 409 and not run', async () => {
    const key = freshKey()
    await (await post(hello, { key })).text()
    const calls = simulator.requests.length
    const others: [object, string][] = [
      [{ ...hello, temperature: 1 }, chat],
      [{ ...hello, stream: true }, chat],
      [hello, '/v1/messages'],
    ]
    for (const [body, path] of others) {
      const answer = await post(body, { key, path })
      expect(answer.status).toBe(409)
      expect(await answer.text()).toContain('another request')
    }
    expect(simulator.requests.length).toBe(calls)
  })

  test('is nothing to another API key', async () => {
    const key = freshKey()
    const { secret } = await gateway.createKey()
    const first = await seen(await post(hello, { key }))
    const second = await seen(await post(hello, { key, secret }))
    expect(second.status).toBe(200)
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id'])
  })

  test('runs again when the row of the first is over', async () => {
    const { key, first } = await expectReplay(hello)
    await gateway.running.db
      .update(idempotencyKeys)
      .set({ expiresAt: sql`now()` })
      .where(eq(idempotencyKeys.key, key))
    const again = await seen(await post(hello, { key }))
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id'])
    expect(again.status).toBe(200)
  })

  test('runs when the process that ran the first is believed dead', async () => {
    const key = freshKey()
    const upstream = simulator.controlled()
    const controller = new AbortController()
    const lost = post(hello, { key, signal: controller.signal }).catch(() => {})
    await upstream.received
    expect(await rowOf(key)).toMatchObject({ status: null })
    await gateway.running.db
      .update(idempotencyKeys)
      .set({ expiresAt: sql`now()` })
      .where(eq(idempotencyKeys.key, key))
    const second = await seen(await post(hello, { key }))
    expect(second.status).toBe(200)
    controller.abort()
    await lost
    await upstream.closed
    expect(await seen(await post(hello, { key }))).toMatchObject({ text: second.text })
  })
})

describe('what failed', () => {
  test('before a provider was called is not kept', async () => {
    const key = freshKey()
    const { id, secret } = await gateway.createKey({ scopes: ['READ'] })
    for (const [body, status] of [
      [{ ...hello, model: 'nobody/none' }, 404],
      [{ ...hello, messages: 'x' }, 400],
      [hello, 403],
    ] as const) {
      expect((await post(body, { key, secret })).status).toBe(status)
      expect(await rowOf(key)).toBeUndefined()
    }
    await gateway.graphql(
      `mutation { updateApiKey(input: { id: "${id}", scopes: [INFERENCE] }) { id } }`,
    )
    expect((await post(hello, { key, secret })).status).toBe(200)
  })

  test('because the provider turned it away is not kept', async () => {
    const key = freshKey()
    const upstream = simulator.controlled()
    const first = post(hello, { key })
    await upstream.received
    upstream.json(429, { error: { message: 'slow down', type: 'requests' } })
    expect((await first).status).toBe(503)
    expect((await post(hello, { key })).status).toBe(200)
  })

  test('after a provider took it is kept as it was', async () => {
    const key = freshKey()
    const upstream = simulator.controlled()
    const first = post(hello, { key })
    await upstream.received
    upstream.json(500, { error: { message: 'broken', type: 'server_error' } })
    const answer = await seen(await first)
    expect(answer.status).toBe(502)
    const again = await seen(await post(hello, { key }))
    expect(again).toEqual({ ...answer, headers: { ...answer.headers, ...replayMark } })
  })

  test('in the middle of a stream is kept with what was said before', async () => {
    const key = freshKey()
    const body = { ...hello, stream: true }
    const upstream = simulator.controlled()
    const first = post(body, { key })
    await upstream.received
    upstream.text('Hel')
    const { body: stream } = await first
    upstream.reset()
    const text = await new Response(stream).text()
    expect(text).toContain('"Hel"')
    expect(await (await post(body, { key })).text()).toBe(text)
  })

  test('because its client left is not kept', async () => {
    const key = freshKey()
    const upstream = simulator.controlled()
    const controller = new AbortController()
    const left = post({ ...hello, stream: true }, { key, signal: controller.signal })
    await upstream.received
    upstream.text('Hel')
    const response = await left
    controller.abort()
    await expect(response.text()).rejects.toThrow('aborted')
    await upstream.closed
    await expect.poll(() => rowOf(key), { timeout: 10_000 }).toBeUndefined()
    expect((await post({ ...hello, stream: true }, { key })).status).toBe(200)
  })
})

describe('the bounds', () => {
  test('an answer that is too large is not kept, and its repetition is told so', async () => {
    const key = freshKey()
    const content = 'x'.repeat(5 * 1024 * 1024)
    const body = { model: 'demo/echo', messages: [{ role: 'user', content }] }
    const first = await post(body, { key })
    expect((await first.text()).length).toBeGreaterThan(content.length)
    const second = await post(body, { key })
    expect(second.status).toBe(409)
    expect(await second.text()).toContain('was not kept')
    expect(await rowOf(key)).toMatchObject({ status: 200, body: null })
  })

  test.each(['', 'x'.repeat(256), 'ключ'])('the key %j is refused', async (key) => {
    const encoded = Buffer.from(key).toString('latin1')
    const answer = await post(hello, { key: encoded })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { param: 'idempotency-key' } })
  })

  test('a body that is nested without end is refused', async () => {
    const depth = 100_000
    const answer = await fetch(gateway.url + chat, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
        'idempotency-key': freshKey(),
      },
      body: `{"model":"demo/echo","messages":[],"x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('nested')
  })

  test('the header costs nothing where nothing is kept', async () => {
    const key = freshKey()
    const headers = { authorization: `Bearer ${gateway.adminKey}`, 'idempotency-key': key }
    expect((await fetch(`${gateway.url}/v1/models`, { headers })).status).toBe(200)
    expect(await rowOf(key)).toBeUndefined()
  })
})

test('vectors are made once', async () => {
  const gemini = await startGeminiSimulator()
  const other = await startGateway(
    `[providers.gemini]\napi_key = "${geminiKey}"\nbase_url = "${gemini.url}"`,
  )
  try {
    const ask = async () => {
      const response = await fetch(`${other.url}/v1/embeddings`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${other.adminKey}`,
          'content-type': 'application/json',
          'idempotency-key': 'vectors',
        },
        body: JSON.stringify({ model: 'gemini/gemini-embedding-001', input: 'hello' }),
      })
      return seen(response)
    }
    const first = await ask()
    expect(first.status).toBe(200)
    const calls = gemini.requests.length
    expect((await ask()).text).toBe(first.text)
    expect(gemini.requests.length).toBe(calls)
  } finally {
    await other.stop()
    await gemini.close()
  }
})

describe('over GraphQL', () => {
  const answered = `... on Completion { id content createdAt usage { cost { amountNanos } } attempts { number } }
                    ... on CompletionError { code message }`
  const input = '{ model: "openai/gpt-4o", messages: [{ role: USER, content: "hello" }] }'
  const completion = { query: `mutation { createCompletion(input: ${input}) { ${answered} } }` }
  const run = (body: unknown, key: string, accept = 'application/json') =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
        accept,
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
    })

  test('a completion is made once', async () => {
    const { first, called } = await expectReplay(completion, { path: '/graphql' })
    expect(first.text).toContain('hello')
    expect(called).toBe(1)
  })

  test('a subscription over SSE is made once', async () => {
    const key = freshKey()
    const query = `subscription { completion(input: ${input}) { sequence ... on TextDelta { text } } }`
    const accept = 'text/event-stream'
    const first = await seen(await run({ query }, key, accept))
    expect(first.text).toContain('hello')
    expect(first.headers['content-type']).toContain(accept)
    const calls = simulator.requests.length
    const again = await seen(await run({ query }, key, accept))
    expect(again).toEqual({ ...first, headers: { ...first.headers, ...replayMark } })
    expect(simulator.requests.length).toBe(calls)
  })

  test('what failed before a provider was called is not kept', async () => {
    const key = freshKey()
    const query = completion.query.replace('openai/gpt-4o', 'nobody/none')
    expect(await (await run({ query }, key)).text()).toContain('MODEL_NOT_FOUND')
    expect(await rowOf(key)).toBeUndefined()
  })

  test('another operation with the same key is a CONFLICT', async () => {
    const key = freshKey()
    await (await run(completion, key)).text()
    const other = await run({ query: completion.query.replace('hello', 'other') }, key)
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] })
  })

  test('queries need it not, and what has other answers is refused', async () => {
    const key = freshKey()
    const viewer = await (await run({ query: '{ viewer { id } }' }, key)).json()
    expect(viewer).toHaveProperty('data.viewer.id')
    const secret = 'mutation { createApiKey(input: { name: "x" }) { secret } }'
    const mixed = `mutation { createCompletion(input: ${input}) { __typename } createApiKey(input: { name: "x" }) { secret } }`
    const spread = `mutation { ...F } fragment F on Mutation { createApiKey(input: { name: "x" }) { secret } }`
    const refused: unknown[] = [
      { query: secret },
      { query: mixed },
      { query: spread },
      [completion],
    ]
    for (const body of refused) {
      const answer = await run(body, key)
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('`Idempotency-Key` is for completions')
    }
    expect(await rowOf(key)).toBeUndefined()
  })

  test('an operation that does not parse is told what is wrong with it', async () => {
    const answer = await (await run({ query: 'mutation {' }, freshKey())).json()
    expect(answer.errors[0].message).toContain('Syntax Error')
  })
})

test('of many at once one runs', async () => {
  const key = freshKey()
  const calls = simulator.requests.length
  const upstream = simulator.controlled()
  const statuses: number[] = []
  const all = Array.from({ length: 12 }, async () => {
    statuses.push((await post(hello, { key })).status)
  })
  await upstream.received
  const refused = Array.from({ length: 11 }, () => 409)
  await expect.poll(() => statuses, { timeout: 10_000 }).toEqual(refused)
  await upstream.answer()
  await Promise.all(all)
  expect(statuses.at(-1)).toBe(200)
  expect(simulator.requests.length).toBe(calls + 1)
})

test('rows are the actor’s own', async () => {
  const key = freshKey()
  const { id, secret } = await gateway.createKey()
  await (await post(hello, { key, secret })).text()
  const [row] = await gateway.running.db
    .select()
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.key, key), eq(idempotencyKeys.actorId, id)))
  expect(row).toMatchObject({ organizationId: 'org_default', status: 200 })
  expect(JSON.stringify(row?.headers)).not.toContain(secret)
})
