import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventMessage, exceptionMessage } from '../support/bedrock-frames.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { bedrockCredentials } from '../support/simulators/bedrock-auth.ts'
import { startBedrockSimulator } from '../support/simulators/bedrock.ts'
import {
  garbage,
  httpError,
  malformedFrameAfter,
  resetAfter,
  truncateAfter,
} from '../support/simulators/faults.ts'
import { thoughts } from '../support/simulators/openai-thoughts.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: Simulator
let gateway: TestGateway
let client: OpenAI

const { apiKey, accessKeyId, secretAccessKey, sessionToken } = bedrockCredentials

function table(name: string, members: string): string {
  return `
    [providers.${name}]
    type = "bedrock"
    region = "us-east-1"
    base_url = "${simulator.url}"
    ${members}`
}

const keys = (id: string, secret: string): string =>
  `access_key_id = "${id}"\nsecret_access_key = "${secret}"`

beforeAll(async () => {
  simulator = await startBedrockSimulator({ cachedTokens: 2 })
  gateway = await startGateway(
    [
      table('bedrock', keys(accessKeyId, secretAccessKey)),
      table('session', `${keys(accessKeyId, secretAccessKey)}\nsession_token = "${sessionToken}"`),
      table('bearer', `api_key = "${apiKey}"`),
      table('wrong-key', 'api_key = "ABSKwrongsecret"'),
      table('wrong-id', keys('AKIAWRONGSECRET', secretAccessKey)),
      table('wrong-secret', keys(accessKeyId, 'wrong-secret')),
      table('stale', `${keys(accessKeyId, secretAccessKey)}\nsession_token = "stale-secret"`),
      table(
        'guarded',
        `${keys(accessKeyId, secretAccessKey)}\nguardrail = { id = "g1", version = "1" }`,
      ),
      '[providers.demo]\ntoken_delay_ms = 0',
    ].join('\n'),
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const sonnet = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const model = `bedrock/${sonnet}`
const hello = [{ role: 'user' as const, content: 'hello there, my friend' }]
const echo = 'You said: hello there, my friend'
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})
const tools = [tool('weather'), tool('population')]

function lastRequest() {
  const request = simulator.requests.findLast(({ method }) => method === 'POST')
  if (!request) throw new Error('nothing was asked')
  return request
}

/** Both ways of asking, in the same form. */
async function ask(
  body: OpenAI.ChatCompletionCreateParamsNonStreaming,
  stream: boolean,
): Promise<OpenAI.ChatCompletion> {
  if (!stream) return client.chat.completions.create(body)
  const asked = { ...body, stream_options: { include_usage: true }, stream: true as const }
  return client.chat.completions.stream(asked).finalChatCompletion()
}

describe.each([false, true])('stream: %s', (stream) => {
  test.each(['bedrock', 'session', 'bearer'])('%s: gets a text with its tokens', async (name) => {
    const { choices, usage } = await ask({ model: `${name}/${sonnet}`, messages: hello }, stream)
    expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content: echo } }])
    const entry = simulator.invoice.at(-1)
    expect(usage).toMatchObject({
      prompt_tokens: entry?.promptTokens,
      completion_tokens: entry?.completionTokens,
      prompt_tokens_details: { cached_tokens: 2 },
    })
    const step = stream ? 'converse-stream' : 'converse'
    expect(lastRequest().path).toBe(`/model/${encodeURIComponent(sonnet)}/${step}`)
  })

  test('calls tools at once, and answers them in a second turn', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'use weather and use population and use weather' },
    ]
    const [first] = (await ask({ model, messages, tools }, stream)).choices
    expect(first?.finish_reason).toBe('tool_calls')
    const calls = first?.message.tool_calls ?? []
    const made = calls.map((call) =>
      call.type === 'function' ? [call.function.name, JSON.parse(call.function.arguments)] : [],
    )
    expect(made).toEqual(
      ['weather', 'population', 'weather'].map((name) => [name, { city: 'city' }]),
    )
    if (first) messages.push(first.message)
    for (const [index, call] of [...calls.entries()].toReversed()) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: `result ${index}` })
    }
    const [second] = (await ask({ model, messages, tools }, stream)).choices
    expect(second?.message.content).toBe('The tools said: result 0; result 1; result 2')
    expect(lastRequest().body).toMatchObject({
      system: [{ text: 'be brief' }],
      messages: [
        { role: 'user' },
        { role: 'assistant', content: calls.map(({ id }) => ({ toolUse: { toolUseId: id } })) },
        { role: 'user', content: calls.map(({ id }) => ({ toolResult: { toolUseId: id } })) },
      ],
    })
  })

  test('signed thoughts come back to the model with the turn', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'please use weather' },
    ]
    const body = { model, messages, tools, reasoning_effort: 'low' as const, max_tokens: 4_000 }
    const first = await rawMessage({ ...body, stream })
    expect(first['reasoning_content']).toBe(thoughts)
    const [call] = first['tool_calls']
    messages.push(first, { role: 'tool', tool_call_id: call.id, content: 'sunny' })
    const [second] = (await ask(body, stream)).choices
    expect(second?.message.content).toBe('The tools said: sunny')
    expect(lastRequest().body).toMatchObject({
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2_048 } },
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: thoughts } } },
            { toolUse: { toolUseId: call.id } },
          ],
        },
        { role: 'user' },
      ],
    })
  })

  test('an answer in a JSON schema, and files in the prompt', async () => {
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      additionalProperties: false,
    }
    const pdf = 'data:application/pdf;base64,JVBERi0='
    const { choices } = await ask(
      {
        model,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'what is this' },
              { type: 'file', file: { filename: 'Q1: a_b.pdf', file_data: pdf } },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            ],
          },
        ],
        response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
      },
      stream,
    )
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ city: 'city' })
    expect(lastRequest().body).toMatchObject({
      messages: [
        {
          content: [
            { text: 'what is this' },
            { document: { format: 'pdf', name: 'Q1- a-b', source: { bytes: 'JVBERi0=' } } },
            { image: { format: 'png', source: { bytes: 'AAAA' } } },
          ],
        },
      ],
      outputConfig: {
        textFormat: { structure: { jsonSchema: { schema: JSON.stringify(schema) } } },
      },
    })
  })

  test('a guardrail that steps in ends the answer with its reason', async () => {
    const messages = [{ role: 'user' as const, content: 'block this' }]
    const { choices } = await ask({ model: `guarded/${sonnet}`, messages }, stream)
    expect(choices[0]?.finish_reason).toBe('content_filter')
    expect(lastRequest().body).toMatchObject({
      guardrailConfig: { guardrailIdentifier: 'g1', guardrailVersion: '1', trace: 'enabled' },
    })
  })

  test.each([
    ['a wrong key of Bedrock', `wrong-key/${sonnet}`, undefined, 502, 'provider_auth'],
    ['an unknown key of AWS', `wrong-id/${sonnet}`, undefined, 502, 'provider_auth'],
    ['a wrong secret', `wrong-secret/${sonnet}`, undefined, 502, 'provider_auth'],
    ['a session that is over', `stale/${sonnet}`, undefined, 502, 'provider_auth'],
    ['an unknown model', 'bedrock/nobody.nothing-v1:0', undefined, 404, 'model_not_found'],
    ['no permission', model, httpError(403), 502, 'provider_auth'],
    ['throttling', model, httpError(429), 503, 'provider_rate_limited'],
    ['a model that failed', model, httpError(424), 502, 'provider_error'],
    ['a model that is slow', model, httpError(408), 504, 'provider_timeout'],
    ['out of service', model, httpError(503), 503, 'provider_unavailable'],
    ['no answer at all', model, garbage(), 502, 'provider_error'],
  ])('%s fails over, and is told without a fallback', async (_what, named, fault, status, code) => {
    const body = { model: named, messages: hello, stream }
    if (fault) simulator.next(fault)
    const error: unknown = await readAll(body).then(
      () => undefined,
      (failure: unknown) => failure,
    )
    expect(error).toMatchObject({ status, code })
    expect(String(error) + gateway.logs()).not.toMatch(/wrongsecret|WRONGSECRET|stale-secret/)
    if (fault) simulator.next(fault)
    const saved = { ...body, xrouter: { fallbacks: ['demo/echo'] } }
    const { response } = await client.chat.completions.create(saved).withResponse()
    expect(response.headers.get('x-xrouter-model')).toBe('demo/echo')
  })

  test.each([
    ['a prompt that is too long', 'word '.repeat(21_000), undefined, 'context_length_exceeded'],
    ['a member that is wrong', 'hello', httpError(400), 'invalid_request'],
  ])('%s does not fail over', async (_what, content, fault, code) => {
    if (fault) simulator.next(fault)
    const messages = [{ role: 'user' as const, content }]
    const body = { model, messages, stream, xrouter: { fallbacks: ['demo/echo'] } }
    await expect(client.chat.completions.create(body)).rejects.toMatchObject({ status: 400, code })
  })
})

describe('amid a stream', () => {
  test.each([
    ['throttlingException', 'provider_rate_limited'],
    ['modelStreamErrorException', 'provider_error'],
    ['internalServerException', 'provider_error'],
    ['serviceUnavailableException', 'provider_unavailable'],
    ['validationException', 'invalid_request'],
    ['somethingNewException', 'provider_error'],
  ])('a %s is a failure', async (type, code) => {
    simulator.next((exchange) => {
      exchange.begin(4)
      exchange.write(exceptionMessage(type, { message: 'no' }).toString('latin1'))
      exchange.end()
    })
    await expect(readAll({ model, messages: hello, stream: true })).rejects.toMatchObject({ code })
  })

  test('a message whose checksum is wrong is a failure', async () => {
    const message = eventMessage('contentBlockDelta', {
      contentBlockIndex: 0,
      delta: { text: 'x' },
    })
    message[message.length - 6] = 0
    simulator.next((exchange) => {
      exchange.begin(4)
      exchange.write(message.toString('latin1'))
      exchange.end()
    })
    await expect(readAll({ model, messages: hello, stream: true })).rejects.toMatchObject({
      code: 'provider_error',
    })
  })

  test.each([
    ['an end before its last event', truncateAfter(4), 'upstream_truncated'],
    ['a broken connection', resetAfter(4), 'upstream_truncated'],
    ['bytes that are no message', malformedFrameAfter(4), 'provider_error'],
  ])('%s', async (_what, fault, code) => {
    simulator.next(fault)
    await expect(readAll({ model, messages: hello, stream: true })).rejects.toMatchObject({ code })
  })

  test('a stop without the usage after it is an answer cut short', async () => {
    const upstream = simulator.controlled()
    const reply = readAll({ model, messages: hello, stream: true })
    await upstream.received
    upstream.text('One')
    upstream.finish('stop')
    upstream.end()
    await expect(reply).rejects.toMatchObject({ code: 'upstream_truncated' })
  })

  test('a client that leaves closes the answer of the provider', async () => {
    const upstream = simulator.controlled()
    const stream = client.chat.completions.stream({ model, messages: hello, stream: true })
    await upstream.received
    upstream.text('One')
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'One') break
    await upstream.closed
    expect(lastRequest().aborted).toBe(true)
  })
})

test('through GraphQL, with the cache beside the input on the ledger', async () => {
  const { data } = await gateway.graphql<{ createCompletion: { id: string } }>(
    `mutation { createCompletion(input: { model: "${model}", messages: [
      { role: USER, parts: [{ text: "hello there, my friend" }] }] }) {
      ... on Completion { id content finishReason } ... on CompletionError { code message } } }`,
  )
  expect(data.createCompletion).toMatchObject({ content: echo, finishReason: 'STOP' })
  const { promptTokens = 0, completionTokens = 0 } = simulator.invoice.at(-1) ?? {}
  expect(await requestOf(gateway, data.createCompletion.id)).toMatchObject({
    usage: {
      inputTokens: promptTokens - 2,
      cachedInputTokens: 2,
      outputTokens: completionTokens,
      totalTokens: promptTokens + completionTokens,
    },
  })
})

test('models on demand and profiles of the region are listed', () => {
  const ids = gateway.running.catalogue.models.map(({ id }) => id)
  expect(ids).toContain(`bearer/${sonnet}`)
  expect(ids).toContain('bearer/anthropic.claude-3-haiku-20240307-v1:0')
  expect(ids).not.toContain('bearer/anthropic.claude-sonnet-4-5-20250929-v1:0')
})

/** The message of an answer with the members that the client does not know. */
async function rawMessage(body: object & { stream: boolean }) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!body.stream) return JSON.parse(text).choices[0].message
  const message: Record<string, unknown> & { tool_calls: Record<string, unknown>[] } = {
    role: 'assistant',
    content: null,
    tool_calls: [],
    reasoning_content: '',
  }
  for (const [, json = ''] of text.matchAll(/^data: (\{.*\})$/gm)) {
    const { delta = {} } = JSON.parse(json).choices[0] ?? {}
    message['reasoning_content'] += delta.reasoning_content ?? ''
    if (delta.xrouter) message['xrouter'] = delta.xrouter
    for (const { index, ...call } of delta.tool_calls ?? []) {
      const known = message.tool_calls[index]
      if (!known) message.tool_calls[index] = call
      else Object(known)['function'].arguments += call.function.arguments
    }
  }
  return message as never
}

/** Reads an answer to its end, whatever its form. */
async function readAll(body: OpenAI.ChatCompletionCreateParams): Promise<unknown> {
  const answer = await client.chat.completions.create(body)
  return 'choices' in answer ? answer : Array.fromAsync(answer)
}
