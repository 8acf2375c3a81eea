import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [providers.demo]
     token_delay_ms = 0
     [aliases]
     fast = "openai/gpt-4o-mini"`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const hello = [{ role: 'user' as const, content: 'hello there' }]
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'number' } },
      required: ['city'],
    },
  },
}
const clock = {
  type: 'function' as const,
  function: { name: 'clock', parameters: { type: 'object' } },
}

describe('the official OpenAI client, unchanged', () => {
  test('creates a completion', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'openai/gpt-4o-mini', messages: hello })
      .withResponse()
    expect(data).toMatchObject({
      object: 'chat.completion',
      model: 'openai/gpt-4o-mini',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'You said: hello there', refusal: null },
        },
      ],
    })
    const invoice = simulator.invoice.at(-1)
    expect(data.usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
      total_tokens: (invoice?.promptTokens ?? 0) + (invoice?.completionTokens ?? 0),
    })
    expect(data.id).toBe(response.headers.get('x-request-id'))
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-xrouter-provider': 'openai',
      'x-xrouter-model': 'openai/gpt-4o-mini',
      'x-xrouter-attempts': '1',
      'x-xrouter-cache': 'off',
    })
    expect(simulator.requests.at(-1)?.headers['authorization']).toBe('Bearer sk-simulated')
    expect(simulator.requests.at(-1)?.body).not.toHaveProperty('stream')
  })

  test('streams a completion with usage', async () => {
    const stream = client.chat.completions.stream({
      model: 'openai/gpt-4o-mini',
      messages: hello,
      stream_options: { include_usage: true },
    })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe('You said: hello there')
    expect(deltas.length).toBeGreaterThan(2)
    expect(final.usage).toMatchObject({ prompt_tokens: simulator.invoice.at(-1)?.promptTokens })
  })

  test('streams without a usage chunk when none was asked for, though the gateway asks for its own', async () => {
    const stream = await client.chat.completions.create({
      model: 'openai/gpt-4o-mini',
      messages: hello,
      stream: true,
    })
    for await (const chunk of stream) {
      expect(chunk).not.toHaveProperty('usage')
      expect(chunk.choices).toHaveLength(1)
      expect(chunk).not.toHaveProperty('obfuscation')
    }
    expect(simulator.requests.at(-1)?.body).toMatchObject({
      stream_options: { include_usage: true },
    })
  })

  test.each([false, true])(
    'calls tools, in a conversation of two turns (stream: %s)',
    async (stream) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'user', content: 'please use weather and use clock' },
      ]
      const body = { model: 'openai/gpt-4o', messages, tools: [weather, clock] }
      const first = stream
        ? await client.chat.completions.stream(body).finalChatCompletion()
        : await client.chat.completions.create(body)
      const message = first.choices[0]?.message
      expect(first.choices[0]?.finish_reason).toBe('tool_calls')
      const calls = message?.tool_calls ?? []
      expect(calls.map((call) => call.type === 'function' && call.function.name)).toEqual([
        'weather',
        'clock',
      ])
      expect(
        calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments)),
      ).toEqual([{ city: 'city', days: 1 }, {}])
      if (message) messages.push(message)
      for (const call of calls) {
        messages.push({ role: 'tool', tool_call_id: call.id, content: `result of ${call.id}` })
      }
      const second = await client.chat.completions.create(body)
      expect(second.choices[0]?.message.content).toBe(
        `The tools said: ${calls.map((call) => `result of ${call.id}`).join('; ')}`,
      )
    },
  )

  test('several choices, log probabilities, a JSON schema and unknown members reach the provider and come back', async () => {
    const two = await client.chat.completions.create({
      model: 'openai/gpt-4o',
      messages: hello,
      n: 2,
      logprobs: true,
      top_logprobs: 2,
      prompt_cache_key: 'k',
      metadata: { a: 'b' },
    })
    expect(two.choices.map((choice) => choice.message.content)).toEqual([
      'You said: hello there',
      'You said: hello there (choice 1)',
    ])
    expect(two.choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2)
    expect(simulator.requests.at(-1)?.body).toMatchObject({
      prompt_cache_key: 'k',
      metadata: { a: 'b' },
      model: 'gpt-4o',
    })

    const json = await client.chat.completions.create({
      model: 'openai/gpt-4o',
      messages: hello,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'answer',
          schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      },
    })
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toHaveProperty('city')
  })

  test.each([false, true])('a refusal stays a refusal (stream: %s)', async (stream) => {
    const body = {
      model: 'openai/gpt-4o',
      messages: [{ role: 'user' as const, content: 'refuse this' }],
    }
    const answer = stream
      ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.create(body)
    expect(answer.choices[0]?.message.refusal).toBeTruthy()
    expect(answer.choices[0]?.message.content).toBeNull()
  })

  test('lists and retrieves models', async () => {
    const ids = (await Array.fromAsync(await client.models.list())).map((model) => model.id)
    expect(ids).toContain('openai/gpt-4o-mini')
    expect(ids).toContain('demo/echo')
    for (const name of ['openai/gpt-4o-mini', 'gpt-4o-mini', 'fast']) {
      expect(await client.models.retrieve(name)).toMatchObject({
        id: 'openai/gpt-4o-mini',
        object: 'model',
        owned_by: 'openai',
        context_length: 128_000,
        prices: expect.arrayContaining([
          {
            token_class: 'input',
            currency: 'USD',
            per_million: '0.15',
            source: expect.stringContaining('2026-08-01'),
          },
        ]),
      })
    }
    const raw = await fetch(`${gateway.url}/v1/models/openai/gpt-4o-mini`, {
      headers: { authorization: `Bearer ${gateway.adminKey}` },
    })
    expect(await raw.json()).toMatchObject({ id: 'openai/gpt-4o-mini' })
    await expect(client.models.retrieve('openai/none')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  test.each([
    ['an alias', 'fast'],
    ['a bare name', 'gpt-4o-mini'],
    ['a model that the catalogue does not list', 'openai/gpt-4o-mini-2024-07-18'],
  ])('%s names a model', async (_what, model) => {
    const answer = await client.chat.completions.create({ model, messages: hello })
    expect(answer.choices[0]?.message.content).toBe('You said: hello there')
  })
})

describe('errors as the SDK expects them', () => {
  test('no key and a bad key', async () => {
    const bad = gateway.openai('xr-free-nonsense')
    await expect(
      bad.chat.completions.create({ model: 'demo/echo', messages: hello }),
    ).rejects.toMatchObject({
      constructor: OpenAI.AuthenticationError,
      status: 401,
      code: 'invalid_api_key',
    })
    const none = await fetch(`${gateway.url}/v1/models`)
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await none.json()).toMatchObject({ error: { code: 'unauthenticated' } })
  })

  test('an unknown model is 404 model_not_found, from us and from the provider', async () => {
    for (const model of ['nothing', 'openai/no-such-model']) {
      await expect(
        client.chat.completions.create({ model, messages: hello }),
      ).rejects.toMatchObject({
        constructor: OpenAI.NotFoundError,
        code: 'model_not_found',
      })
    }
  })

  test('a wrong member is a 400 that names it, and no provider is called', async () => {
    const before = simulator.requests.length
    const bodies: [object, string][] = [
      [{ model: 'openai/gpt-4o', messages: [] }, 'messages'],
      [
        { model: 'openai/gpt-4o', messages: [{ role: 'wizard', content: 'x' }] },
        'messages[0].role',
      ],
      [
        { model: 'openai/gpt-4o', messages: [{ role: 'user', content: [{ type: 'smell' }] }] },
        'messages[0].content[0].type',
      ],
      [{ model: 'openai/gpt-4o', messages: hello, temperature: 'hot' }, 'temperature'],
      [{ model: 'openai/gpt-4o', messages: hello, xrouter: { fallback: [] } }, 'xrouter.fallback'],
      [
        { model: 'openai/gpt-4o', messages: hello, xrouter: { fallbacks: [1] } },
        'xrouter.fallbacks[0]',
      ],
      [{ model: 'openai/gpt-4o', messages: hello, xrouter: { tags: { a: {} } } }, 'xrouter.tags.a'],
      [
        { model: 'openai/gpt-4o', messages: hello, xrouter: { deny_providers: ['opanai'] } },
        'deny_providers[0]',
      ],
      [{ messages: hello }, 'model'],
    ]
    for (const [body, param] of bodies) {
      const response = await post(JSON.stringify(body))
      expect([param, response.status]).toEqual([param, 400])
      expect(await response.json()).toMatchObject({
        error: { type: 'invalid_request_error', param, message: expect.stringMatching(/.{10,}/) },
      })
    }
    expect(simulator.requests.length).toBe(before)
  })

  test('what the provider says of a bad request reaches the client, with the member’s name', async () => {
    await expect(
      client.chat.completions.create({
        model: 'openai/gpt-4o',
        messages: hello,
        tool_choice: 'auto',
      }),
    ).rejects.toMatchObject({ constructor: OpenAI.BadRequestError, param: 'tool_choice' })
  })

  test('no JSON, another media type, a body over the limit, an unknown route', async () => {
    expect((await post('{"model":')).status).toBe(400)
    expect(
      (await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    ).toBe(400)
    const large = await post(JSON.stringify({ pad: 'x'.repeat(49 * 1024 * 1024) })).catch(
      () => undefined,
    )
    if (large)
      expect([large.status, (await large.json()).error.code]).toEqual([413, 'request_too_large'])
    const lost = await fetch(`${gateway.url}/v1/nothing`, {
      headers: { authorization: `Bearer ${gateway.adminKey}` },
    })
    expect([lost.status, (await lost.json()).error.code]).toEqual([404, 'not_found'])
  })

  test('every answer carries a request id of its own, whatever the client sends', async () => {
    const response = await fetch(`${gateway.url}/v1/models`, {
      headers: { 'x-request-id': 'mine' },
    })
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
  })
})

function post(body: string, headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.adminKey}`,
      ...headers,
    },
    body,
  })
}

describe('the demo', () => {
  test('answers with the last user message, verbatim, one word per delta', async () => {
    const text = '  Two  spaces,\nand a line. '
    const stream = await client.chat.completions.create({
      model: 'demo/echo',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'first' },
        { role: 'assistant', content: 'first' },
        { role: 'user', content: text },
      ],
    })
    const deltas: string[] = []
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta.content
      if (delta) deltas.push(delta)
      usage = chunk.usage ?? usage
    }
    expect(deltas.join('')).toBe(text)
    expect(deltas).toHaveLength(5)
    expect(usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 })
  })

  test('stops at max_tokens with the finish reason length', async () => {
    const answer = await client.chat.completions.create({
      model: 'demo/echo',
      max_tokens: 2,
      messages: [{ role: 'user', content: 'one two three' }],
    })
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: 'one two' },
    })
  })

  test('says what it ignores, and refuses what it cannot repeat', async () => {
    const response = await post(
      JSON.stringify({ model: 'demo/echo', messages: hello, temperature: 1, metadata: { a: 'b' } }),
    )
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'hello there' } }],
      xrouter: {
        warnings: [
          '`temperature` is ignored: `demo/echo` has no such setting.',
          '`metadata` is ignored: `demo/echo` has no such setting.',
        ],
      },
    })
    await expect(
      client.chat.completions.create({
        model: 'demo/echo',
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
          },
        ],
      }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_feature',
      param: 'messages[0].content[0]',
    })
  })
})
