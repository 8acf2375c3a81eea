import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openaiChatApi } from '../../src/dialects/openai-chat/chat-api.ts'
import { openaiChatSupport } from '../../src/dialects/openai-chat/support.ts'
import { providerTypes } from '../../src/providers/index.ts'
import { bearer, url } from '../../src/providers/openai-compatible.ts'
import { defineProvider } from '../../src/providers/provider.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

// The provider begins here.
const newcomer = defineProvider({
  type: 'newcomer',
  settings: z.strictObject({
    base_url: url.default('https://api.newcomer.example/v1'),
    api_key: z.string().min(1),
  }),
  fromEnvironment: ({ NEWCOMER_API_KEY }) =>
    NEWCOMER_API_KEY ? { api_key: NEWCOMER_API_KEY } : undefined,
  create: (id, settings, connection) => ({
    id,
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    support: { ...openaiChatSupport, seed: 'ignored', audio: 'refused' },
    chat: openaiChatApi(),
    models: [
      {
        name: 'gpt-4o',
        contextLength: 128_000,
        price: {
          currency: 'USD',
          perMillion: { inputTokens: '1', outputTokens: '2' },
          source: 'the price list of 2026-11-01',
        },
      },
    ],
    openModels: true,
    connection,
  }),
})
// The provider ends here.

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.newcomer]\nbase_url = "${simulator.url}"`,
    { NEWCOMER_API_KEY: 'sk-simulated' },
    [...providerTypes, newcomer],
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const said = 'You said: good day'
const messages = [{ role: 'user' as const, content: 'good day' }]

test('an OpenAI-like provider is at most 40 lines', () => {
  const text = readFileSync(import.meta.filename, 'utf8')
  const lines = text.split('// The provider begins here.\n')[1]?.split('// The provider ends')[0]
  expect(lines).toContain('defineProvider')
  expect(lines?.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})

test('it completes through REST, whole and streamed, with a warning and a price', async () => {
  const answer = await gateway.openai().chat.completions.create({
    model: 'newcomer/gpt-4o',
    messages,
    seed: 1,
  })
  expect(answer.choices[0]?.message.content).toBe(said)
  expect(answer).toMatchObject({
    xrouter: { warnings: ['`seed` is ignored: `newcomer/gpt-4o` has no such setting.'] },
  })
  const stream = await gateway.openai().chat.completions.create({
    model: 'newcomer/gpt-4o',
    messages,
    stream: true,
  })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe(said)
})

test('it completes through GraphQL, and stands in the catalogue', async () => {
  const { data } = await gateway.graphql<object>(
    `mutation { createCompletion(input: { model: "newcomer/gpt-4o", messages: [
       { role: USER, content: "good day" }] }) {
       ... on Completion { content provider usage { cost { currency } } } } }`,
  )
  expect(data).toEqual({
    createCompletion: {
      content: said,
      provider: 'newcomer',
      usage: { cost: { currency: 'USD' } },
    },
  })
  const models = await gateway.openai().models.list()
  expect(models.data.map(({ id }) => id)).toContain('newcomer/gpt-4o')
})

test('what it refuses is refused before it is called', async () => {
  const calls = simulator.requests.length
  const content = [
    { type: 'input_audio' as const, input_audio: { data: 'AAAA', format: 'wav' as const } },
  ]
  const call = gateway.openai().chat.completions.create({
    model: 'newcomer/gpt-4o',
    messages: [{ role: 'user', content }],
  })
  await expect(call).rejects.toMatchObject({
    status: 400,
    code: 'unsupported_feature',
    param: 'messages[0].content[0]',
  })
  expect(simulator.requests).toHaveLength(calls)
})

test('its credential comes from its own variable, and its kind is told to who misspells it', async () => {
  expect(
    simulator.requests.every(({ headers }) => headers.authorization === 'Bearer sk-simulated'),
  ).toBe(true)
  const start = startGateway('[providers.newcomers]', {}, [...providerTypes, newcomer])
  await expect(start).rejects.toThrow(/providers\.newcomers\.type: must be one of: .*newcomer/)
})
