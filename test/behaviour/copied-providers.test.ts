import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copiedProviders } from '../support/copied-providers.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import {
  errorFrameAfter,
  httpError,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { thoughts } from '../support/simulators/openai-thoughts.ts'
import type { Simulator } from '../support/simulators/server.ts'

const hello = [{ role: 'user' as const, content: 'hello there my friend' }]
const echo = 'You said: hello there my friend'
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})

describe.each(copiedProviders)('$name', ({ name, start, toml, model: own, reasoning }) => {
  const model = `${name}/${own}`
  const shown = reasoning.shown ? thoughts : undefined
  let simulator: Simulator
  let gateway: TestGateway
  let client: OpenAI

  beforeAll(async () => {
    simulator = await start()
    gateway = await startGateway(`
      [providers.${name}]
      ${toml(simulator)}
      [providers.wrong]
      ${toml(simulator, 'xai-wrong-secret-key-0001')}
      [providers.demo]
      token_delay_ms = 0`)
    client = gateway.openai()
  })

  afterAll(async () => {
    await gateway.stop()
    await simulator.close()
  })

  /** Both ways of asking, in the same form. */
  async function ask(
    body: OpenAI.ChatCompletionCreateParamsNonStreaming,
    stream: boolean,
  ): Promise<OpenAI.ChatCompletion> {
    if (!stream) return client.chat.completions.create(body)
    const asked = { ...body, stream_options: { include_usage: true }, stream: true as const }
    return client.chat.completions.stream(asked).finalChatCompletion()
  }

  function invoiced() {
    const entry = simulator.invoice.at(-1)
    if (!entry) throw new Error('nothing was billed')
    return entry
  }

  describe.each([false, true])('stream: %s', (stream) => {
    test('gets a text with the tokens that are billed', async () => {
      const { choices, usage } = await ask({ model, messages: hello }, stream)
      expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content: echo } }])
      const { promptTokens, completionTokens } = invoiced()
      expect(usage).toMatchObject({
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
        prompt_tokens_details: { cached_tokens: 3 },
      })
    })

    test('reasoning is counted inside the completion', async () => {
      const { usage } = await ask({ model: `${name}/${reasoning.model}`, messages: hello }, stream)
      const { reasoningTokens, completionTokens } = invoiced()
      expect(reasoningTokens).toBeGreaterThan(0)
      expect(usage).toMatchObject({
        completion_tokens: completionTokens,
        completion_tokens_details: { reasoning_tokens: reasoningTokens },
      })
    })

    test('thoughts are told where the provider shows them', async () => {
      const body = { model: `${name}/${reasoning.model}`, messages: hello }
      if (!stream) {
        const { choices } = await client.chat.completions.create(body)
        expect(Object(choices[0]?.message)['reasoning_content']).toBe(shown)
        return
      }
      const chunks = await Array.fromAsync(
        await client.chat.completions.create({ ...body, stream: true }),
      )
      const told = chunks.map(({ choices }) => Object(choices[0]?.delta)['reasoning_content'] ?? '')
      expect(told.join('')).toBe(shown ?? '')
    })

    test('calls tools at once, and answers them in a second turn', async () => {
      const tools = [tool('weather'), tool('population')]
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'use weather and use population' },
      ]
      const [first] = (await ask({ model, messages, tools }, stream)).choices
      expect(first?.finish_reason).toBe('tool_calls')
      const calls = first?.message.tool_calls ?? []
      expect(calls.map((call) => call.type === 'function' && call.function.name)).toEqual([
        'weather',
        'population',
      ])
      expect(
        calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments)),
      ).toEqual([{ city: 'city' }, { city: 'city' }])
      if (first) messages.push(first.message)
      for (const [index, call] of calls.entries()) {
        messages.push({ role: 'tool', tool_call_id: call.id, content: `result ${index}` })
      }
      const [second] = (await ask({ model, messages, tools }, stream)).choices
      expect(second?.message.content).toBe('The tools said: result 0; result 1')
    })

    test('an answer in a JSON schema', async () => {
      const schema = { type: 'object', properties: { city: { type: 'string' } } }
      const response_format = { type: 'json_schema' as const, json_schema: { name: 's', schema } }
      const { choices } = await ask({ model, messages: hello, response_format }, stream)
      expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ city: 'city' })
    })

    test.each([
      ['a wrong key', `wrong/${own}`, undefined, 502, 'provider_auth'],
      ['an unknown model', `${name}/nothing`, undefined, 404, 'model_not_found'],
      ['a rate limit', model, httpError(429), 503, 'provider_rate_limited'],
      ['a fault of its own', model, httpError(500), 502, 'provider_error'],
      ['out of service', model, httpError(503), 503, 'provider_unavailable'],
    ])(
      '%s fails over, and is told without a fallback',
      async (_what, asked, fault, status, code) => {
        const body = { model: asked, messages: hello, stream }
        if (fault) simulator.next(fault)
        const error = await client.chat.completions.create(body).then(
          () => Promise.reject(new Error('it was answered')),
          (failure: unknown) => failure,
        )
        expect(error).toMatchObject({ status, code })
        expect(String(error)).not.toContain('secret')
        if (fault) simulator.next(fault)
        const saved = { ...body, xrouter: { fallbacks: ['demo/echo'] } }
        const { response } = await client.chat.completions.create(saved).withResponse()
        expect(response.headers.get('x-xrouter-model')).toBe('demo/echo')
      },
    )

    test('a wrong request does not fail over', async () => {
      simulator.next(httpError(400))
      const body = { model, messages: hello, stream, xrouter: { fallbacks: ['demo/echo'] } }
      await expect(client.chat.completions.create(body)).rejects.toMatchObject({
        status: 400,
        code: 'invalid_request',
      })
    })
  })

  test.each([
    ['is cut off', truncateAfter(6), 'upstream_truncated'],
    ['is reset', resetAfter(6), 'upstream_truncated'],
    [
      'has a failure in it',
      errorFrameAfter(6, { error: { message: 'x', code: 500 } }),
      'provider_error',
    ],
  ])('a stream that %s is never a success', async (_what, fault, code) => {
    simulator.next(fault)
    const stream = await client.chat.completions.create({ model, messages: hello, stream: true })
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code })
  })

  test('a client that leaves closes the upstream’s answer', async () => {
    const upstream = simulator.controlled()
    const stream = await openStream(client, model)
    await upstream.received
    upstream.text('One')
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content === 'One') break
    }
    await upstream.closed
    expect(simulator.requests.at(-1)?.aborted).toBe(true)
  })

  test('through GraphQL, with the tokens on the ledger', async () => {
    const { data } = await gateway.graphql<{ createCompletion: { id: string } }>(
      `mutation { createCompletion(input: { model: "${model}", messages: [
        { role: USER, parts: [{ text: "hello there my friend" }] }] }) {
        ... on Completion { id content finishReason } ... on CompletionError { code message } } }`,
    )
    expect(data.createCompletion).toMatchObject({ content: echo, finishReason: 'STOP' })
    const { promptTokens } = invoiced()
    expect(await requestOf(gateway, data.createCompletion.id)).toMatchObject({
      usage: { inputTokens: promptTokens - 3, cachedInputTokens: 3 },
    })
  })
})

/** A stream that was begun; its head may wait for the first content. */
async function openStream(client: OpenAI, model: string) {
  return client.chat.completions.stream({ model, messages: hello, stream: true })
}
