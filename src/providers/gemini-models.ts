import type { ModelInfo } from './provider.ts'

/** In USD for a million tokens of text; longer prompts, sound and batches have tariffs of their own. */
const source =
  "Google's list prices in a community snapshot of 2026-08-01, for prompts up to 200,000 tokens"

const parameters = [
  'frequency_penalty',
  'logprobs',
  'max_tokens',
  'n',
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

export const geminiModels: ModelInfo[] = [
  model('gemini-3.6-flash', ['1.5', '0.15', '7.5']),
  model('gemini-3.5-flash', ['1.5', '0.15', '9']),
  model('gemini-3.5-flash-lite', ['0.3', '0.03', '2.5']),
  model('gemini-3.1-pro-preview', ['2', '0.2', '12']),
  model('gemini-3.1-flash-lite', ['0.25', '0.025', '1.5']),
  model('gemini-3-flash-preview', ['0.5', '0.05', '3']),
  model('gemini-2.5-pro', ['1.25', '0.125', '10']),
  model('gemini-2.5-flash', ['0.3', '0.03', '2.5']),
  model('gemini-2.5-flash-lite', ['0.1', '0.01', '0.4']),
  embedder('gemini-embedding-001', 2_048, '0.15'),
  embedder('gemini-embedding-2', 8_192, '0.2'),
]

function embedder(name: string, contextLength: number, inputTokens: string): ModelInfo {
  return {
    name,
    contextLength,
    inputModalities: ['text'],
    features: ['embeddings'],
    supportedParameters: ['dimensions'],
    price: { currency: 'USD', perMillion: { inputTokens }, source },
  }
}

type Prices = [input: string, cachedInput: string, output: string]

/** The limits are those of the service's own list of models, the same for all of these. */
function model(name: string, [inputTokens, cachedInputTokens, outputTokens]: Prices): ModelInfo {
  return {
    name,
    contextLength: 1_048_576,
    maxOutputTokens: 65_536,
    inputModalities: ['text', 'image', 'audio', 'file'],
    features: ['streaming', 'tools', 'json_schema', 'reasoning', 'logprobs'],
    supportedParameters: parameters,
    price: {
      currency: 'USD',
      perMillion: { inputTokens, cachedInputTokens, outputTokens },
      source,
    },
  }
}
