import type { ModelInfo } from './provider.ts'

/** What the hub itself serves; contexts and prices are not published where they could be quoted. */
export const mtsModels: ModelInfo[] = [
  { name: 'qwen3-32b', ...chat(['text']) },
  { name: 'glm-4.6-357b', ...chat(['text']) },
  { name: 'kimi-k2-6', ...chat(['text']) },
  { name: 'bge-m3', inputModalities: ['text'], features: ['embeddings'] },
]

function chat(inputModalities: string[]): Omit<ModelInfo, 'name'> {
  return {
    inputModalities,
    features: ['streaming', 'reasoning'],
    supportedParameters: ['max_completion_tokens', 'response_format', 'temperature'],
  }
}
