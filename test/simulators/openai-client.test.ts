import OpenAI, { NotFoundError } from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenaiSimulator, startOpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let client: OpenAI

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  client = new OpenAI({ baseURL: simulator.url, apiKey: 'sk-simulated', maxRetries: 0 })
})

afterAll(() => simulator.close())

const weather = functionTool('weather', { location: { type: 'string' } })
const clock = functionTool('clock', {
  zone: { enum: ['UTC', 'MSK'] },
  offset: { type: 'integer' },
  exact: { type: 'boolean' },
})

describe('the official client', () => {
  test('creates a completion whose usage the invoice repeats', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o', messages: hello })
    expect(answer.model).toBe('gpt-4o-2024-08-06')
    expect(answer.choices[0]?.message.content).toBe('You said: hello there')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(simulator.invoice.at(-1)).toEqual({
      id: answer.id,
      model: answer.model,
      promptTokens: answer.usage?.prompt_tokens,
      cachedTokens: 0,
      completionTokens: answer.usage?.completion_tokens,
      reasoningTokens: 0,
      completed: true,
    })
    expect(answer.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 5, total_tokens: 13 })
  })

  test('streams the same text and usage', async () => {
    const stream = client.chat.completions.stream({
      model: 'gpt-4o',
      messages: hello,
      stream_options: { include_usage: true },
    })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe('You said: hello there')
    expect(final.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 5 })
    expect(simulator.invoice.at(-1)).toMatchObject({ completionTokens: 5, completed: true })
  })

  test('lists and retrieves models', async () => {
    const ids = []
    for await (const model of client.models.list()) ids.push(model.id)
    expect(ids).toContain('gpt-4o')
    expect(ids).toContain('gpt-5-2025-08-07')
    expect(await client.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', object: 'model' })
    await expect(client.models.retrieve('nothing')).rejects.toBeInstanceOf(NotFoundError)
  })

  test.each([false, true])('keeps two choices apart, stream %s', async (streamed) => {
    const request = { model: 'gpt-4.1', messages: hello, n: 2 }
    const { choices } = await completed(request, { streamed })
    expect(choices.map(({ message }) => message.content)).toEqual([
      'You said: hello there',
      'You said: hello there (choice 1)',
    ])
  })

  test.each([false, true])('reads a refusal, stream %s', async (streamed) => {
    const messages = user('please refuse this')
    const { choices } = await completed({ model: 'gpt-4o', messages }, { streamed })
    expect(choices[0]?.message.refusal).toBe("I'm sorry, but I can't help with that.")
    expect(choices[0]?.message.content).toBeNull()
  })

  test.each([false, true])('reads log probabilities, stream %s', async (streamed) => {
    const request = { model: 'gpt-4o', messages: hello, logprobs: true, top_logprobs: 2 }
    const { choices } = await completed(request, { streamed })
    const content = choices[0]?.logprobs?.content ?? []
    expect(content.map(({ token }) => token).join('')).toBe('You said: hello there')
    expect(content[0]?.bytes).toEqual([...Buffer.from('You')])
    expect(content[0]?.top_logprobs.map(({ token }) => token)).toEqual(['You', 'You~1'])
  })
})

describe.each([false, true])('tools, stream %s', (streamed) => {
  test('makes one call where the words ask for it', async () => {
    const request = { model: 'gpt-4o', messages: user('use weather'), tools: [weather, clock] }
    const { choices } = await completed(request, { streamed })
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    expect(callsOf(choices[0]?.message)).toEqual([['weather', { location: 'location' }]])
  })

  test('makes parallel calls in the order of the words', async () => {
    const messages = user('use clock and use weather')
    const request = { model: 'gpt-5', messages, tools: [weather, clock] }
    const { choices } = await completed(request, { streamed })
    expect(callsOf(choices[0]?.message)).toEqual([
      ['clock', { zone: 'UTC', offset: 1, exact: true }],
      ['weather', { location: 'location' }],
    ])
  })

  test('makes one call where parallel calls are switched off', async () => {
    const { choices } = await completed(
      {
        model: 'gpt-4o',
        messages: user('use clock, use weather'),
        tools: [weather, clock],
        parallel_tool_calls: false,
      },
      { streamed },
    )
    expect(callsOf(choices[0]?.message).map(([name]) => name)).toEqual(['clock'])
  })

  test.each([
    ['required', 'required' as const, 'weather'],
    ['named', { type: 'function' as const, function: { name: 'clock' } }, 'clock'],
  ])('obeys a %s tool choice', async (_, choice, name) => {
    const request = {
      model: 'gpt-4o',
      messages: hello,
      tools: [weather, clock],
      tool_choice: choice,
    }
    const { choices } = await completed(request, { streamed })
    expect(callsOf(choices[0]?.message).map(([called]) => called)).toEqual([name])
  })

  test('answers text that quotes the results of the calls', async () => {
    const messages = user('use weather, use clock')
    const request = { model: 'gpt-4o', messages, tools: [weather, clock] }
    const { choices } = await completed(request, { streamed })
    const turn = choices[0]?.message
    const results = (turn?.tool_calls ?? []).map(({ id }, index) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: ['40 C', 'noon'][index] ?? '',
    }))
    const called = { role: 'assistant' as const, content: null, tool_calls: turn?.tool_calls ?? [] }
    const second = { ...request, messages: [...messages, called, ...results] }
    const answer = await completed(second, { streamed })
    expect(answer.choices[0]?.message.content).toBe('The tools said: 40 C; noon')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
  })
})

describe('limits and formats', () => {
  test('reasons before it answers, and bills for it', async () => {
    const answer = await client.chat.completions.create({ model: 'o4-mini', messages: hello })
    expect(answer.usage?.completion_tokens).toBe(133)
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBe(128)
    expect(answer.choices[0]).not.toHaveProperty('logprobs')
    expect(simulator.invoice.at(-1)).toMatchObject({ completionTokens: 133, reasoningTokens: 128 })
  })

  test('spends a small limit on reasoning and answers nothing', async () => {
    const request = { model: 'gpt-5', messages: hello, max_completion_tokens: 100 }
    const answer = await client.chat.completions.create(request)
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } })
    expect(answer.usage?.completion_tokens).toBe(100)
  })

  test('stops at the token limit and before a stop sequence', async () => {
    const cut = await client.chat.completions.create({
      model: 'gpt-4o',
      messages: hello,
      max_tokens: 2,
    })
    expect(cut.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: 'You said' },
    })
    const stopped = await client.chat.completions.create({
      model: 'gpt-4o',
      messages: hello,
      stop: [' there'],
    })
    expect(stopped.choices[0]?.message.content).toBe('You said: hello')
  })

  test('writes JSON that fits the schema', async () => {
    const answer = await client.chat.completions.create({
      model: 'gpt-4o',
      messages: hello,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'city',
          schema: {
            type: 'object',
            properties: { city: { $ref: '#/$defs/city' }, tags: { type: 'array', items: {} } },
            $defs: { city: { type: 'string' } },
          },
        },
      },
    })
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({
      city: 'city',
      tags: [{}],
    })
  })

  test('accepts images by address and by value', async () => {
    const images = ['https://example.com/cat.png', 'data:image/png;base64,aW1n']
    const parts = images.map((url) => ({ type: 'image_url' as const, image_url: { url } }))
    const content = [{ type: 'text' as const, text: 'look' }, ...parts]
    const { data, response } = await client.chat.completions
      .create({ model: 'gpt-4o', messages: [{ role: 'user', content }] })
      .withResponse()
    expect(data.choices[0]?.message.content).toBe('You said: look')
    expect(data.usage?.prompt_tokens).toBe(6 + 1 + 2 * 765)
    expect(response.headers.get('x-ratelimit-limit-input-images')).toBe('50000')
  })

  test('counts a long prefix as cached when it comes again', async () => {
    const messages = user('word '.repeat(1200))
    const first = await client.chat.completions.create({ model: 'gpt-4o', messages })
    const second = await client.chat.completions.create({ model: 'gpt-4o', messages })
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(1152)
  })
})

const hello = user('hello there')

type Request = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>

function completed(request: Request, { streamed }: { streamed: boolean }) {
  if (!streamed) return client.chat.completions.create(request)
  return client.chat.completions.stream({ ...request }).finalChatCompletion()
}

function user(content: string): ChatCompletionMessageParam[] {
  return [{ role: 'user', content }]
}

function functionTool(name: string, properties: object): ChatCompletionTool {
  return { type: 'function', function: { name, parameters: { type: 'object', properties } } }
}

function callsOf(message: OpenAI.ChatCompletionMessage | undefined): [string, unknown][] {
  return (message?.tool_calls ?? []).map((call) => {
    if (call.type !== 'function') throw new Error(`unexpected ${call.type} call`)
    return [call.function.name, JSON.parse(call.function.arguments)]
  })
}
