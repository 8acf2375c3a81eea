import type OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import type { Answer } from '../support/simulators/exchange.ts'
import {
  errorFrameAfter,
  garbage,
  httpError,
  malformedFrameAfter,
  resetAfter,
  resetBeforeHead,
  stallAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { startOllamaSimulator } from '../support/simulators/ollama.ts'
import { startOpenaiSimulator } from '../support/simulators/openai.ts'
import type { Simulator } from '../support/simulators/server.ts'

let ollama: Simulator
let openai: Simulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  ollama = await startOllamaSimulator()
  openai = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.ollama]
     endpoints = ["${ollama.url}"]
     [providers.small]
     type = "ollama"
     endpoints = ["${ollama.url}"]
     options = { num_ctx = 20 }
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${openai.url}"`,
  )
  client = gateway.openai()
})

afterEach(() => {
  if (ollama.pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(async () => {
  await gateway.stop()
  await ollama.close()
  await openai.close()
})

const model = 'ollama/llama3.2'
const messages = [{ role: 'user' as const, content: 'hello there' }]
const xrouter = { fallbacks: ['openai/gpt-4o'] }
const spoken = 'You said: hello there'

describe('before the first content the fallback answers', () => {
  test.each<[string, Answer, string]>([
    ['a busy server', httpError(503), 'PROVIDER_UNAVAILABLE'],
    ['a runner without memory', httpError(500), 'PROVIDER_ERROR'],
    ['a model that was not pulled', httpError(404), 'MODEL_NOT_FOUND'],
    ['a key that is not known', httpError(401), 'PROVIDER_AUTH'],
    ['a limit', httpError(429), 'PROVIDER_RATE_LIMITED'],
    ['a reset', resetBeforeHead(), 'PROVIDER_UNAVAILABLE'],
    ['garbage', garbage(), 'PROVIDER_ERROR'],
    ['a stream without a line', truncateAfter([]), 'UPSTREAM_TRUNCATED'],
    ['a line that is an error', errorFrameAfter([]), 'PROVIDER_ERROR'],
  ])('%s', async (_name, fault, errorCode) => {
    ollama.next(fault)
    const answer = await complete(gateway, { model, messages, stream: true, xrouter })
    expect([answer.text, answer.done]).toEqual([spoken, true])
    expect(await requestOf(gateway, answer.id)).toMatchObject({
      attempts: [{ provider: 'ollama', errorCode }, { provider: 'openai' }],
    })
  })

  test.each([
    ['tools', { model: 'ollama/llava:7b', tools: [tool()] }],
    ['thinking', { reasoning_effort: 'high' }],
    ['chat', { model: 'ollama/all-minilm' }],
  ])('a model that does not support %s', async (_name, members) => {
    const body = { model, messages, ...members }
    const refused = await complete(gateway, body)
    expect([refused.status, refused.error?.code]).toEqual([400, 'unsupported_feature'])
    const fallbacks = ['openai/gpt-5']
    expect((await complete(gateway, { ...body, xrouter: { fallbacks } })).text).toBe(spoken)
  })
})

describe('after the first content the answer ends with an error', () => {
  test.each<[string, Answer, string]>([
    ['a line that is an error', errorFrameAfter(2), 'provider_error'],
    ['an end without the last line', truncateAfter(2), 'upstream_truncated'],
    ['a reset', resetAfter(2), 'upstream_truncated'],
    ['a line that is no JSON', malformedFrameAfter(2), 'provider_error'],
  ])('%s', async (_name, fault, code) => {
    ollama.next(fault)
    const answer = await complete(gateway, { model, messages, stream: true, xrouter })
    expect(answer.text).toBe('You said')
    expect([answer.error?.code, answer.done]).toEqual([code, false])
    expect(await requestOf(gateway, answer.id)).toMatchObject({
      status: 'failed',
      attempts: [{ provider: 'ollama', usage: { estimated: true } }],
    })
  })
})

test('a request that is wrong is not sent elsewhere', async () => {
  ollama.next(httpError(400))
  const answer = await complete(gateway, { model, messages, xrouter })
  expect([answer.status, answer.error?.code]).toEqual([400, 'invalid_request'])
})

test.each([false, true])('a prompt that is too long is said (stream: %s)', async (stream) => {
  const long = [{ role: 'user' as const, content: 'word '.repeat(50) }]
  const answer = await complete(gateway, { model: 'small/llama3.2', messages: long, stream })
  expect([answer.status, answer.error?.code]).toEqual([400, 'context_length_exceeded'])
})

test.each([
  ['an image by its address', { image_url: { url: 'https://example.com/a.png' } }],
  ['an image by an id', { image_url: { file_id: 'file-1' } }],
])('%s is refused without a call', async (_name, image) => {
  const before = ollama.requests.length
  const content = [{ type: 'image_url', ...image }]
  const answer = await complete(gateway, { model, messages: [{ role: 'user', content }] })
  expect([answer.status, answer.error?.code]).toEqual([400, 'unsupported_feature'])
  expect(ollama.requests.length).toBe(before)
})

test.each([
  [
    'a result without its call',
    [...messages, { role: 'tool', tool_call_id: 'x', content: '1' }],
    400,
  ],
  [
    'arguments that are no object',
    [
      ...messages,
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '[1' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ],
    400,
  ],
])('%s: a 400 that names its place, without a call', async (_name, conversation, status) => {
  const before = ollama.requests.length
  const answer = await complete(gateway, { model, messages: conversation })
  expect(answer.status).toBe(status)
  expect(answer.error?.message).toMatch(/messages\[1\]/)
  expect(ollama.requests.length).toBe(before)
})

test('a client that leaves closes the stream', async () => {
  ollama.next(stallAfter(2))
  const leaving = new AbortController()
  const stream = await client.chat.completions.create(
    { model, messages, stream: true },
    { signal: leaving.signal },
  )
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content === ' said') leaving.abort()
  }
  const upstream = ollama.requests.at(-1)
  await upstream?.closed
  expect(upstream?.aborted).toBe(true)
})

function tool(): object {
  return { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }
}
