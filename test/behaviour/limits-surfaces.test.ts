import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitRate } from '../support/limit-rows.ts'

let gateway: TestGateway
let key: string

beforeAll(async () => {
  gateway = await startGateway('[providers.demo]\ntoken_delay_ms = 0')
  const { id, secret } = await gateway.createKey({ scopes: ['ADMIN', 'INFERENCE'] })
  key = secret
  await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 1 })
  const model = 'demo/echo'
  await gateway
    .openai(key)
    .chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }] })
})

afterAll(() => gateway.stop())

const messages = [{ role: 'user', content: 'hi' }]
const model = 'demo/echo'

/** Routes that call none. */
const local = new Set(['/v1/route/explain'])

/** Every route that calls a provider, with what it takes. */
const bodies: Record<string, object> = {
  '/v1/chat/completions': { model, messages },
  '/v1/completions': { model, prompt: 'hi' },
  '/v1/responses': { model, input: 'hi' },
  '/v1/messages': { model, messages, max_tokens: 5 },
  '/v1/messages/count_tokens': { model, messages },
  '/v1/embeddings': { model, input: 'hi' },
}

test('every REST route that calls a provider is refused when the limit is used up', async () => {
  const posts = gateway.running.routes
    .filter(({ method }) => [method].flat().includes('POST'))
    .map(({ url }) => url)
    .filter((url) => url.startsWith('/v1/') && !local.has(url))
  expect([...new Set(posts)].toSorted()).toEqual(Object.keys(bodies).toSorted())
  for (const [url, body] of Object.entries(bodies)) {
    for (const stream of url.endsWith('s') && !url.includes('embeddings')
      ? [false, true]
      : [false]) {
      const answer = await fetch(gateway.url + url, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(url.includes('count') ? body : { ...body, ...(stream && { stream }) }),
      })
      await answer.text()
      expect([url, stream, answer.status]).toEqual([url, stream, 429])
    }
  }
})

const input = '{ model: "demo/echo", messages: [{ role: USER, content: "hi" }] }'

/** Every field of a root that calls a provider. */
const operations: Record<string, string> = {
  createCompletion: `mutation { createCompletion(input: ${input}) { ... on Error { code } } }`,
  createEmbedding:
    'mutation { createEmbedding(input: { model: "demo/echo", input: ["hi"] }) { ... on Error { code } } }',
  completion: `subscription { completion(input: ${input}) { ... on CompletionFailed { error { code } } } }`,
}

test('every root of the schema that calls a provider is refused when the limit is used up', async () => {
  const roots = [schema.getMutationType(), schema.getSubscriptionType()]
  const calling = roots
    .flatMap((root) => Object.values(root?.getFields() ?? {}))
    .filter(({ args }) =>
      args.some(({ type }) => /^(Completion|Embedding)Input!$/.test(String(type))),
    )
    .map(({ name }) => name)
  expect(calling.toSorted()).toEqual(Object.keys(operations).toSorted())
  for (const [name, query] of Object.entries(operations)) {
    const accept = name === 'completion' ? 'text/event-stream' : 'application/json'
    const answer = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    })
    expect([name, await answer.text()]).toEqual([
      name,
      expect.stringContaining('"code":"RATE_LIMIT_EXCEEDED"'),
    ])
  }
})
