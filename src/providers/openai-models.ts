import type { ModelInfo } from './provider.ts'

/** Published list prices in USD for a million tokens; long-context and batch tariffs are not among them. */
const source = 'OpenAI list prices as of 2026-08-01'

const common = [
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_tokens',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'response_format',
  'seed',
  'stop',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
]
const ofReasoning = [
  'max_completion_tokens',
  'n',
  'parallel_tool_calls',
  'reasoning_effort',
  'response_format',
  'seed',
  'tool_choice',
  'tools',
]

interface Limits {
  context: number
  output: number
}

const chatLimits = { context: 128_000, output: 16_384 }

type Prices = [input: string, cachedInput: string | undefined, output: string, cacheWrite?: string]

export const openaiModels: ModelInfo[] = [
  chat('gpt-4o', { context: 128_000, output: 16_384 }, ['2.5', '1.25', '10']),
  chat('gpt-4o-mini', { context: 128_000, output: 16_384 }, ['0.15', '0.075', '0.6']),
  chat('gpt-4.1', { context: 1_047_576, output: 32_768 }, ['2', '0.5', '8']),
  chat('gpt-4.1-mini', { context: 1_047_576, output: 32_768 }, ['0.4', '0.1', '1.6']),
  chat('gpt-4.1-nano', { context: 1_047_576, output: 32_768 }, ['0.1', '0.025', '0.4']),
  reasoning('gpt-5', { context: 400_000, output: 128_000 }, ['1.25', '0.125', '10']),
  reasoning('gpt-5-mini', { context: 400_000, output: 128_000 }, ['0.25', '0.025', '2']),
  reasoning('gpt-5-nano', { context: 400_000, output: 128_000 }, ['0.05', '0.005', '0.4']),
  reasoning('gpt-5.1', { context: 400_000, output: 128_000 }, ['1.25', '0.125', '10']),
  reasoning('gpt-5.2', { context: 400_000, output: 128_000 }, ['1.75', '0.175', '14']),
  reasoning('gpt-5.4', { context: 1_050_000, output: 128_000 }, ['2.5', '0.25', '15']),
  reasoning('gpt-5.4-mini', { context: 400_000, output: 128_000 }, ['0.75', '0.075', '4.5']),
  reasoning('gpt-5.4-nano', { context: 400_000, output: 128_000 }, ['0.2', '0.02', '1.25']),
  reasoning('gpt-5.5', { context: 1_050_000, output: 128_000 }, ['5', '0.5', '30']),
  reasoning('gpt-5.6', { context: 1_050_000, output: 128_000 }, ['5', '0.5', '30', '6.25']),
  reasoning('gpt-5.6-sol', { context: 1_050_000, output: 128_000 }, ['5', '0.5', '30', '6.25']),
  reasoning('gpt-5.6-terra', { context: 1_050_000, output: 128_000 }, ['2', '0.2', '12', '2.5']),
  reasoning('gpt-5.6-luna', { context: 1_050_000, output: 128_000 }, [
    '0.2',
    '0.02',
    '1.2',
    '0.25',
  ]),
  chat('gpt-5-chat-latest', chatLimits, ['1.25', '0.125', '10']),
  chat('gpt-5.1-chat-latest', chatLimits, ['1.25', '0.125', '10']),
  chat('gpt-5.2-chat-latest', chatLimits, ['1.75', '0.175', '14']),
  chat('gpt-5.3-chat-latest', chatLimits, ['1.75', '0.175', '14']),
  reasoning('o1', { context: 200_000, output: 100_000 }, ['15', '7.5', '60']),
  reasoning('o3-mini', { context: 200_000, output: 100_000 }, ['1.1', '0.55', '4.4']),
  reasoning('o3', { context: 200_000, output: 100_000 }, ['2', '0.5', '8']),
  reasoning('o4-mini', { context: 200_000, output: 100_000 }, ['1.1', '0.275', '4.4']),
  chat('gpt-4o-2024-05-13', { context: 128_000, output: 4_096 }, ['5', undefined, '15']),
  chat('gpt-4-turbo', { context: 128_000, output: 4_096 }, ['10', undefined, '30']),
  embedding('text-embedding-3-small', '0.02'),
  embedding('text-embedding-3-large', '0.13'),
  embedding('text-embedding-ada-002', '0.1'),
]

/** Those that only the Responses API has. */
export const openaiResponsesModels: ModelInfo[] = [
  ...openaiModels,
  reasoning('gpt-5-codex', { context: 400_000, output: 128_000 }, ['1.25', '0.125', '10']),
  reasoning('gpt-5.1-codex', { context: 400_000, output: 128_000 }, ['1.25', '0.125', '10']),
  reasoning('gpt-5.1-codex-max', { context: 400_000, output: 128_000 }, ['1.25', '0.125', '10']),
  reasoning('gpt-5.1-codex-mini', { context: 400_000, output: 128_000 }, ['0.25', '0.025', '2']),
  reasoning('gpt-5.2-codex', { context: 400_000, output: 128_000 }, ['1.75', '0.175', '14']),
  reasoning('gpt-5.3-codex', { context: 400_000, output: 128_000 }, ['1.75', '0.175', '14']),
  reasoning('gpt-5-pro', { context: 400_000, output: 128_000 }, ['15', undefined, '120']),
  reasoning('gpt-5.2-pro', { context: 400_000, output: 128_000 }, ['21', undefined, '168']),
  reasoning('gpt-5.4-pro', { context: 1_050_000, output: 128_000 }, ['30', '3', '180']),
  reasoning('gpt-5.5-pro', { context: 1_050_000, output: 128_000 }, ['30', '3', '180']),
  reasoning('o3-pro', { context: 200_000, output: 100_000 }, ['20', undefined, '80']),
]

function chat(name: string, limits: Limits, prices: Prices): ModelInfo {
  const features = ['streaming', 'tools', 'json_schema', 'logprobs']
  return { ...base(name, limits, prices), features, supportedParameters: common }
}

function reasoning(name: string, limits: Limits, prices: Prices): ModelInfo {
  const features = ['streaming', 'tools', 'json_schema', 'reasoning']
  return { ...base(name, limits, prices), features, supportedParameters: ofReasoning }
}

function embedding(name: string, inputTokens: string): ModelInfo {
  return {
    name,
    contextLength: 8191,
    inputModalities: ['text'],
    features: ['embeddings'],
    supportedParameters: name.endsWith('002') ? [] : ['dimensions'],
    price: { currency: 'USD', perMillion: { inputTokens }, source },
  }
}

function base(name: string, { context, output }: Limits, prices: Prices): ModelInfo {
  const [inputTokens, cachedInputTokens, outputTokens, cacheWriteTokens] = prices
  return {
    name,
    contextLength: context,
    maxOutputTokens: output,
    inputModalities: ['text', 'image', 'file'],
    price: {
      currency: 'USD',
      perMillion: {
        inputTokens,
        ...(cachedInputTokens && { cachedInputTokens }),
        outputTokens,
        ...(cacheWriteTokens && { cacheWriteTokens }),
      },
      source,
    },
  }
}
