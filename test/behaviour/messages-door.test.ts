import Anthropic from '@anthropic-ai/sdk'
import { afterAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { simulatedModels, startSimulatedProviders } from '../support/simulated-providers.ts'

const simulated = await startSimulatedProviders()
const gateway = await startGateway(simulated.toml)
const client = clientWith({ apiKey: gateway.adminKey })

afterAll(async () => {
  await gateway.stop()
  await simulated.close()
})

function clientWith(credential: { apiKey?: string; authToken?: string }): Anthropic {
  return new Anthropic({ apiKey: null, ...credential, baseURL: gateway.url, maxRetries: 0 })
}

const deployments = simulatedModels.map((model) => {
  const { provider, model: own } = gateway.running.catalogue.resolve(model)
  const support = provider.supportOf?.(own) ?? provider.support
  return { model, support, dialect: provider.chat?.dialect }
})
/** Those that have no word for a server tool of this dialect, nor one of their own for it. */
const withoutSearch = deployments.filter(
  ({ support: { native_tools: word }, dialect }) =>
    typeof word === 'string' && dialect !== 'anthropic-messages',
)

const hello: Anthropic.MessageParam[] = [{ role: 'user', content: 'hello there my friend' }]
const weather: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}
/** Of models that think the text is not the first block, and signatures may stand behind it. */
function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

const withTools = deployments.filter(({ support }) => support.tools !== 'refused')

describe.each(deployments)('the official client, answered by $model', ({ model }) => {
  test('gets a whole message', async () => {
    const { data: message, request_id: requestId } = await client.messages
      .create({ model, max_tokens: 1000, messages: hello })
      .withResponse()
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      id: expect.stringMatching(/^msg_/),
      stop_reason: 'end_turn',
      stop_sequence: null,
    })
    expect(textOf(message)).toContain('hello there my friend')
    expect(message.usage.input_tokens).toBeGreaterThan(0)
    expect(message.usage.output_tokens).toBeGreaterThan(0)
    expect(requestId).toMatch(/^req_/)
  })

  test('reads a stream as it is made', async () => {
    const stream = client.messages.stream({ model, max_tokens: 1000, messages: hello })
    const texts: string[] = []
    const kinds: string[] = []
    stream.on('text', (text) => texts.push(text))
    stream.on('streamEvent', ({ type }) => kinds.push(type))
    const message = await stream.finalMessage()
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.join('')).toContain('hello there my friend')
    expect(message).toMatchObject({ model, stop_reason: 'end_turn' })
    expect(textOf(message)).toBe(texts.join(''))
    expect(message.usage.output_tokens).toBeGreaterThan(0)
    expect(kinds[0]).toBe('message_start')
    expect(kinds.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
  })
})

describe.each(withTools)('tools, called by $model', ({ model }) => {
  test.each([true, false])('in a conversation of two turns (stream: %s)', async (streamed) => {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'please use weather' }]
    const ask = () => {
      const body = { model, max_tokens: 500, messages, tools: [weather] }
      return streamed ? client.messages.stream(body).finalMessage() : client.messages.create(body)
    }
    const first = await ask()
    expect(first.stop_reason).toBe('tool_use')
    const call = first.content.find((block) => block.type === 'tool_use')
    expect(call).toMatchObject({ name: 'weather', input: { city: 'city' } })
    messages.push({ role: 'assistant', content: first.content })
    messages.push({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'sunny' }],
    })
    const second = await ask()
    expect(second.stop_reason).toBe('end_turn')
    expect(JSON.stringify(second.content)).toContain('sunny')
  })
})

test.each(deployments.filter(({ support }) => support.tools === 'refused'))(
  'tools are refused by name for $model',
  async ({ model }) => {
    const asked = client.messages.create({
      model,
      max_tokens: 9,
      messages: hello,
      tools: [weather],
    })
    await expect(asked).rejects.toMatchObject({
      status: 400,
      error: {
        error: { type: 'invalid_request_error', message: expect.stringContaining('tools (`') },
      },
    })
  },
)

test.each(withoutSearch)('a server tool is never sent to $model', async ({ model }) => {
  const calls = simulated.calls()
  const search: Anthropic.WebSearchTool20250305 = {
    type: 'web_search_20250305',
    name: 'web_search',
  }
  const asked = client.messages.create({ model, max_tokens: 9, messages: hello, tools: [search] })
  await expect(asked).rejects.toThrow(/native_tools \(`tools\[0\]`\)/)
  expect(simulated.calls()).toBe(calls)
})

describe('counting tokens', () => {
  test.each(deployments)('of a prompt for $model', async ({ model }) => {
    const { provider } = gateway.running.catalogue.resolve(model)
    const counted = await client.messages.countTokens({ model, messages: hello })
    expect(counted.input_tokens).toBeGreaterThan(0)
    const isOwn = provider.countTokens !== undefined
    expect(counted).toEqual({
      input_tokens: expect.any(Number),
      ...(!isOwn && { estimated: true }),
    })
  })

  test('passes the same gate as a completion', async () => {
    const { secret } = await gateway.createKey({ scopes: ['READ'] })
    const { secret: other } = await gateway.createKey({ models: ['demo/*'] })
    const count = (apiKey: string) =>
      clientWith({ apiKey }).messages.countTokens({ model: 'openai/gpt-4o', messages: hello })
    await expect(count(secret)).rejects.toBeInstanceOf(Anthropic.PermissionDeniedError)
    await expect(count(other)).rejects.toThrow(/may not use the model/)
    await expect(count('xr-free-wrong')).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  })
})

describe('failures are typed', () => {
  const ask = (credential: { apiKey?: string; authToken?: string }, model = 'demo/echo') =>
    clientWith(credential).messages.create({ model, max_tokens: 9, messages: hello })

  test('a key that is none, and no key', async () => {
    await expect(ask({ apiKey: 'sk-ant-something' })).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    )
    const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST' })
    expect(response.status).toBe(401)
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
    expect(await response.json()).toEqual({
      type: 'error',
      error: {
        type: 'authentication_error',
        message: expect.stringContaining('No API key'),
        details: { error_code: 'unauthenticated' },
      },
      request_id: response.headers.get('request-id'),
    })
  })

  test('a bearer key is taken too', async () => {
    const { content } = await ask({ authToken: gateway.adminKey })
    expect(content).toHaveLength(1)
  })

  test('x-api-key is a credential of these routes alone', async () => {
    const headers = { 'x-api-key': gateway.adminKey }
    const response = await fetch(`${gateway.url}/v1/models`, { headers })
    expect(response.status).toBe(401)
  })

  test('a model that is not there', async () => {
    const asked = ask({ apiKey: gateway.adminKey }, 'openai-x/none')
    await expect(asked).rejects.toBeInstanceOf(Anthropic.NotFoundError)
    await expect(asked).rejects.toMatchObject({ error: { error: { type: 'not_found_error' } } })
  })

  test('a model that the key may not use', async () => {
    const { secret } = await gateway.createKey({ models: ['openai/*'] })
    await expect(ask({ apiKey: secret })).rejects.toBeInstanceOf(Anthropic.PermissionDeniedError)
  })

  test.each([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ thinking: { type: 'enabled', budget_tokens: 5 } }, 'thinking.budget_tokens'],
    [{ tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    [{ xrouter: { nonsense: 1 } }, 'xrouter.nonsense'],
  ])('a bad member is named: %j', async (members, path) => {
    const calls = simulated.calls()
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': gateway.adminKey, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'openai/gpt-4o', max_tokens: 9, messages: hello, ...members }),
    })
    const { error } = await response.json()
    expect([response.status, error.type, error.details.param]).toEqual([
      400,
      'invalid_request_error',
      path,
    ])
    expect(simulated.calls()).toBe(calls)
  })
})

test('what is not done as asked is told in the message', async () => {
  const body = { model: 'demo/echo', max_tokens: 9, messages: hello, top_k: 5 }
  const warnings = [expect.stringContaining('`top_k` is ignored')]
  expect(await client.messages.create(body)).toMatchObject({ xrouter: { warnings } })
  const streamed = await client.messages.stream(body).finalMessage()
  expect(streamed).toMatchObject({ xrouter: { warnings } })
})

test('the gateway’s own member names fallbacks', async () => {
  const response = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': gateway.adminKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo/echo',
      max_tokens: 50,
      messages: hello,
      tools: [weather],
      xrouter: { fallbacks: ['openai/gpt-4o'] },
    }),
  })
  expect(await response.json()).toMatchObject({ model: 'openai/gpt-4o' })
  // What cannot have tools is not even tried.
  expect(response.headers.get('x-xrouter-attempts')).toBe('1')
})
