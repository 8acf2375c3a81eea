import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { startOllamaSimulator } from '../support/simulators/ollama.ts'
import { vectorOf } from '../support/simulators/openai-embedding.ts'
import type { Simulator } from '../support/simulators/server.ts'

let current: Simulator
let old: Simulator
let cloud: Simulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  current = await startOllamaSimulator()
  old = await startOllamaSimulator({ old: true })
  cloud = await startOllamaSimulator({ apiKey: 'cloud-key' })
  gateway = await startGateway(
    `[providers.ollama]
     endpoints = ["${current.url}"]
     keep_alive = "10m"
     options = { num_ctx = 8192, top_k = 7 }
     [providers.old]
     type = "ollama"
     endpoints = ["${old.url}/"]
     [providers.cloud]
     type = "ollama"
     endpoints = ["${cloud.url}"]
     api_key = "cloud-key"
     [providers.stranger]
     type = "ollama"
     endpoints = ["${cloud.url}"]`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  for (const simulator of [current, old, cloud]) await simulator.close()
})

const thinker = 'ollama/qwen3:0.6b'
const hello = [{ role: 'user' as const, content: 'hello there, how are you' }]
const spoken = 'You said: hello there, how are you'
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})
const tools = [tool('weather'), tool('population')]
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function lastBody(simulator = current): unknown {
  return simulator.requests.findLast(({ path }) => /chat|embed/.test(path))?.body
}

/** Both ways of asking, in the same form. */
async function ask(
  body: OpenAI.ChatCompletionCreateParamsNonStreaming,
  { stream }: { stream: boolean },
): Promise<OpenAI.ChatCompletion> {
  if (!stream) return client.chat.completions.create(body)
  const asked = { ...body, stream: true as const, stream_options: { include_usage: true } }
  let thoughts = ''
  const answer = client.chat.completions.stream(asked)
  answer.on('chunk', ({ choices: [choice] }) => {
    thoughts += Object(choice?.delta).reasoning_content ?? ''
  })
  const whole = await answer.finalChatCompletion()
  // The SDK joins only what it knows.
  if (thoughts !== '')
    Object.assign(Object(whole.choices[0]?.message), { reasoning_content: thoughts })
  return whole
}

describe.each([false, true])('the official OpenAI client (stream: %s)', (stream) => {
  test.each(['ollama/llama3.2', 'old/llama3.2:latest', 'cloud/llama3.2', thinker])(
    '%s: gets a text with the tokens that are billed',
    async (model) => {
      const { choices, usage } = await ask({ model, messages: hello }, { stream })
      expect(choices).toMatchObject([
        { finish_reason: 'stop', message: { role: 'assistant', content: spoken } },
      ])
      const provider = model.split('/')[0] ?? ''
      const billed = { ollama: current, old, cloud }[provider]?.invoice.at(-1)
      expect(usage).toMatchObject({ completion_tokens: billed?.completionTokens })
      if (provider === 'old' && stream) return // the second time the prompt is cached
      expect(usage?.prompt_tokens).toBe(billed?.promptTokens)
    },
  )

  test('sends what there are words for, beside what is configured', async () => {
    const body = {
      model: 'ollama/llama3.2',
      messages: [{ role: 'developer' as const, content: 'be brief' }, ...hello],
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 100,
      seed: 3,
      stop: ['END'],
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
    }
    await ask(body, { stream })
    expect(lastBody()).toEqual({
      model: 'llama3.2',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: hello[0]?.content },
      ],
      stream,
      truncate: false,
      keep_alive: '10m',
      options: {
        num_ctx: 8_192,
        top_k: 7,
        temperature: 0.5,
        top_p: 0.9,
        num_predict: 100,
        seed: 3,
        stop: ['END'],
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
      },
    })
  })

  test('gets a text that was cut at its limit', async () => {
    const body = { model: 'ollama/llama3.2', messages: hello, max_tokens: 2 }
    const { choices } = await ask(body, { stream })
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said' } })
  })

  test.each([
    ['low', 'low'],
    ['minimal', 'low'],
    ['none', false],
    ['xhigh', 'max'],
  ] as const)('thinks as asked: %s', async (effort, think) => {
    const body = { model: thinker, messages: hello, reasoning_effort: effort }
    const { choices } = await ask(body, { stream })
    const thought = effort === 'none' ? undefined : 'Let me think about it.'
    expect(Object(choices[0]?.message).reasoning_content).toBe(thought)
    expect(choices[0]?.message.content).toBe(spoken)
    expect(lastBody()).toMatchObject({ think })
  })

  test.each(['ollama', 'old'])(
    '%s: calls tools at once, and answers them in a second turn',
    async (provider) => {
      const model = `${provider}/llama3.2`
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'user', content: 'use weather and use population and use weather' },
      ]
      const [first] = (await ask({ model, messages, tools }, { stream })).choices
      expect(first?.finish_reason).toBe('tool_calls')
      const calls = first?.message.tool_calls ?? []
      expect(calls.map((call) => call.type === 'function' && call.function)).toMatchObject([
        { name: 'weather', arguments: '{"city":"city"}' },
        { name: 'population', arguments: '{"city":"city"}' },
        { name: 'weather', arguments: '{"city":"city"}' },
      ])
      expect(new Set(calls.map(({ id }) => id)).size).toBe(3)
      if (first) messages.push(first.message)
      // Answered from the last to the first: each result must still reach its own call.
      for (const [index, call] of [...calls.entries()].toReversed()) {
        messages.push({ role: 'tool', tool_call_id: call.id, content: `result ${index}` })
      }
      const [second] = (await ask({ model, messages, tools }, { stream })).choices
      expect(second?.message.content).toBe('The tools said: result 0; result 1; result 2')
      const { messages: sent } = Object(lastBody(provider === 'old' ? old : current))
      const names = ['weather', 'population', 'weather']
      expect(sent.slice(1)).toEqual([
        {
          role: 'assistant',
          content: '',
          tool_calls: names.map((name, index) => ({
            id: calls[index]?.id,
            function: { index, name, arguments: { city: 'city' } },
          })),
        },
        ...names.map((name, index) => ({
          role: 'tool',
          content: `result ${index}`,
          tool_name: name,
          tool_call_id: calls[index]?.id,
        })),
      ])
    },
  )

  test('calls nothing where it may not', async () => {
    const messages = [{ role: 'user' as const, content: 'use weather' }]
    const body = { model: 'ollama/llama3.2', messages, tools, tool_choice: 'none' as const }
    const { choices } = await ask(body, { stream })
    expect(choices[0]?.message.content).toBe('You said: use weather')
    expect(lastBody()).not.toHaveProperty('tools')
  })

  test('answers by a schema, or in any JSON', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const json = { type: 'json_schema' as const, json_schema: { name: 'place', schema } }
    const asked = { model: 'ollama/llama3.2', messages: hello }
    const held = await ask({ ...asked, response_format: json }, { stream })
    expect(held.choices[0]?.message.content).toBe('{"city":"city"}')
    expect(lastBody()).toMatchObject({ format: schema })
    const free = await ask({ ...asked, response_format: { type: 'json_object' } }, { stream })
    expect(JSON.parse(free.choices[0]?.message.content ?? '')).toEqual({ answer: spoken })
    expect(lastBody()).toMatchObject({ format: 'json' })
  })

  test('sees images', async () => {
    const url = `data:image/png;base64,${pixel}`
    const content = [
      { type: 'text' as const, text: 'what is this' },
      { type: 'image_url' as const, image_url: { url } },
    ]
    const messages = [{ role: 'user' as const, content }]
    const { choices } = await ask({ model: 'ollama/llava:7b', messages }, { stream })
    expect(choices[0]?.message.content).toBe('You said: what is this')
    expect(lastBody()).toMatchObject({
      messages: [{ role: 'user', content: 'what is this', images: [pixel] }],
    })
  })

  test('gets log probabilities', async () => {
    const body = { model: 'ollama/llama3.2', messages: hello, logprobs: true, top_logprobs: 2 }
    const { choices } = await ask(body, { stream })
    const tokens = choices[0]?.logprobs?.content ?? []
    expect(tokens.map(({ token }) => token).join('')).toBe(spoken)
    expect(tokens.every(({ top_logprobs: top }) => top.length === 2)).toBe(true)
  })
})

test('an old server that does not count a cached prompt leaves it unknown', async () => {
  const messages = [{ role: 'user' as const, content: 'asked twice' }]
  const body = { model: 'old/llama3.2', messages }
  await client.chat.completions.create(body)
  const { response } = await client.chat.completions.create(body).withResponse()
  const row = await requestOf(gateway, response.headers.get('x-request-id'))
  expect(row?.usage).toMatchObject({ inputTokens: null, outputTokens: 5, cost: null })
})

describe('embeddings', () => {
  test('of several texts, and of a length', async () => {
    const input = ['one', 'two words', 'three']
    const model = 'ollama/all-minilm'
    const { data, usage } = await client.embeddings.create({ model, input, dimensions: 64 })
    expect(data.map(({ embedding }) => embedding)).toEqual(input.map((text) => vectorOf(text, 64)))
    expect(usage.prompt_tokens).toBe(current.invoice.at(-1)?.promptTokens)
    expect(lastBody()).toEqual({
      model: 'all-minilm',
      input,
      truncate: false,
      dimensions: 64,
      keep_alive: '10m',
      options: { num_ctx: 8_192, top_k: 7 },
    })
  })

  test.each([
    ['a text that is too long', { input: 'word '.repeat(300) }, 400, 'context_length_exceeded'],
    ['a model that chats', { input: 'a', model: 'ollama/llama3.2' }, 400, 'unsupported_feature'],
    [
      'a length that the model has not',
      { input: 'a', dimensions: 999 },
      400,
      'unsupported_feature',
    ],
    ['token ids', { input: [1, 2] }, 400, 'unsupported_feature'],
  ])('%s is refused', async (_name, members, status, code) => {
    const failed = client.embeddings.create({ model: 'ollama/all-minilm', ...members })
    await expect(failed).rejects.toMatchObject({ status, code })
  })
})

describe('GraphQL', () => {
  test('makes a completion with its thoughts and its tokens', async () => {
    const { data } = await gateway.graphql(
      `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
        ... on Completion { content choices { reasoning } finishReason usage { inputTokens outputTokens reasoningTokens totalTokens } }
        ... on CompletionError { code message } } }`,
      { input: { model: thinker, messages: [{ role: 'USER', content: 'hello there' }] } },
    )
    const billed = current.invoice.at(-1)
    expect(data).toEqual({
      createCompletion: {
        content: 'You said: hello there',
        choices: [{ reasoning: 'Let me think about it.' }],
        finishReason: 'STOP',
        usage: {
          inputTokens: billed?.promptTokens,
          outputTokens: billed?.completionTokens,
          reasoningTokens: null,
          totalTokens: (billed?.promptTokens ?? 0) + (billed?.completionTokens ?? 0),
        },
      },
    })
  })

  test('streams', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${gateway.adminKey}`,
      },
      body: JSON.stringify({
        query: `subscription { completion(input: { model: "ollama/llama3.2",
          messages: [{ role: USER, content: "hello there" }] }) {
          ... on TextDelta { text } ... on CompletionFinished { completion { content } } } }`,
      }),
    })
    const text = await response.text()
    const deltas = [...text.matchAll(/"text":"([^"]*)"/g)].map(([, delta]) => delta)
    expect(deltas.join('')).toBe('You said: hello there')
    expect(text).toContain('"completion":{"content":"You said: hello there"}')
  })
})

describe('models', () => {
  test('are found with what they can do and how much they take, by old servers too', async () => {
    await vi.waitFor(async () => {
      const { data } = await gateway.graphql<{
        models: { id: string; features: string[]; contextLength: number | null }[]
      }>('{ models { id features contextLength } }')
      const found = new Map(data.models.map(({ id, ...rest }) => [id, rest]))
      for (const provider of ['ollama', 'old', 'cloud']) {
        expect(found.get(`${provider}/qwen3:0.6b`)).toEqual({
          features: ['streaming', 'json_schema', 'tools', 'reasoning'],
          contextLength: 131_072,
        })
        expect(found.get(`${provider}/all-minilm`)?.features).toEqual(['embeddings'])
      }
    })
  })

  test('are asked about one by one only where the list does not say', () => {
    const shown = (simulator: Simulator) =>
      simulator.requests.filter(({ path }) => path === '/api/show').length
    expect([shown(current), shown(old)]).toEqual([0, 4])
  })

  test('of a cloud are not told to a stranger', async () => {
    const asked = { model: 'stranger/llama3.2', messages: hello }
    await expect(client.chat.completions.create(asked)).rejects.toMatchObject({
      status: 502,
      code: 'provider_auth',
    })
  })
})
