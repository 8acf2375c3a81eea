import type { PriceSnapshot } from '../protocol/settlement.ts'
import type { ModelInfo } from './provider.ts'

/** No official list was to be had; it makes the tokens of the service's own tools cheaper, which these are not. */
const source =
  'tariffs in client code of 2026 (RUB with VAT, as of 2026-11-20), not an official list'

const parameters = [
  'max_tokens',
  'reasoning_effort',
  'response_format',
  'temperature',
  'tool_choice',
  'tools',
]

/** The models that both APIs have: Yandex's own, three branches of the two families, and those of vectors. */
export const yandexNativeModels: ModelInfo[] = [
  ...branches('yandexgpt', ['latest', 'rc', 'deprecated']),
  ...branches('yandexgpt-lite', ['latest', 'rc', 'deprecated']),
  ...branches('yandexgpt-5.1', ['latest']),
  ...branches('yandexgpt-5-pro', ['latest']),
  ...branches('yandexgpt-5-lite', ['latest']),
  ...vectors('text-search-doc', []),
  ...vectors('text-search-query', []),
  ...vectors('text-embeddings', []),
  ...vectors('text-embeddings-v2-doc', ['dimensions']),
  ...vectors('text-embeddings-v2-query', ['dimensions']),
]

/** The models of the OpenAI-compatible API: those, and the newer and open ones. */
export const yandexModels: ModelInfo[] = [
  ...yandexNativeModels,
  ...named('aliceai-llm', { price: rubles({ input: '500', output: '1200' }) }),
  ...named('aliceai-llm-flash', {
    contextLength: 65_536,
    price: rubles({ input: '100', output: '200', cached: '25' }),
  }),
  ...named('deepseek-v4-flash', {
    contextLength: 1_048_576,
    price: rubles({ input: '300', output: '500', cached: '75' }),
  }),
  ...named('deepseek-v32', {}),
  ...named('qwen3.6-35b-a3b', { contextLength: 262_144 }),
  ...named('qwen3-235b-a22b-fp8', { contextLength: 262_144 }),
]

function branches(family: string, names: string[]): ModelInfo[] {
  const known = { contextLength: 32_768, inputModalities: ['text'] }
  const further = names.filter((branch) => branch !== 'latest')
  return [...named(family, known), ...further.map((branch) => info(`${family}:${branch}`, known))]
}

/** A model without a branch is its `latest`: both names are in use. */
function named(family: string, known: Partial<ModelInfo>): ModelInfo[] {
  return [info(family, known), info(`${family}:latest`, known)]
}

/** There is one tariff for all of them. */
function vectors(family: string, supportedParameters: string[]): ModelInfo[] {
  return named(family, {
    inputModalities: ['text'],
    features: ['embeddings'],
    supportedParameters,
    price: {
      currency: 'RUB',
      perMillion: { inputTokens: '10.1' },
      source:
        'a bill quoted in client code of 2026 (RUB with VAT, as of 2026-11-20), not an official list',
    },
  })
}

function info(name: string, known: Partial<ModelInfo>): ModelInfo {
  const features = ['streaming', 'tools', 'json_schema', 'reasoning']
  return { name, features, supportedParameters: parameters, ...known }
}

/** For a million tokens. */
function rubles(price: { input: string; output: string; cached?: string }): PriceSnapshot {
  return {
    currency: 'RUB',
    perMillion: {
      inputTokens: price.input,
      outputTokens: price.output,
      ...(price.cached && { cachedInputTokens: price.cached }),
    },
    source,
  }
}
