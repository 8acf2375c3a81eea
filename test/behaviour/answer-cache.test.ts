import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import type OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'
import { httpError, truncateAfter } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[cache]
     enabled = true
     organizations = { quiet = "off", asking = "on_request" }
     ttl_max_seconds = 7200
     ignored_paths = ["passthrough.members.trace_id"]
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.wide]
     type = "openai"
     api_keys = [${Array.from({ length: 9 }, (_none, at) => `{ id = "k${at}", key = "sk-simulated" }`).join(', ')}]
     base_url = "${simulator.url}"
     [models.spread]
     strategy = "least-latency"
     deployments = ["wide/gpt-4o-mini"]
     [providers.demo]
     token_delay_ms = 0
     [aliases]
     fast = "openai/gpt-4o-mini"
     [fallbacks]
     "openai/gpt-4.1" = ["openai/gpt-4o-mini"]`,
  )
})

afterEach(() => {
  if (simulator.pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const prompts = { count: 0 }

/** A body that nobody has sent before. */
function fresh(further: object = {}): OpenAI.ChatCompletionCreateParamsNonStreaming {
  prompts.count += 1
  const content = `question ${prompts.count}`
  return { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content }], ...further }
}

interface Sent {
  status: number
  cache: string | null
  headers: Headers
  body: {
    id: string
    model: string
    choices: { message: { content: string | null }; finish_reason: string }[]
    usage: { prompt_tokens: number; completion_tokens: number }
    error?: { code: string; param: string | null; message: string }
    xrouter?: { warnings?: string[] }
  }
}

async function send(
  body: object,
  { key = gateway.adminKey, ...headers }: { key?: string; 'cache-control'?: string } = {},
): Promise<Sent> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const { status } = response
  const cache = response.headers.get('x-xrouter-cache')
  return { status, cache, headers: response.headers, body: (await response.json()) as Sent['body'] }
}

/** The frames of a streamed answer, with what is its own of each request left out. */
async function stream(body: object): Promise<{ cache: string | null; frames: unknown[] }> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.adminKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
  })
  const text = await response.text()
  const frames = text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: {'))
    .map((frame): unknown => {
      const {
        id: _id,
        created: _created,
        ...rest
      } = JSON.parse(frame.slice(6)) as Sent['body'] & {
        created: number
      }
      return rest
    })
  return { cache: response.headers.get('x-xrouter-cache'), frames }
}

/** How many calls the provider gets while something is done. */
async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const before = simulator.requests.length
  await work()
  return simulator.requests.length - before
}

describe('an equal request', () => {
  test('gets the kept answer: the same words and usage, an id of its own, no call', async () => {
    const body = fresh()
    const first = await send(body)
    expect(first.cache).toBe('miss')
    const calls = await callsOf(async () => {
      const second = await send(body)
      expect(second.cache).toBe('hit')
      expect(second.body.id).not.toBe(first.body.id)
      expect(second.body.choices).toEqual(first.body.choices)
      expect(second.body.usage).toEqual(first.body.usage)
      expect(second.headers.get('x-xrouter-attempts')).toBe('0')
      expect(second.headers.get('x-xrouter-model')).toBe('openai/gpt-4o-mini')
      expect(second.headers.get('x-xrouter-provider')).toBe('openai')
    })
    expect(calls).toBe(0)
  })

  test('gets it wherever it would have been sent this time', async () => {
    const body = fresh({ model: 'spread', top_k: 3 })
    const miss = await send(body)
    expect([miss.cache, miss.body.xrouter?.warnings?.length]).toEqual(['miss', 1])
    for (let turn = 0; turn < 10; turn += 1) {
      const { cache, body: hit } = await send(body)
      expect([cache, hit.model]).toEqual(['hit', 'wide/gpt-4o-mini'])
      expect(hit.xrouter?.warnings).toEqual(miss.body.xrouter?.warnings)
    }
  })

  test('is streamed with the deltas that the provider sent', async () => {
    const body = fresh()
    const first = await stream(body)
    const second = await stream(body)
    expect([first.cache, second.cache]).toEqual(['miss', 'hit'])
    expect(second.frames).toEqual(first.frames)
    expect(second.frames.length).toBeGreaterThan(3)
  })

  test('is answered with JSON from a stream, and as a stream from JSON', async () => {
    const [one, other] = [fresh(), fresh()]
    await stream(one)
    const json = await send(one)
    expect(json.cache).toBe('hit')
    expect(json.body.choices[0]?.message.content).toContain('question')
    await send(other)
    expect((await stream(other)).cache).toBe('hit')
  })

  test.each<[string, object]>([
    ['the end user', { user: 'somebody' }],
    ['metadata', { metadata: { trace: '1' } }],
    ['tags', { xrouter: { tags: { team: 'a' } } }],
    ['the order of the members', { seed: undefined }],
    ['a member that the configuration says does not matter', { trace_id: 'abc' }],
  ])('may differ in %s', async (_what, further) => {
    const body = fresh()
    await send({ messages: body.messages, model: body.model })
    expect((await send({ ...body, ...further })).cache).toBe('hit')
  })

  test.each<[string, object]>([
    ['temperature', { temperature: 0.5 }],
    ['seed', { seed: 7 }],
    ['max_tokens', { max_tokens: 50 }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['a member of the provider', { verbosity: 'low' }],
    ['the namespace', { xrouter: { cache: { namespace: 'b' } } }],
    ['the fallbacks', { xrouter: { fallbacks: ['demo/echo'] } }],
    ['the model', { model: 'openai/gpt-4o' }],
  ])('may not differ in %s', async (_what, further) => {
    const body = fresh()
    await send(body)
    expect((await send({ ...body, ...further })).cache).toBe('miss')
  })

  test('shows its warnings, not those of the first', async () => {
    const body = fresh({ model: 'demo/echo' })
    const first = await send({ ...body, user: 'somebody' })
    const second = await send(body)
    expect(second.cache).toBe('hit')
    expect(first.body.xrouter?.warnings).toHaveLength(1)
    expect(second.body.xrouter?.warnings).toBeUndefined()
  })
})

describe('whose answer it is', () => {
  test('keys of one organisation share answers; another organisation does not see them', async () => {
    const [one, other] = await Promise.all([gateway.createKey(), gateway.createKey()])
    const body = fresh()
    await send(body, { key: one.secret })
    expect((await send(body, { key: other.secret })).cache).toBe('hit')
  })

  test('a key that may not use the model is refused, also where the answer is kept', async () => {
    const body = fresh()
    await send(body)
    const { secret } = await gateway.createKey({ models: ['demo/*'] })
    expect((await send(body, { key: secret })).status).toBe(403)
  })
})

describe('a hit and the limits', () => {
  test('it takes no money: a budget that has no room for an answer has room for a kept one', async () => {
    const { id, secret } = await gateway.createKey()
    await limitMoney(gateway, '0.000001', { scope: 'key', subject: id })
    const body = fresh({ max_tokens: 100 })
    expect((await send(body, { key: secret })).status).toBe(402)
    await send(body)
    for (let turn = 0; turn < 3; turn += 1) {
      const { status, cache } = await send(body, { key: secret })
      expect([status, cache]).toEqual([200, 'hit'])
    }
    expect((await send(fresh({ max_tokens: 100 }), { key: secret })).status).toBe(402)
  })

  test('it is a request like any other: the limit of requests counts it', async () => {
    const { id, secret } = await gateway.createKey()
    await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 3 })
    const body = fresh()
    await send(body)
    const statuses: number[] = []
    for (let turn = 0; turn < 4; turn += 1) {
      statuses.push((await send(body, { key: secret })).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429])
  })
})

describe('what is not kept', () => {
  test('a failed answer', async () => {
    const body = fresh()
    simulator.next(httpError(500))
    expect((await send(body)).status).toBe(502)
    expect((await send(body)).cache).toBe('miss')
  })

  test('an answer that broke off', async () => {
    const body = fresh()
    simulator.next(truncateAfter(2))
    await stream(body)
    expect((await send(body)).cache).toBe('miss')
  })

  test('the answer of a fallback', async () => {
    const body = fresh({ model: 'openai/gpt-4.1' })
    simulator.next(httpError(503))
    expect((await send(body)).headers.get('x-xrouter-attempts')).toBe('2')
    const again = await send(body)
    expect([again.cache, again.headers.get('x-xrouter-attempts')]).toEqual(['miss', '1'])
  })

  test('a filtered answer', async () => {
    const upstream = simulator.controlled()
    const body = fresh()
    const first = stream(body)
    await upstream.received
    upstream.text('so ')
    upstream.complete('content_filter')
    await first
    expect((await send(body)).cache).toBe('miss')
  })

  test('the answer of a client that left', async () => {
    const upstream = simulator.controlled()
    const body = fresh()
    const leaving = new AbortController()
    const first = gateway
      .openai()
      .chat.completions.create({ ...body, stream: true }, { signal: leaving.signal })
    await upstream.received
    upstream.text('so ')
    await first
    leaving.abort()
    await upstream.closed
    expect((await send(body)).cache).toBe('miss')
  })

  test('an answer with tools, unless asked for', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: {} } }]
    const body = fresh({ tools })
    expect((await send(body)).cache).toBe('bypass')
    expect((await send(body)).cache).toBe('bypass')
    const asked = { ...body, xrouter: { cache: { tools: true } } }
    expect((await send(asked)).cache).toBe('miss')
    expect((await send(asked)).cache).toBe('hit')
  })
})

describe('what a request says', () => {
  const both: [string, object, Record<string, string>][] = [
    ['in its body', { xrouter: { cache: { no_cache: true } } }, {}],
    ['in its header', {}, { 'cache-control': 'no-cache' }],
  ]

  test.each(both)('no-cache %s: a fresh answer, which is kept', async (_where, member, header) => {
    const body = fresh()
    await send(body)
    expect(await callsOf(() => send({ ...body, ...member }, header))).toBe(1)
    expect((await send({ ...body, ...member }, header)).cache).toBe('bypass')
    expect((await send(body)).cache).toBe('hit')
  })

  test('no-store: kept answers count, the own one is not kept', async () => {
    const body = fresh()
    expect((await send(body, { 'cache-control': 'no-store' })).cache).toBe('miss')
    expect((await send(body)).cache).toBe('miss')
    expect((await send(body, { 'cache-control': 'No-Store' })).cache).toBe('hit')
  })

  test('no-cache and no-store: as if there were no cache', async () => {
    const body = fresh()
    await send(body)
    expect((await send(body, { 'cache-control': 'no-cache, no-store' })).cache).toBe('bypass')
  })

  test('max-age: older answers do not count', async () => {
    const body = fresh()
    await send(body)
    await delay(5)
    expect((await send(body, { 'cache-control': 'max-age=0' })).cache).toBe('miss')
    expect((await send(body, { 'cache-control': 'max-age=3600' })).cache).toBe('hit')
  })

  test('only-if-cached: no provider is called', async () => {
    const body = fresh()
    const calls = await callsOf(async () => {
      const { status, body: answer } = await send(body, { 'cache-control': 'only-if-cached' })
      expect(status).toBe(504)
      expect(answer.error).toMatchObject({ code: 'not_cached', param: 'cache.only_if_cached' })
    })
    expect(calls).toBe(0)
    await send(body)
    const kept = await send({ ...body, xrouter: { cache: { only_if_cached: true } } })
    expect([kept.status, kept.cache]).toEqual([200, 'hit'])
  })

  test('a time that is longer than allowed is refused by name', async () => {
    const { status, body } = await send(fresh({ xrouter: { cache: { ttl: 7201 } } }))
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ param: 'cache.ttl' })
    expect(body.error?.message).toContain('7200')
  })

  test('an unknown member is refused by name', async () => {
    const { status, body } = await send(fresh({ xrouter: { cache: { forever: true } } }))
    expect(status).toBe(400)
    expect(body.error?.message).toContain('xrouter.cache.forever')
    expect(body.error?.message).toContain('only_if_cached')
  })

  test('mode off: as if there were no cache', async () => {
    const body = fresh({ xrouter: { cache: { mode: 'off' } } })
    await send(body)
    expect((await send(body)).cache).toBe('off')
  })
})

describe('equal requests at once', () => {
  test('call the provider once: the others wait for the first', async () => {
    const upstream = simulator.controlled()
    const body = fresh()
    const before = simulator.requests.length
    const first = stream(body)
    await upstream.received
    const others = Array.from({ length: 20 }, () => stream(body))
    upstream.text('one ')
    upstream.text('answer')
    upstream.complete()
    const all = await Promise.all([first, ...others])
    expect(simulator.requests.length - before).toBe(1)
    const kinds = all.map(({ cache }) => cache)
    expect(kinds.filter((kind) => kind === 'miss')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'hit')).toHaveLength(20)
    for (const { frames } of all) expect(frames).toEqual(all[0]?.frames)
  })

  test('the failure of the first is its own: the others go on', async () => {
    const upstream = simulator.controlled()
    const body = fresh()
    const first = send(body)
    await upstream.received
    const others = Array.from({ length: 5 }, () => send(body))
    upstream.json(500, { error: { message: 'no' } })
    expect((await first).status).toBe(502)
    for (const { status } of await Promise.all(others)) expect(status).toBe(200)
  })

  test('where the first leaves, one of the others makes the answer', async () => {
    const [one, other] = [simulator.controlled(), simulator.controlled()]
    const body = fresh()
    const leaving = new AbortController()
    const first = gateway.openai().chat.completions.create(body, { signal: leaving.signal })
    await one.received
    const before = simulator.requests.length
    const others = Array.from({ length: 5 }, () => send(body))
    leaving.abort()
    await expect(first).rejects.toThrow('aborted')
    await other.received
    await other.answer()
    const answers = await Promise.all(others)
    expect(simulator.requests.length - before).toBe(1)
    expect(answers.filter(({ cache }) => cache === 'hit')).toHaveLength(4)
    expect(answers.filter(({ cache }) => cache === 'miss')).toHaveLength(1)
  })
})

test('of 1,000 prompts that repeat as words do, more than four in five are hits', async () => {
  const distinct = 150
  /** The n-th most frequent prompt comes with a weight of 1/n; the draws are the same each time. */
  const weights = Array.from({ length: distinct }, (_, index) => 1 / (index + 1))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  let state = 42
  const draw = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    let left = (state / 2 ** 31) * whole
    return weights.findIndex((weight) => (left -= weight) < 0)
  }
  const drawn = Array.from({ length: 1_000 }, draw)
  const kinds: (string | null)[] = []
  const calls = await callsOf(async () => {
    for (let at = 0; at < drawn.length; at += 25) {
      const some = drawn.slice(at, at + 25).map((prompt) =>
        send({
          model: 'openai/gpt-4o-mini',
          messages: [{ role: 'user', content: `repeated ${prompt}` }],
        }),
      )
      kinds.push(...(await Promise.all(some)).map(({ cache }) => cache))
    }
  })
  const hits = kinds.filter((kind) => kind === 'hit').length
  expect(hits / drawn.length).toBeGreaterThan(0.8)
  expect(calls).toBe(new Set(drawn).size)
  expect(calls + hits).toBe(drawn.length)
})

describe('a hit is told', () => {
  test('on the ledger: no attempt, cost 0, and a word of it', async () => {
    const body = fresh()
    await send(body)
    const hit = await send(body)
    const { data } = await gateway.graphql<{ request: object }>(
      `query ($id: ID!) { request(id: $id) {
        status model provider cache attempts { number } usage { totalTokens cost { amount } }
      } }`,
      { id: hit.headers.get('x-request-id') },
    )
    expect(data.request).toEqual({
      status: 'succeeded',
      model: 'openai/gpt-4o-mini',
      provider: 'openai',
      cache: 'HIT',
      attempts: [],
      usage: {
        totalTokens: hit.body.usage.prompt_tokens + hit.body.usage.completion_tokens,
        cost: { amount: '0' },
      },
    })
  })

  test('in the metrics', async () => {
    const read = async (): Promise<number> => {
      const response = await fetch(`${gateway.url}/metrics`, {
        headers: { authorization: `Bearer ${gateway.adminKey}` },
      })
      const samples = parseMetrics(await response.text())
      return sumOf(samples, 'xrouter_cache_requests_total', { result: 'hit', door: 'rest' })
    }
    const body = fresh()
    await send(body)
    const before = await read()
    await send(body)
    expect(await read()).toBe(before + 1)
  })

  test('in GraphQL', async () => {
    const input = { model: 'demo/echo', messages: [{ role: 'USER', content: 'graphql asks' }] }
    const complete = async (cache?: object): Promise<unknown> => {
      const { data } = await gateway.graphql<{ createCompletion: unknown }>(
        `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
          ... on Completion { content cache attempts { number } }
          ... on CompletionError { code path }
        } }`,
        { input: { ...input, cache } },
      )
      return data.createCompletion
    }
    const content = 'graphql asks'
    expect(await complete({ onlyIfCached: true })).toEqual({
      code: 'NOT_CACHED',
      path: 'input.cache.onlyIfCached',
    })
    expect(await complete()).toMatchObject({ content, cache: 'MISS' })
    expect(await complete()).toEqual({ content, cache: 'HIT', attempts: [] })
    expect(await complete({ noCache: true })).toMatchObject({ content, cache: 'BYPASS' })
    expect(await complete({ mode: 'OFF' })).toMatchObject({ content, cache: 'OFF' })
    expect(await complete({ maxAgeSeconds: 60 })).toMatchObject({ cache: 'HIT' })
  })
})

describe('what is invalidated', () => {
  const invalidate = (input: object, key?: string) =>
    gateway.graphql<{ invalidateCache: { removed: number } }>(
      `mutation ($input: InvalidateCacheInput!) { invalidateCache(input: $input) { removed } }`,
      { input },
      key,
    )

  test.each<[string, object, object]>([
    ['a tag', { xrouter: { tags: { topic: 'a' } } }, { tag: { topic: 'a' } }],
    ['a namespace', { xrouter: { cache: { namespace: 'gone' } } }, { namespace: 'gone' }],
    ['a model', { model: 'openai/gpt-4o' }, { model: 'openai/gpt-4o' }],
  ])('by %s is gone, and nothing else', async (_what, further, input) => {
    const [body, other] = [fresh(further), fresh()]
    await send(body)
    await send(other)
    const { data } = await invalidate(input)
    expect(data.invalidateCache.removed).toBeGreaterThan(0)
    expect((await send(body)).cache).toBe('miss')
    expect((await send(other)).cache).toBe('hit')
  })

  test('by the key that it was made for, or altogether', async () => {
    const key = await gateway.createKey()
    const [body, other] = [fresh(), fresh()]
    await send(body, { key: key.secret })
    await send(other)
    expect((await invalidate({ apiKeyId: key.id })).data).toEqual({
      invalidateCache: { removed: 1 },
    })
    expect((await send(body)).cache).toBe('miss')
    expect((await send(other)).cache).toBe('hit')
    expect((await invalidate({ all: true })).data.invalidateCache.removed).toBeGreaterThan(1)
    expect((await send(other)).cache).toBe('miss')
  })

  test('is on the audit log', async () => {
    await invalidate({ model: 'demo/never' })
    const { db } = gateway.running
    const rows = await db.select().from(auditLog).where(eq(auditLog.action, 'cache.invalidate'))
    expect(rows.map(({ detail }) => detail)).toContainEqual({ model: 'demo/never', removed: 0 })
  })

  test.each<[object, string]>([
    [{ all: false }, 'input.all'],
    [{ tag: { a: 1, b: 2 } }, 'input.tag'],
    [{ tag: 'a' }, 'input.tag'],
    [{ namespace: '' }, 'input.namespace'],
  ])('%j is refused by name', async (input, path) => {
    const { errors } = await invalidate(input)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', path })
  })

  test('needs the scope MANAGE', async () => {
    const { secret } = await gateway.createKey({ scopes: ['INFERENCE', 'READ'] })
    const { errors } = await invalidate({ all: true }, secret)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

test('embeddings are never cached, and say so', async () => {
  const response = await fetch(`${gateway.url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openai/text-embedding-3-small',
      input: 'x',
      xrouter: { cache: { mode: 'on' } },
    }),
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param: 'xrouter.cache' } })
})
