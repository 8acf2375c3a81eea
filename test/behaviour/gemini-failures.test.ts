import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import {
  afterFrames,
  errorFrameAfter,
  httpError,
  malformedFrameAfter,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { errorFor, quotaExceeded } from '../support/simulators/gemini-error.ts'
import { geminiModels } from '../support/simulators/gemini-models.ts'
import { geminiKey, startGeminiSimulator } from '../support/simulators/gemini.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: Simulator
let gateway: TestGateway

beforeAll(async () => {
  const narrow = geminiModels.map((each) =>
    each.id === 'gemini-2.5-pro' ? { ...each, inputTokenLimit: 20 } : each,
  )
  simulator = await startGeminiSimulator({ models: narrow })
  gateway = await startGateway(
    `[providers.gemini]
     api_key = "${geminiKey}"
     base_url = "${simulator.url}"
     [providers.wrong]
     type = "gemini"
     api_key = "AIzaWrongSecret"
     base_url = "${simulator.url}"
     [providers.demo]
     token_delay_ms = 0`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const model = 'gemini/gemini-2.5-flash'
const spoken = 'You said: hello there, how are you'
const said = (content: string) => ({ model, messages: [{ role: 'user', content }] })
const hello = said('hello there, how are you')
const backup = { xrouter: { fallbacks: ['demo/echo'] } }

describe.each([false, true])('before anything was said (stream: %s)', (stream) => {
  test.each([
    ['a wrong key', { ...hello, model: 'wrong/gemini-2.5-flash' }, undefined, 'provider_auth'],
    ['an unknown model', { ...hello, model: 'gemini/gemini-0' }, undefined, 'model_not_found'],
    ['no permission', hello, httpError(403), 'provider_auth'],
    ['a used-up quota', hello, httpError(429), 'provider_rate_limited'],
    ['a failure of its own', hello, httpError(500), 'provider_error'],
    ['too much to do', hello, httpError(503), 'provider_unavailable'],
    ['too little time', hello, httpError(504), 'provider_timeout'],
    ['a call that the model cannot write', said('malformed call'), undefined, 'provider_error'],
  ])('%s goes on to the fallback', async (_name, body, answer, code) => {
    if (answer) simulator.next(answer)
    const alone = await complete(gateway, { ...body, stream })
    expect(alone.error?.code).toBe(code)
    expect(alone.error?.message).not.toMatch(/AIza/)
    if (answer) simulator.next(answer)
    const saved = await complete(gateway, { ...body, ...backup, stream })
    expect([saved.status, saved.headers.get('x-xrouter-attempts')]).toEqual([200, '2'])
    expect(gateway.logs()).not.toContain('AIzaWrongSecret')
  })

  test.each([
    [
      'a prompt that is too long',
      {
        ...hello,
        model: 'gemini/gemini-2.5-pro',
        messages: [{ role: 'user', content: 'word '.repeat(30) }],
      },
      undefined,
      'context_length_exceeded',
    ],
    ['a prompt that the filter stops', said('block this'), undefined, 'content_filtered'],
    ['a member that is wrong', hello, httpError(400), 'invalid_request'],
    [
      'more stop sequences than five',
      { ...hello, stop: ['a', 'b', 'c', 'd', 'e', 'f'] },
      undefined,
      'invalid_request',
    ],
  ])('%s does not', async (_name, body, answer, code) => {
    if (answer) simulator.next(answer)
    const reply = await complete(gateway, { ...body, ...backup, stream })
    expect([reply.status, reply.error?.code]).toEqual([400, code])
    expect(reply.headers.get('x-xrouter-attempts')).toBe('1')
  })

  test('the time to wait is read from the body', async () => {
    simulator.next(httpError(429, quotaExceeded(34.4).body()))
    const reply = await complete(gateway, { ...hello, stream })
    expect(reply.headers.get('retry-after')).toBe('35')
  })
})

describe('amid a stream', () => {
  test.each([
    [
      'a frame that tells of a failure',
      errorFrameAfter(2, errorFor(503).body()),
      'provider_unavailable',
    ],
    ['a failure in a list', errorFrameAfter(2, [errorFor(503).body()]), 'provider_unavailable'],
    [
      'a failure that stands in no frame',
      afterFrames(2, (exchange) => {
        exchange.write(JSON.stringify(errorFor(503).body(), null, 2))
        exchange.end()
      }),
      'provider_unavailable',
    ],
    ['an end without a finish reason', truncateAfter(2), 'upstream_truncated'],
    ['a frame that is no JSON', malformedFrameAfter(2), 'provider_error'],
    ['a broken connection', resetAfter(2), 'upstream_truncated'],
  ])('%s', async (_name, answer, code) => {
    simulator.next(answer)
    const reply = await complete(gateway, { ...hello, stream: true })
    expect(reply).toMatchObject({ error: { code }, done: false })
    expect(spoken.startsWith(reply.text) && reply.text !== '').toBe(true)
  })

  test('a failure in a line of its own is one too', async () => {
    const upstream = simulator.controlled()
    const reply = complete(gateway, { ...hello, stream: true })
    await upstream.received
    upstream.text('One')
    upstream.write(`${JSON.stringify(errorFor(503).body())}\r\n`)
    upstream.end()
    expect(await reply).toMatchObject({ text: 'One', error: { code: 'provider_unavailable' } })
  })

  test('what comes after the finish reason is read to the end', async () => {
    const upstream = simulator.controlled()
    const reply = complete(gateway, { ...hello, stream: true })
    await upstream.received
    upstream.text('One')
    upstream.finish('stop')
    upstream.frame({
      usageMetadata: { promptTokenCount: 646, candidatesTokenCount: 1, totalTokenCount: 647 },
    })
    upstream.end()
    const { id, text, done } = await reply
    expect([text, done]).toEqual(['One', true])
    expect(await requestOf(gateway, id)).toMatchObject({
      usage: { inputTokens: 646, outputTokens: 1, totalTokens: 647 },
    })
  })
})

describe('a conversation that cannot be told is refused before the provider is asked', () => {
  const call = (written: string) => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: written } }],
  })
  const user = { role: 'user', content: 'hi' }

  test.each([
    [
      'a result without its call',
      [user, { role: 'tool', tool_call_id: 'call_9', content: '1' }],
      'messages[1].tool_call_id',
      'invalid_request',
    ],
    [
      'arguments that are no object',
      [user, call('[1'), { role: 'tool', tool_call_id: 'call_1', content: '1' }],
      'messages[1].tool_calls[0].function.arguments',
      'invalid_request', // the door knows it before any provider is looked at
    ],
    [
      'data that is none',
      [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:nothing' } }] }],
      'messages[0].content[0].image_url.url',
      'invalid_request',
    ],
    [
      'instructions alone',
      [{ role: 'system', content: 'be brief' }],
      'messages',
      'unsupported_feature',
    ],
    [
      'a picture in the result of a tool, for an older model',
      [
        user,
        call('{}'),
        {
          role: 'tool',
          tool_call_id: 'call_1',
          content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
        },
      ],
      'messages[2].content',
      'unsupported_feature',
    ],
  ])('%s', async (_name, messages, path, code) => {
    const asked = simulator.requests.length
    const reply = await complete(gateway, { model, messages })
    expect([reply.status, reply.error?.code]).toEqual([400, code])
    expect(reply.error?.message).toContain(`'${path}'`)
    expect(simulator.requests.length).toBe(asked)
  })

  test('JSON mode beside tools, where the model has not both', async () => {
    const reply = await complete(gateway, {
      ...hello,
      tools: [{ type: 'function', function: { name: 'f' } }],
      response_format: { type: 'json_object' },
    })
    expect([reply.status, reply.error?.code]).toEqual([400, 'unsupported_feature'])
  })
})
