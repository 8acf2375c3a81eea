import { BadRequestError, NotFoundError } from 'openai'
import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FeatureName } from '../../src/protocol/features.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import {
  providersUnderTest,
  simulatedModels,
  startSimulatedProviders,
  type SimulatedProviders,
} from '../support/simulated-providers.ts'

let simulated: SimulatedProviders
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  simulated = await startSimulatedProviders()
  gateway = await startGateway(simulated.toml)
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await simulated.close()
})

type Message = OpenAI.ChatCompletionMessageParam
type Asked = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>

const tool = (name: string): OpenAI.ChatCompletionFunctionTool => ({
  type: 'function',
  function: {
    name,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
})

/** The whole answer, asked for at once or put together by the client from the pieces of a stream. */
async function ask(body: Asked, stream: boolean): Promise<OpenAI.ChatCompletion> {
  if (!stream) return client.chat.completions.create(body)
  const options = { include_usage: true }
  return client.chat.completions
    .stream({ ...body, stream: true, stream_options: options })
    .finalChatCompletion()
}

function has(model: string, feature: FeatureName): boolean {
  const { provider, model: own } = gateway.running.catalogue.resolve(model)
  return (provider.supportOf?.(own) ?? provider.support)[feature] !== 'refused'
}

async function expectRefusal(answer: Promise<unknown>): Promise<void> {
  const calls = simulated.calls()
  await expect(answer).rejects.toBeInstanceOf(BadRequestError)
  await expect(answer).rejects.toMatchObject({ code: 'unsupported_feature' })
  expect(simulated.calls()).toBe(calls)
}

describe.each(simulatedModels)('the official client, answered by %s', (model) => {
  test.each([false, true])('gets an answer with its usage (stream: %s)', async (stream) => {
    const asked = { model, messages: [{ role: 'user' as const, content: 'hello there my friend' }] }
    const answer = await ask(asked, stream)
    const [choice] = answer.choices
    expect([model, choice?.finish_reason]).toEqual([model, 'stop'])
    expect(choice?.message).toMatchObject({ role: 'assistant', refusal: null })
    expect(choice?.message.content).toContain('hello there my friend')
    const { prompt_tokens: prompt = 0, completion_tokens: made = 0 } = answer.usage ?? {}
    expect([prompt > 0, made > 0, answer.usage?.total_tokens]).toEqual([true, true, prompt + made])
    expect(answer.model).toBe(model)
  })

  test.each([false, true])('goes around the loop of tools (stream: %s)', async (stream) => {
    const tools = [tool('weather')]
    const messages: Message[] = [{ role: 'user', content: 'please use weather' }]
    if (!has(model, 'tools')) return expectRefusal(ask({ model, tools, messages }, stream))
    const first = await ask({ model, tools, messages }, stream)
    const [choice] = first.choices
    const calls = choice?.message.tool_calls ?? []
    expect([model, choice?.finish_reason, calls.length]).toEqual([model, 'tool_calls', 1])
    const [call] = calls
    if (call?.type !== 'function' || !choice) throw new Error('no function was called')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'city' })
    messages.push(choice.message, { role: 'tool', tool_call_id: call.id, content: 'sunny' })
    const second = await ask({ model, tools, messages }, stream)
    expect(second.choices[0]?.message.content).toContain('sunny')
    expect(second.choices[0]?.finish_reason).toBe('stop')
  })

  test('parses an answer by a JSON schema', async () => {
    const schema = { ...tool('x').function.parameters }
    const format = { type: 'json_schema' as const, json_schema: { name: 'answer', schema } }
    const messages: Message[] = [{ role: 'user', content: 'answer as json' }]
    const asked = { model, messages, response_format: format }
    if (!has(model, 'json_schema')) return expectRefusal(client.chat.completions.parse(asked))
    const { choices } = await client.chat.completions.parse(asked)
    expect([model, choices[0]?.message.parsed]).toEqual([model, { city: expect.any(String) }])
  })

  test('is told of a model that is not there, by its own class', async () => {
    const missing = `${model.split('/')[0]}/no-such-model`
    const { provider } = gateway.running.catalogue.resolve(model)
    // One that answers in this process is asked for by name alone.
    if (provider.generate && provider.openModels) return
    const asked = { model: missing, messages: [{ role: 'user' as const, content: 'x' }] }
    await expect(client.chat.completions.create(asked)).rejects.toBeInstanceOf(NotFoundError)
  })
})

const embedders = providersUnderTest.flatMap(({ id, embeddingModel: name }) =>
  name === undefined ? [] : [`${id}/${name}`],
)

describe.each(embedders)('the official client, with vectors of %s', (model) => {
  test('gets one for each text, as numbers and as base64', async () => {
    const input = ['one', 'a second text', 'and a third one']
    const asked = { model, input }
    // The client asks for base64 unless told, and decodes it: single precision.
    const decoded = await client.embeddings.create(asked)
    const floats = await client.embeddings.create({ ...asked, encoding_format: 'float' })
    expect(floats.data.map(({ index }) => index)).toEqual([0, 1, 2])
    const rounded = floats.data.map(({ embedding }) => [...Float32Array.from(embedding)])
    expect(decoded.data.map(({ embedding }) => [...embedding])).toEqual(rounded)
    expect(new Set(rounded.map((vector) => vector.join())).size).toBe(3)
    const [single] = (await client.embeddings.create({ model, input: 'one' })).data
    expect([...(single?.embedding ?? [])]).toEqual(rounded[0])
    expect(decoded.usage.prompt_tokens).toBeGreaterThan(0)
  })

  test('takes ids of tokens and a length, or is told that it cannot', async () => {
    for (const members of [{ input: [1, 2, 3] }, { input: 'one', dimensions: 256 }]) {
      const calls = simulated.calls()
      const asked = client.embeddings.create({ model, ...members })
      const outcome = await asked.then(
        ({ data }) => data.length,
        (error: unknown) => error,
      )
      if (outcome === 1) continue
      expect(outcome).toBeInstanceOf(BadRequestError)
      expect(outcome).toMatchObject({ code: 'unsupported_feature', param: expect.any(String) })
      // A length can only be missed in what a service answers.
      const isLength = 'dimensions' in members
      expect(simulated.calls() - calls).toBeLessThanOrEqual(isLength ? 1 : 0)
    }
  })
})
