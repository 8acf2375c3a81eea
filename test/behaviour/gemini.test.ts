import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { geminiKey, startGeminiSimulator } from '../support/simulators/gemini.ts'
import type { Simulator } from '../support/simulators/server.ts'

let simulator: Simulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  simulator = await startGeminiSimulator({ cachedTokens: 2 })
  gateway = await startGateway(
    `[providers.gemini]
     api_key = "${geminiKey}"
     base_url = "${simulator.url}"
     [providers.gemini.safety_settings]
     HARM_CATEGORY_HATE_SPEECH = "BLOCK_NONE"`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const flash = 'gemini/gemini-2.5-flash'
const third = 'gemini/gemini-3-flash-preview'
const hello = [{ role: 'user' as const, content: 'hello there, how are you' }]
const spoken = 'You said: hello there, how are you'
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
})
const tools = [tool('weather'), tool('population')]

function lastBody(): unknown {
  return simulator.requests.findLast(({ method }) => method === 'POST')?.body
}

/** Both ways of asking, in the same form. */
async function ask(
  body: OpenAI.ChatCompletionCreateParamsNonStreaming,
  { stream }: { stream: boolean },
): Promise<OpenAI.ChatCompletion> {
  if (!stream) return client.chat.completions.create(body)
  const asked = { ...body, stream_options: { include_usage: true } }
  return client.chat.completions.stream({ ...asked, stream: true }).finalChatCompletion()
}

describe.each([false, true])('the official OpenAI client (stream: %s)', (stream) => {
  test.each([flash, third])('%s: gets a text with the tokens that are billed', async (model) => {
    const { choices, usage } = await ask({ model, messages: hello }, { stream })
    expect(choices).toMatchObject([
      { finish_reason: 'stop', message: { role: 'assistant', content: spoken } },
    ])
    const invoice = simulator.invoice.at(-1)
    expect(invoice?.reasoningTokens).toBeGreaterThan(0)
    expect(usage).toMatchObject({
      prompt_tokens: invoice?.promptTokens,
      completion_tokens: invoice?.completionTokens,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: invoice?.reasoningTokens },
      total_tokens: (invoice?.promptTokens ?? 0) + (invoice?.completionTokens ?? 0),
    })
  })

  test.each([flash, third])(
    '%s: calls tools at once, and answers them in a second turn',
    async (model) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        { role: 'system', content: 'be brief' },
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
      expect(lastBody()).toMatchObject({
        systemInstruction: { parts: [{ text: 'be brief' }] },
        contents: [
          { role: 'user' },
          { role: 'model', parts: calls.map(({ id }) => ({ functionCall: { id } })) },
          { role: 'user', parts: calls.map(({ id }) => ({ functionResponse: { id } })) },
        ],
      })
    },
  )

  test('the signature of a call comes back to the model with the call', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'please use weather' },
    ]
    const [first] = (await ask({ model: third, messages, tools }, { stream })).choices
    const [call] = first?.message.tool_calls ?? []
    if (!first || !call) throw new Error('the model made no call')
    messages.push(first.message, { role: 'tool', tool_call_id: call.id, content: 'sunny' })
    const [second] = (await ask({ model: third, messages, tools }, { stream })).choices
    expect(second?.message.content).toBe('The tools said: sunny')
    const { contents } = Object(lastBody())
    const [part] = contents[1].parts
    expect(part.thoughtSignature).toMatch(/^[\w+/=]{20,}$/)
    expect(part.thoughtSignature).not.toBe('skip_thought_signature_validator')
  })

  test('a call of another vendor goes to a model that wants signatures', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'what is it like outside' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"blue"}' },
    ]
    const [choice] = (await ask({ model: third, messages, tools }, { stream })).choices
    expect(choice?.message.content).toBe('The tools said: {"sky":"blue"}')
  })

  test('thoughts that are asked for come apart from the text', async () => {
    const body = { model: flash, messages: hello, reasoning_effort: 'high' as const }
    const [choice] = (await ask(body, { stream })).choices
    expect(choice?.message).toMatchObject({
      content: spoken,
      reasoning_content: 'Let me think.',
    })
    expect(lastBody()).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingBudget: 24_576, includeThoughts: true } },
    })
  })

  test('several choices are kept apart, with their log probabilities', async () => {
    const body = { model: flash, messages: hello, n: 2, logprobs: true, top_logprobs: 2 }
    const { choices } = await ask(body, { stream })
    expect(choices.map(({ message }) => message.content)).toEqual([spoken, `${spoken} (choice 1)`])
    for (const { logprobs, message } of choices) {
      const scored = logprobs?.content ?? []
      expect(scored.map(({ token }) => token).join('')).toBe(message.content)
      expect(scored[0]?.top_logprobs).toHaveLength(2)
    }
  })

  test('answers by a schema, beside tools too where the model can', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const format = { type: 'json_schema' as const, json_schema: { name: 'place', schema } }
    const body = { model: third, messages: hello, response_format: format }
    for (const more of [{}, { tools }]) {
      const [choice] = (await ask({ ...body, ...more }, { stream })).choices
      expect(choice?.message.content).toBe('{"city":"city"}')
    }
  })

  test('sources of a search are citations, and its tokens are counted', async () => {
    const { choices, usage } = await ask(
      {
        model: flash,
        messages: [{ role: 'user', content: 'search for the naïve answer – now' }],
        tools: [Object({ type: 'google_search' })],
      },
      { stream },
    )
    const content = choices[0]?.message.content
    expect(choices[0]?.message).toMatchObject({
      annotations: [
        {
          type: 'url_citation',
          url_citation: {
            url: 'https://example.com/source',
            start_index: 0,
            end_index: content?.length,
          },
        },
      ],
    })
    expect(usage?.prompt_tokens).toBe(simulator.invoice.at(-1)?.promptTokens)
  })

  test('code that the service ran survives the next turn', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'run code' }]
    const body = { model: third, messages, tools: [Object({ type: 'code_interpreter' })] }
    const answer = await ask(body, { stream })
    const message = answer.choices[0]?.message
    expect(message?.content).toBe('You said: run code')
    if (message) messages.push(message)
    messages.push({ role: 'user', content: 'thank you' })
    await ask(body, { stream })
    expect(lastBody()).toMatchObject({
      contents: [
        { role: 'user' },
        {
          role: 'model',
          parts: [
            { executableCode: { code: 'print(6 * 7)' }, thoughtSignature: expect.any(String) },
            { codeExecutionResult: { outcome: 'OUTCOME_OK' } },
            { text: 'You said: run code' },
            { text: '', thoughtSignature: expect.any(String) },
          ],
        },
        { role: 'user' },
      ],
    })
  })

  test('ends at max_tokens, in its thoughts too', async () => {
    const short = { messages: hello, max_tokens: 3 }
    const plain = await ask({ model: 'gemini/gemini-2.0-flash', ...short }, { stream })
    expect(plain.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: 'You said:' },
    })
    const thinking = await ask({ model: flash, ...short }, { stream })
    expect(thinking.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } })
    expect(thinking.usage?.completion_tokens_details?.reasoning_tokens).toBe(3)
  })

  test('an answer that the filter took is content_filter', async () => {
    const messages = [{ role: 'user' as const, content: 'filter this' }]
    const [choice] = (await ask({ model: flash, messages }, { stream })).choices
    expect(choice?.finish_reason).toBe('content_filter')
  })
})

describe('what is sent', () => {
  test('the key is a header, the model a step of the path, the settings of the filter go along', async () => {
    await client.chat.completions.create({ model: flash, messages: hello, temperature: 0 })
    const request = simulator.requests.at(-1)
    expect(request?.path).toBe('/v1beta/models/gemini-2.5-flash:generateContent')
    expect(request?.headers).toMatchObject({ 'x-goog-api-key': geminiKey })
    expect(request?.headers).not.toHaveProperty('authorization')
    expect(request?.body).toMatchObject({
      safetySettings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_NONE' }],
      generationConfig: { temperature: 0 },
    })
  })

  test('files go as data, or as the address from which the service reads them', async () => {
    const data = 'data:image/png;base64,iVBORw0KGgo='
    await client.chat.completions.create({
      model: flash,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: data, detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://example.com/a.jpg?size=1' } },
            { type: 'file', file: { file_id: 'files/abc' } },
            { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          ],
        },
      ],
    })
    const files = 'https://generativelanguage.googleapis.com/v1beta/files/abc'
    expect(lastBody()).toMatchObject({
      contents: [
        {
          parts: [
            { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
            { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.com/a.jpg?size=1' } },
            { fileData: { fileUri: files } },
            { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
          ],
        },
      ],
      generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
    })
  })

  test('a name of a model cannot leave its place in the path', async () => {
    const model = 'gemini/../../v1/files?x='
    const failed = client.chat.completions.create({ model, messages: hello })
    await expect(failed).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    expect(simulator.requests.at(-1)?.path).toBe(
      '/v1beta/models/..%2F..%2Fv1%2Ffiles%3Fx%3D:generateContent',
    )
  })
})

describe('GraphQL', () => {
  interface Answer {
    createCompletion: {
      content: string | null
      finishReason: string
      toolCalls: {
        id: string
        name: string
        arguments: unknown
        signature: { dialect: string; value: string } | null
      }[]
      usage: Record<string, number>
    }
  }

  async function mutate(input: object): Promise<Answer['createCompletion']> {
    const { data, errors } = await gateway.graphql<Answer>(
      `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
        ... on Completion { content finishReason toolCalls { id name arguments signature { dialect value } }
          usage { inputTokens cachedInputTokens outputTokens reasoningTokens totalTokens } }
        ... on CompletionError { code message } } }`,
      { input },
    )
    expect(errors).toBeUndefined()
    return data.createCompletion
  }

  test('gets a text, and the tokens in disjoint classes', async () => {
    const answer = await mutate({ model: flash, messages: [{ role: 'USER', content: 'hello' }] })
    const invoice = simulator.invoice.at(-1)
    expect(answer).toMatchObject({
      content: 'You said: hello',
      finishReason: 'STOP',
      usage: {
        inputTokens: (invoice?.promptTokens ?? 0) - 2,
        cachedInputTokens: 2,
        outputTokens: (invoice?.completionTokens ?? 0) - (invoice?.reasoningTokens ?? 0),
        reasoningTokens: invoice?.reasoningTokens,
      },
    })
  })

  test.each([flash, third])('%s: calls a tool in a conversation of two turns', async (model) => {
    const declared = [{ name: 'weather', parameters: { type: 'object', properties: {} } }]
    const user = { role: 'USER', content: 'use weather' }
    const { toolCalls, finishReason } = await mutate({ model, messages: [user], tools: declared })
    expect([toolCalls.map(({ name }) => name), finishReason]).toEqual([['weather'], 'TOOL_CALLS'])
    const results = toolCalls.map(({ id }) => ({ role: 'TOOL', toolCallId: id, content: 'cold' }))
    const messages = [user, { role: 'ASSISTANT', toolCalls }, ...results]
    expect(await mutate({ model, messages, tools: declared })).toMatchObject({
      content: 'The tools said: cold',
    })
    const [signature] = toolCalls.map((call) => call.signature?.value)
    const { contents } = Object(lastBody())
    expect(contents[1].parts[0].thoughtSignature).toBe(signature)
    expect(signature === undefined).toBe(model === flash)
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
        query: `subscription ($input: CompletionInput!) { completion(input: $input) {
          ... on TextDelta { text } ... on CompletionFinished { completion { content } } } }`,
        variables: {
          input: { model: third, messages: [{ role: 'USER', content: hello[0]?.content }] },
        },
      }),
    })
    const events = [...(await response.text()).matchAll(/^data: (\{.*\})$/gm)].map(
      ([, json = '']) => JSON.parse(json).data.completion,
    )
    expect(events.map(({ text = '' }) => text).join('')).toBe(spoken)
    expect(events.at(-1)).toEqual({ completion: { content: spoken } })
  })
})

test('a client that leaves has its usage on the ledger and its upstream closed', async () => {
  const upstream = simulator.controlled()
  const leaving = new AbortController()
  const asked = client.chat.completions
    .create({ model: flash, messages: hello, stream: true }, { signal: leaving.signal })
    .withResponse()
  await upstream.received
  upstream.text('One')
  const { data: stream, response } = await asked
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content !== 'One') continue
    leaving.abort()
    break
  }
  await upstream.closed
  await vi.waitFor(async () => {
    expect(await requestOf(gateway, response.headers.get('x-request-id'))).toMatchObject({
      status: 'cancelled',
      attempts: [{ usage: { outputTokens: 1, estimated: false } }],
    })
  })
})

test('models that the service lists beyond the known ones are found, page after page', async () => {
  await vi.waitFor(async () => {
    const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id)
    expect(ids).toContain('gemini/gemini-robotics-er-1.5-preview')
    expect(ids.filter((id) => /veo/.test(id))).toEqual([])
  })
  const pages = simulator.lists
  expect(pages.map(({ path }) => path)).toEqual([
    '/v1beta/models?pageSize=1000',
    '/v1beta/models?pageSize=1000&pageToken=3',
    '/v1beta/models?pageSize=1000&pageToken=6',
  ])
  const model = 'gemini-robotics-er-1.5-preview'
  const { choices } = await client.chat.completions.create({ model, messages: hello })
  expect(choices[0]?.message.content).toBe(spoken)
})
