import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
let stopped: Promise<void> | undefined

beforeEach(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]\napi_key = "sk-simulated"\nbase_url = "${simulator.url}"`,
  )
  stopped = undefined
})

afterEach(async () => {
  await (stopped ?? gateway.stop())
  await simulator.close()
})

const body = JSON.stringify({
  model: 'openai/gpt-4o',
  stream: true,
  messages: [{ role: 'user', content: 'hello' }],
})

function post(path: string, payload: string): Promise<Response> {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' },
    body: payload,
  })
}

/** A stream whose provider has said one word and is silent. */
async function silentStream() {
  const upstream = simulator.controlled()
  const answer = post('/v1/chat/completions', body)
  await upstream.received
  upstream.text('Hel')
  return { upstream, response: await answer }
}

describe('a gateway that stops', () => {
  test('refuses new work with 503, is not ready, and lets running streams end', async () => {
    const { upstream, response } = await silentStream()
    stopped = gateway.running.stop(20_000)
    const refused = await post('/v1/chat/completions', body)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('connection')).toBe('close')
    expect(refused.headers.get('retry-after')).toBe('2')
    expect(await refused.json()).toMatchObject({ error: { code: 'overloaded' } })
    const mutation = `mutation { createCompletion(input: { model: "gpt-4o", messages: [{ role: USER, content: "x" }] }) {
      ... on CompletionError { code retryable } } }`
    const graphql = await post('/graphql', JSON.stringify({ query: mutation }))
    expect((await graphql.json()).data).toEqual({
      createCompletion: { code: 'OVERLOADED', retryable: true },
    })
    const ready = await fetch(`${gateway.url}/ready`)
    expect([ready.status, (await ready.json()).status]).toEqual([503, 'stopping'])
    upstream.text('lo')
    upstream.complete('stop')
    expect(await response.text()).toMatch(/"content":"lo"[^]*\[DONE\]\n\n$/)
    await stopped
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow()
  })

  test('ends streams that take too long with an error, in every door, and closes their upstreams', async () => {
    const rest = await silentStream()
    const upstream = simulator.controlled()
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${gateway.adminKey}` },
      retryAttempts: 0,
    })
    const events = client.iterate<{ completion: { __typename: string; error?: { code: string } } }>(
      {
        query: `subscription { completion(input: { model: "gpt-4o", messages: [{ role: USER, content: "x" }] }) {
        __typename ... on CompletionFailed { error { code } } } }`,
      },
    )
    const first = events.next()
    await upstream.received
    upstream.text('Hel')
    await first
    stopped = gateway.running.stop(50)
    const text = await rest.response.text()
    expect(text).toMatch(/"error":\{[^}]*"code":"interrupted"/)
    expect(text).not.toContain('[DONE]')
    const kinds: unknown[] = []
    for await (const { data } of events) kinds.push(data?.completion)
    expect(kinds.at(-1)).toEqual({ __typename: 'CompletionFailed', error: { code: 'INTERRUPTED' } })
    await Promise.all([rest.upstream.closed, upstream.closed, stopped])
    await client.dispose()
  })

  test('stops at once when nothing runs', async () => {
    stopped = gateway.running.stop(60_000)
    await expect(stopped).resolves.toBeUndefined()
  })
})
