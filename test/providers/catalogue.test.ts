import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openEveryProvider } from '../../scripts/every-provider.ts'
import { parseNanos } from '../../src/lib/decimal.ts'
import { tokenClasses } from '../../src/protocol/usage.ts'
import type { ModelInfo } from '../../src/providers/provider.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { geminiKey, startGeminiSimulator } from '../support/simulators/gemini.ts'
import type { Simulator } from '../support/simulators/server.ts'

const modalities = ['text', 'image', 'audio', 'video', 'file']
const featureWords = ['streaming', 'tools', 'json_schema', 'reasoning', 'logprobs', 'embeddings']
/** OpenAI's names of a completion's parameters and an embedding's, and `top_k`, which it lacks. */
const parameterWords = [
  'dimensions',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'reasoning_effort',
  'response_format',
  'seed',
  'stop',
  'temperature',
  'tool_choice',
  'tools',
  'top_k',
  'top_logprobs',
  'top_p',
]

/** A day, or a month where nobody says more. */
const dated =
  /\b20\d\d-\d\d-\d\d\b|\b(January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d\b/

describe.each(openEveryProvider())('the models of $id', (provider) => {
  const { models, support, embeddings } = provider

  test('each has one entry', () => {
    const names = models.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('limits are counts, and an answer fits into its context', () => {
    for (const { name, contextLength, maxOutputTokens } of models) {
      for (const limit of [contextLength, maxOutputTokens]) {
        if (limit !== undefined)
          expect([name, Number.isInteger(limit) && limit > 0]).toEqual([name, true])
      }
      if (contextLength !== undefined && maxOutputTokens !== undefined) {
        expect(maxOutputTokens).toBeLessThanOrEqual(contextLength)
      }
    }
  })

  test('words are those that clients know', () => {
    for (const { name, inputModalities, features, supportedParameters } of models) {
      const lists: [string[] | undefined, string[]][] = [
        [inputModalities, modalities],
        [features, featureWords],
        [supportedParameters, parameterWords],
      ]
      for (const [words = [], known] of lists) {
        expect([name, words.filter((word) => !known.includes(word))]).toEqual([name, []])
        expect([name, new Set(words).size]).toEqual([name, words.length])
      }
    }
  })

  test('nothing is promised that the provider refuses', () => {
    for (const model of models) {
      const { name, features = [], inputModalities = [] } = model
      if (features.includes('embeddings')) {
        expect([name, embeddings !== undefined]).toEqual([name, true])
        continue
      }
      const says = provider.supportOf?.(name) ?? support
      const promised: [boolean, (keyof typeof says)[]][] = [
        [features.includes('tools'), ['tools']],
        [features.includes('json_schema'), ['json_schema']],
        [features.includes('logprobs'), ['logprobs']],
        [inputModalities.includes('image'), ['image_data', 'image_url', 'image_id']],
        [inputModalities.includes('audio'), ['audio', 'file_data']],
        [inputModalities.includes('file'), ['file_data', 'file_url', 'file_id']],
      ]
      for (const [promise, words] of promised) {
        const kept = words.some((word) => says[word] !== 'refused')
        if (promise) expect([name, words, kept]).toEqual([name, words, true])
      }
    }
  })

  test('prices are decimals of a currency, by known classes, with their source and its day', () => {
    for (const { name, price } of models) {
      if (!price) continue
      expect([name, price.currency]).toEqual([name, expect.stringMatching(/^[A-Z]{3}$/)])
      const entries = Object.entries(price.perMillion)
      expect(entries.filter(([key]) => !tokenClasses.some((known) => known === key))).toEqual([])
      expect(price.perMillion.inputTokens).toBeDefined()
      for (const [, decimal] of entries) {
        expect(decimal).toMatch(/^\d+(\.\d{1,9})?$/)
        expect(parseNanos(decimal)).toBeGreaterThanOrEqual(0n)
      }
      const isFree = entries.every(([, decimal]) => decimal === '0')
      if (!isFree) expect([name, price.source]).toEqual([name, expect.stringMatching(dated)])
    }
  })

  test('a cached token costs no more than a fresh one', () => {
    for (const { name, price } of models) {
      const { inputTokens, cachedInputTokens } = price?.perMillion ?? {}
      if (inputTokens === undefined || cachedInputTokens === undefined) continue
      expect([name, parseNanos(cachedInputTokens) <= parseNanos(inputTokens)]).toEqual([name, true])
    }
  })
})

describe('what a client sees of a model', () => {
  let simulator: Simulator
  let gateway: TestGateway

  beforeAll(async () => {
    simulator = await startGeminiSimulator()
    gateway = await startGateway(
      `[providers.gemini]
       api_key = "${geminiKey}"
       base_url = "${simulator.url}"
       [[prices]]
       model = "gemini/gemini-2.5-pro"
       currency = "EUR"
       input = "1.1"
       output = "8.8"`,
    )
  })

  afterAll(async () => {
    await gateway.stop()
    await simulator.close()
  })

  async function overRest(id: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${gateway.url}/v1/models/${id}`, {
      headers: { authorization: `Bearer ${gateway.adminKey}` },
    })
    return response.json() as Promise<Record<string, unknown>>
  }

  async function overGraphql(id: string): Promise<unknown> {
    const answer = await gateway.graphql<{ model: unknown }>(
      `query ($id: ID!) { model(id: $id) { contextLength maxOutputTokens inputModalities features
         prices { tokenClass source perMillion { currency amount } } } }`,
      { id },
    )
    return answer.data.model
  }

  test('limits, words and prices with their source, in both doors', async () => {
    const source = expect.stringContaining('2026-08-01')
    expect(await overRest('gemini/gemini-2.5-flash')).toMatchObject({
      context_length: 1_048_576,
      max_output_tokens: 65_536,
      input_modalities: ['text', 'image', 'audio', 'file'],
      prices: [
        { token_class: 'input', currency: 'USD', per_million: '0.3', source },
        { token_class: 'cached_input', currency: 'USD', per_million: '0.03', source },
        { token_class: 'output', currency: 'USD', per_million: '2.5', source },
      ],
    })
    expect(await overGraphql('gemini/gemini-2.5-flash')).toMatchObject({
      contextLength: 1_048_576,
      prices: [
        { tokenClass: 'inputTokens', source, perMillion: { currency: 'USD', amount: '0.3' } },
        { tokenClass: 'cachedInputTokens', source },
        { tokenClass: 'outputTokens', source },
      ],
    })
  })

  test('a price of the configuration stands before the provider’s, and says so', async () => {
    const source = 'configuration'
    expect(await overRest('gemini/gemini-2.5-pro')).toMatchObject({
      prices: [
        { token_class: 'input', currency: 'EUR', per_million: '1.1', source },
        { token_class: 'output', currency: 'EUR', per_million: '8.8', source },
      ],
    })
  })

  test('a model that only the provider’s list has appears with what the list says, without a price', async () => {
    const id = 'gemini/gemini-robotics-er-1.5-preview'
    await vi.waitFor(async () => expect((await overRest(id))['id']).toBe(id))
    expect(await overRest(id)).toMatchObject({ context_length: 1_048_576, prices: [] })
    expect(await overGraphql(id)).toMatchObject({ contextLength: 1_048_576, prices: [] })
  })
})

test('what is not known is absent, never zero or empty', () => {
  const values = openEveryProvider().flatMap(({ models }) => models.flatMap(knownOf))
  expect(values.filter((value) => value === 0 || value === '' || value === null)).toEqual([])
  expect(values.filter((value) => Array.isArray(value) && value.length === 0)).toEqual([])
})

function knownOf({
  supportedParameters: _mayBeNone,
  price: _price,
  ...model
}: ModelInfo): unknown[] {
  return Object.values(model)
}
