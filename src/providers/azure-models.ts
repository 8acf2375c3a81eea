import { openaiModels } from './openai-models.ts'
import type { ModelInfo } from './provider.ts'

/** Global deployments; those of a region or a data zone have tariffs of their own. */
const source = "Azure's list prices of global deployments in a community snapshot of 2026-08-01"

/** Where Azure does not ask what OpenAI asks, in USD for a million tokens. */
const differing: Record<string, Record<string, string>> = {
  'gpt-4o-mini': { inputTokens: '0.165', cachedInputTokens: '0.075', outputTokens: '0.66' },
  'gpt-5.6': { inputTokens: '5', cachedInputTokens: '0.5', outputTokens: '30' },
  'gpt-5.6-sol': { inputTokens: '5', cachedInputTokens: '0.5', outputTokens: '30' },
  'gpt-5.6-terra': { inputTokens: '2.5', cachedInputTokens: '0.25', outputTokens: '15' },
  'gpt-5.6-luna': { inputTokens: '1', cachedInputTokens: '0.1', outputTokens: '6' },
}

/** What is known of a deployment: what is known of the model that its operator says it has. */
export function azureModel(deployment: string, model: string): ModelInfo {
  const known = openaiModels.find(({ name }) => name === model)
  if (!known?.price) return { name: deployment }
  const { currency, perMillion } = known.price
  const price = { currency, perMillion: differing[model] ?? perMillion, source }
  return { ...known, name: deployment, price }
}
