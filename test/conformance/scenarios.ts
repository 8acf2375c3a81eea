import { expect } from 'vitest'
import type { FeatureName, FeatureSupport } from '../../src/protocol/features.ts'
import type { TestGateway } from '../support/gateway.ts'
import type { ProviderUnderTest } from '../support/simulated-providers.ts'
import type { Simulator } from '../support/simulators/server.ts'
import { at } from './fold.ts'
import { type Outcome, pixel, type Question } from './question.ts'

/** Something that every provider does as far as its table says, however it is asked. */
export interface Scenario {
  name: string
  /** Where one of these is refused, no provider is called. */
  needs: readonly FeatureName[]
  question: Question
  /** The model to ask; the provider's first unless told. */
  model?: (provider: ProviderUnderTest) => string | undefined
  check(outcome: Outcome, context: ScenarioContext): void | Promise<void>
}

export interface ScenarioContext {
  gateway: TestGateway
  support: FeatureSupport
  stream: boolean
  /** Absent where the provider answers in this process. */
  simulator: Simulator | undefined
}

const said = 'hello there, how are you'
const weather = {
  name: 'weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
}
const clock = { ...weather, name: 'clock', description: 'The time in a city.' }
const inOslo = '{"city":"Oslo"}'
const call = (name: string) => ({ id: `call_${name}`, name, arguments: inOslo })

export const scenarios: readonly Scenario[] = [
  {
    name: 'text',
    needs: [],
    question: { turns: [{ role: 'user', text: said }] },
    check: (outcome, { stream }) => {
      expect(outcome.texts.join('')).toContain(said)
      if (stream) expect(outcome.texts.length).toBeGreaterThan(1)
      expect(outcome.finish).toBe('stop')
    },
  },
  {
    name: 'usage',
    needs: [],
    question: { turns: [{ role: 'user', text: `${said} today` }] },
    check: async ({ usage }, { simulator, gateway }) => {
      const billed = simulator?.invoice.at(-1)
      // Where a service does not report it, the gateway counts, and says so.
      if (await isEstimated(gateway)) expect(usage?.output).toBeGreaterThan(0)
      else if (billed) {
        expect(usage).toEqual({ input: billed.promptTokens, output: billed.completionTokens })
      } else expect(usage).toEqual({ input: 6, output: 6 })
    },
  },
  {
    name: 'a tool call',
    needs: ['tools'],
    question: { turns: [{ role: 'user', text: 'use weather' }], tools: [weather] },
    check: ({ calls, finish }) => {
      expect(calls).toEqual([
        { id: expect.stringMatching(/./), name: 'weather', arguments: calls[0]?.arguments },
      ])
      expect(JSON.parse(calls[0]?.arguments ?? '')).toEqual({ city: 'city' })
      expect(finish).toBe('tool_calls')
    },
  },
  {
    name: 'parallel tool calls',
    needs: ['tools'],
    question: {
      turns: [{ role: 'user', text: 'use weather and use clock' }],
      tools: [weather, clock],
    },
    check: ({ calls, finish }, { support }) => {
      // Where the wire has one call for a turn an answer has no more.
      const one = [support.parallel_tool_calls, support.parallel_tool_history].every(isEmulated)
      const names = one ? ['weather'] : ['weather', 'clock']
      expect(calls.map(({ name }) => name)).toEqual(names)
      expect(new Set(calls.map(({ id }) => id)).size).toBe(names.length)
      for (const each of calls) expect(JSON.parse(each.arguments)).toEqual({ city: 'city' })
      expect(finish).toBe('tool_calls')
    },
  },
  {
    name: 'tool results',
    needs: ['tools', 'tool_history'],
    question: {
      turns: [
        { role: 'user', text: 'use weather' },
        { role: 'assistant', calls: [call('weather')] },
        { role: 'tool', id: 'call_weather', text: 'sunny' },
      ],
      tools: [weather],
    },
    check: ({ texts, finish }) => {
      expect(texts.join('')).toContain('sunny')
      expect(finish).toBe('stop')
    },
  },
  {
    name: 'parallel tool results',
    needs: ['tools', 'tool_history', 'parallel_tool_history'],
    question: {
      turns: [
        { role: 'user', text: 'use weather and use clock' },
        { role: 'assistant', calls: [call('weather'), call('clock')] },
        { role: 'tool', id: 'call_weather', text: 'sunny' },
        { role: 'tool', id: 'call_clock', text: 'noon' },
      ],
      tools: [weather, clock],
    },
    check: ({ texts }, { simulator }) => {
      expect(texts.join('')).toContain('noon')
      const sent = simulator?.requests.at(-1)?.rawBody ?? ''
      expect([sent.includes('sunny'), sent.includes('noon'), sent.includes('Oslo')]).toEqual([
        true,
        true,
        true,
      ])
    },
  },
  {
    name: 'an image as data',
    needs: ['image_data'],
    question: {
      turns: [{ role: 'user', text: said, image: `data:image/png;base64,${pixel}` }],
    },
    check: ({ texts }, { simulator }) => {
      expect(texts.join('')).toContain(said)
      expect(simulator?.requests.at(-1)?.rawBody).toContain(pixel)
    },
  },
  {
    name: 'an answer by a JSON schema',
    needs: ['json_schema'],
    question: {
      turns: [{ role: 'user', text: 'what is the weather' }],
      schema: {
        type: 'object',
        properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
        required: ['city', 'degrees'],
        additionalProperties: false,
      },
    },
    check: ({ texts }) => {
      expect(JSON.parse(texts.join(''))).toEqual({ city: 'city', degrees: 1 })
    },
  },
  {
    name: 'reasoning',
    needs: ['reasoning_effort'],
    question: { turns: [{ role: 'user', text: said }], effort: 'low' },
    model: ({ reasoningModel }) => reasoningModel,
    check: (outcome, { support, simulator }) => {
      expect(outcome.texts.join('')).toContain(said)
      if (support.reasoning_effort === 'ignored') {
        // Each door calls it by its own name.
        expect(outcome.warnings.join()).toMatch(/`(\w+[._])?effort` is ignored/)
      } else if (outcome.reasoning === '') {
        expect(simulator?.invoice.at(-1)?.reasoningTokens).toBeGreaterThan(0)
      }
    },
  },
]

/** What the ledger says of the last request. */
async function isEstimated(gateway: TestGateway): Promise<boolean> {
  const { data } = await gateway.graphql<unknown>(
    '{ requests(first: 1) { edges { node { usage { estimated } } } } }',
  )
  return at(data, 'requests', 'edges', 0, 'node', 'usage', 'estimated') === true
}

function isEmulated(word: FeatureSupport[FeatureName]): boolean {
  return typeof word === 'object'
}
