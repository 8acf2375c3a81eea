import { traitsOf } from '../dialects/anthropic-messages/model-traits.ts'
import type { ModelInfo } from './provider.ts'

/** Published list prices in USD for a million tokens; a cache write is the one of five minutes. */
const source = 'Anthropic list prices as of 2026-08-01'

interface Limits {
  context?: number | undefined
  output?: number | undefined
}

const million = 1_000_000

export const anthropicModels: ModelInfo[] = [
  listed('claude-fable-5', { context: million, output: 128_000 }, ['10', '50', '1', '12.5']),
  listed('claude-opus-5', { context: million, output: 128_000 }, ['5', '25', '0.5', '6.25']),
  listed('claude-sonnet-5', { context: million, output: 128_000 }, ['2', '10', '0.2', '2.5']),
  listed('claude-opus-4-8', { context: million, output: 128_000 }, ['5', '25', '0.5', '6.25']),
  listed('claude-opus-4-7', { context: million, output: 128_000 }, ['5', '25', '0.5', '6.25']),
  listed('claude-opus-4-6', { context: million, output: 128_000 }, ['5', '25', '0.5', '6.25']),
  listed('claude-sonnet-4-6', { context: million, output: 64_000 }, ['3', '15', '0.3', '3.75']),
  listed('claude-opus-4-5', { context: 200_000, output: 64_000 }, ['5', '25', '0.5', '6.25']),
  listed('claude-sonnet-4-5', { context: 200_000, output: 64_000 }, ['3', '15', '0.3', '3.75']),
  listed('claude-haiku-4-5', { context: 200_000, output: 64_000 }, ['1', '5', '0.1', '1.25']),
]

/** What is known of a model by its name. */
export function anthropicModel(name: string, { context, output }: Limits): ModelInfo {
  const traits = traitsOf(name)
  return {
    name,
    ...(context !== undefined && { contextLength: context }),
    ...(output !== undefined && { maxOutputTokens: output }),
    inputModalities: ['text', 'image', 'file'],
    features: [
      'streaming',
      'tools',
      ...(traits.schemas ? ['json_schema'] : []),
      ...(traits.thinking === 'none' ? [] : ['reasoning']),
    ],
    supportedParameters: [
      'max_tokens',
      'parallel_tool_calls',
      ...(traits.thinking === 'none' ? [] : ['reasoning_effort']),
      'response_format',
      'stop',
      ...(traits.sampling ? ['temperature'] : []),
      'tool_choice',
      'tools',
      ...(traits.sampling ? ['top_k', 'top_p'] : []),
    ],
  }
}

/** The most that a model writes, dated or not; undefined for one that is not listed. */
export function maxOutputTokens(model: string): number | undefined {
  const undated = model.replace(/-\d{8}$/, '')
  return anthropicModels.find(({ name }) => name === undated)?.maxOutputTokens
}

type Prices = [input: string, output: string, cacheRead: string, cacheWrite: string]

function listed(name: string, limits: Limits, prices: Prices): ModelInfo {
  const [inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens] = prices
  return {
    ...anthropicModel(name, limits),
    price: {
      currency: 'USD',
      perMillion: {
        inputTokens,
        outputTokens,
        cachedInputTokens,
        cacheWriteTokens,
      },
      source,
    },
  }
}
