import type { ModelInfo } from './provider.ts'

/** In roubles for a million tokens. */
const source = 'Cloud.ru tariffs of April 2026 as collected by a third party, not an official list'

/** The models of T-Bank that Cloud.ru serves; those in preview were free of charge. */
export const cloudModels: ModelInfo[] = [
  model('T-pro-it-2.1', 40_960, ['0', '0'], ['tools']),
  model('T-pro-it-2.0', 40_960, ['26.84', '52.46'], ['tools', 'reasoning']),
  model('T-lite-it-2.1', 40_960, ['0', '0'], []),
  model('T-lite-it-1.0', 32_768, ['1.76', '3.51'], []),
  model('T-pro-it-1.0', 32_768, ['63.44', '126.88'], ['tools']),
]

function model(
  name: string,
  contextLength: number,
  [inputTokens, outputTokens]: [string, string],
  features: string[],
): ModelInfo {
  return {
    name: `t-tech/${name}`,
    contextLength,
    inputModalities: ['text'],
    features: ['streaming', 'json_schema', ...features],
    supportedParameters: [
      'frequency_penalty',
      'logprobs',
      'max_tokens',
      'n',
      'presence_penalty',
      ...(features.includes('reasoning') ? ['reasoning_effort'] : []),
      'response_format',
      'seed',
      'stop',
      'temperature',
      ...(features.includes('tools') ? ['tool_choice', 'tools'] : []),
      'top_k',
      'top_logprobs',
      'top_p',
    ],
    price: { currency: 'RUB', perMillion: { inputTokens, outputTokens }, source },
  }
}
