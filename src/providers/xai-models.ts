import type { ModelInfo } from './provider.ts'

/** In USD for a million tokens; prompts above 200,000 tokens have tariffs of their own. */
const source = "xAI's list prices in a community snapshot of 2026-08-01"

const parameters = [
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'n',
  'parallel_tool_calls',
  'response_format',
  'seed',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
]

/** The models that are not past the end that was announced for them. */
export const xaiModels: ModelInfo[] = [
  model('grok-4.5', 500_000, ['2', '0.5', '6']),
  model('grok-4.3', 1_000_000, ['1.25', '0.2', '2.5']),
  model('grok-4', 256_000, ['3', '0.75', '15']),
  model('grok-4-1-fast', 2_000_000, ['0.2', '0.05', '0.5']),
  model('grok-code-fast', 256_000, ['0.2', '0.02', '1.5']),
]

type Prices = [input: string, cachedInput: string, output: string]

/** Those with a point in their number take an effort. */
function model(name: string, contextLength: number, prices: Prices): ModelInfo {
  const [inputTokens, cachedInputTokens, outputTokens] = prices
  const takesEffort = name.includes('.')
  return {
    name,
    contextLength,
    inputModalities: name.includes('code') ? ['text'] : ['text', 'image'],
    features: ['streaming', 'tools', 'json_schema', 'reasoning'],
    supportedParameters: takesEffort ? [...parameters, 'reasoning_effort'].toSorted() : parameters,
    price: {
      currency: 'USD',
      perMillion: { inputTokens, cachedInputTokens, outputTokens },
      source,
    },
  }
}
